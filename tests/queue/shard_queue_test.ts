import assert from "node:assert/strict";
import { ShardQueue } from "../../queue/shard_queue.ts";
import { memorySpool } from "../support/memory_spool.ts";
import { readGap, RECORD } from "../../protocol/event_frame.ts";
import {
  accept,
  assertEmpty,
  drain,
  FRONT_BYTES,
  range,
  setUpQueue,
  take,
  takeRecords,
} from "./shard_queue_stage.ts";

Deno.test("ShardQueue keeps events in memory, without the disk, while the bot keeps up", async () => {
  const { disk, told, live, settle } = setUpQueue();
  const queue = live();
  accept(queue, 1, 3);
  assert.deepEqual([queue.queued, queue.newest], [3, 3]);
  assert.deepEqual(take(queue), [1, 2, 3]);
  queue.acknowledge(3);
  await settle();
  assert.deepEqual([disk.done, told.stored, told.acknowledged], [[], [], [3]]);
  assertEmpty(queue, { disk, told });
});

Deno.test("ShardQueue keeps a copy: the socket's bytes are reused", () => {
  const queue = setUpQueue().live();
  const shared = new TextEncoder().encode("first");
  queue.accept(1, shared);
  shared.fill(0);
  const [record] = takeRecords(queue);
  assert.equal(new TextDecoder().decode(record!.body), "first");
  assert.deepEqual([record!.shardId, record!.kind, record!.cursor], [0, RECORD.DISPATCH, 1]);
});

Deno.test("ShardQueue gives an event that comes alone memory of its own, and no more", () => {
  const queue = setUpQueue().live();
  for (const cursor of [1, 2, 3]) {
    queue.accept(cursor, new Uint8Array(100));
    assert.equal(takeRecords(queue)[0]!.body.buffer.byteLength, 100);
    queue.acknowledge(cursor);
  }
});

Deno.test("ShardQueue never holds more memory for events than twice what they are", () => {
  const queue = setUpQueue().live();
  accept(queue, 1, 2_000, 500);
  const records = takeRecords(queue);
  const held = () => {
    const buffers = new Set(records.map(({ body }) => body.buffer));
    return [...buffers].reduce((sum, { byteLength }) => sum + byteLength, 0);
  };
  assert.ok(held() <= 2 * 2_000 * 500, `${held()} bytes`);
  assert.ok(new Set(records.map(({ body }) => body.buffer)).size < 100, "they share");
  assert.deepEqual([...new Set(records.map(({ body }) => body.length))], [500]);
});

Deno.test("ShardQueue takes each cursor once, a GAP's too", () => {
  const queue = setUpQueue().live();
  const gap = { from: 2, to: 5, count: 4, reason: "lost" };
  queue.accept(1, Uint8Array.of(1));
  queue.gap(gap);
  queue.accept(4, Uint8Array.of(1));
  queue.gap(gap);
  queue.accept(6, Uint8Array.of(1));
  const records = takeRecords(queue);
  assert.deepEqual(records.map(({ cursor }) => cursor), [1, 5, 6]);
  assert.deepEqual(readGap(records[1]!), gap);
});

Deno.test("ShardQueue without a disk never spills", async () => {
  const queue = new ShardQueue(0, {
    clock: setUpQueue().clock,
    wake() {},
    account() {},
    acknowledged() {},
    stored() {},
    failed() {},
    mayWrite: () => true,
    shareBytes: () => FRONT_BYTES,
    hasRoom: () => true,
  });
  accept(queue, 1, 3);
  queue.spill();
  await queue.close();
  assert.deepEqual([queue.diskBytes, take(queue)], [0, [1, 2, 3]]);
});

Deno.test("ShardQueue that has nothing does not begin to spill", async () => {
  const { disk, live, settle } = setUpQueue();
  const queue = live();
  queue.spill();
  await settle();
  accept(queue, 1, 1);
  await settle();
  assert.deepEqual(disk.done, []);
});

Deno.test("spill() puts what is not acknowledged on disk; what comes later goes there, too", async () => {
  const { disk, told, live, settle } = setUpQueue();
  const queue = live();
  accept(queue, 1, 4);
  take(queue, 1);
  queue.acknowledge(1);
  queue.spill();
  accept(queue, 5, 6);
  await settle();
  assert.deepEqual(disk.records.map(({ cursor }) => cursor), range(2, 6));
  assert.deepEqual(told.stored, [4, 6]);
  assert.deepEqual(take(queue), [2, 3, 4, 5, 6]);
});

Deno.test("ShardQueue goes back to memory alone when everything is acknowledged", async () => {
  const { disk, told, live, settle } = setUpQueue();
  const queue = live();
  accept(queue, 1, 4);
  queue.spill();
  await settle();
  assert.deepEqual(await drain(queue, settle), [1, 2, 3, 4]);
  assertEmpty(queue, { disk, told });
  const steps = disk.done.length;
  accept(queue, 5, 6);
  assert.deepEqual([take(queue), disk.done.length], [[5, 6], steps]);
  queue.spill();
  await settle();
  assert.deepEqual(disk.records.map(({ cursor }) => cursor), [5, 6]);
  queue.rewind();
  assert.deepEqual(await drain(queue, settle), [5, 6]);
  assertEmpty(queue, { disk, told });
});

Deno.test("ShardQueue shows nothing of the tail before it is on disk, nor out of turn", async () => {
  const { disk, live, settle } = setUpQueue();
  const queue = live();
  disk.isSlow = true;
  accept(queue, 1, 2);
  queue.spill();
  accept(queue, 3, 3);
  assert.deepEqual(take(queue), [1, 2], "what was in memory goes on at once");
  disk.finish();
  await settle();
  accept(queue, 4, 4);
  assert.deepEqual(take(queue), []);
  disk.finish();
  await settle();
  assert.deepEqual(take(queue), [3]);
  disk.finish();
  await settle();
  assert.deepEqual(take(queue), [4]);
});

Deno.test("a new taker gets everything again that is not acknowledged, from memory and disk", async () => {
  const { live, settle } = setUpQueue();
  const queue = live();
  accept(queue, 1, 5_000, 1_000);
  queue.spill();
  await settle();
  const first = take(queue, 100_000);
  queue.acknowledge(first[9]!);
  queue.rewind();
  assert.deepEqual(await drain(queue, settle), range(11, 5_000));
});

Deno.test("the front stays within its bound while 100 MB go through the disk", async () => {
  const open = memorySpool();
  const { told, clock, disk, settle } = setUpQueue();
  const queue = new ShardQueue(0, {
    clock,
    wake() {},
    account: (bytes) => told.bytes += bytes,
    acknowledged() {},
    stored() {},
    failed: assert.fail,
    mayWrite: () => true,
    shareBytes: () => FRONT_BYTES,
    hasRoom: () => true,
  });
  queue.open(await open(0), 0);
  accept(queue, 1, 1_000, 1_000);
  queue.spill();
  await settle();
  let most = 0;
  let next = 1;
  let cursor = 1_000;
  while (next <= 100_000) {
    for (let i = 0; i < 500 && cursor < 100_000; i++) queue.accept(++cursor, new Uint8Array(1_000));
    await settle();
    most = Math.max(most, told.bytes);
    // Two in three of what came is taken, until nothing comes any more.
    for (const taken of take(queue, 333_000)) assert.equal(taken, next++);
    queue.acknowledge(next - 1);
  }
  await settle();
  assert.ok(most <= 1.1 * FRONT_BYTES, `${most} bytes were in memory`);
  assertEmpty(queue, { disk, told });
});

Deno.test("what is on disk is not in memory, be it under way or not", async () => {
  const { told, live, settle } = setUpQueue({ shareBytes: () => 100_000 });
  const queue = live();
  accept(queue, 1, 5_000, 1_000);
  for (let bytes = 0; bytes < 4_000_000; await settle()) {
    bytes += queue.takeUnsent([], 64 * 1024);
    queue.spill();
  }
  assert.ok(told.bytes < 500_000, `${told.bytes} bytes in memory`);
  assert.equal(queue.queued, 5_000);
  queue.rewind();
  assert.deepEqual(await drain(queue, settle), range(1, 5_000), "a new taker gets it all the same");
  assert.equal(told.bytes, 0);
});

Deno.test("spill() writes piece by piece", async () => {
  const { disk, live, settle } = setUpQueue({ shareBytes: () => 100_000 });
  const queue = live();
  accept(queue, 1, 1_000, 1_000);
  disk.isSlow = true;
  queue.spill();
  disk.finish();
  await settle();
  const written = disk.records.reduce((sum, { body }) => sum + body.length, 0);
  assert.ok(written > 90_000 && written <= 101_000, `${written} bytes at once`);
});

Deno.test("without room nothing is read ahead, and whoever waits is served all the same", async () => {
  const { disk, live, settle } = setUpQueue({ hasRoom: () => false });
  const queue = live();
  accept(queue, 1, 5_000, 1_000);
  queue.spill();
  await settle();
  queue.rewind();
  await settle();
  assert.equal(disk.done.filter((step) => step === "read").length, 0);
  assert.ok(queue.hasUnsent);
  assert.deepEqual(await drain(queue, settle), range(1, 5_000));
});

Deno.test("a read that a new taker overtakes is dropped", async () => {
  const { disk, live, settle } = setUpQueue();
  const queue = live();
  accept(queue, 1, 5_000, 1_000);
  queue.spill();
  await settle();
  queue.acknowledge(take(queue, 10_000).at(-1)!);
  disk.isSlow = true;
  take(queue);
  queue.rewind();
  take(queue);
  disk.isSlow = false;
  while (disk.finish()) await settle();
  assert.deepEqual(await drain(queue, settle), range(11, 5_000));
});

Deno.test("a later life goes on with what is on disk: nothing twice, nothing missing", async () => {
  const { disk, told, live, settle } = setUpQueue();
  const first = live();
  accept(first, 1, 10);
  first.spill();
  await settle();
  take(first);
  first.acknowledge(4);
  const second = live(4);
  assert.deepEqual([second.newest, told.stored.at(-1)], [10, 10]);
  // Discord replays what it does not know to be safe.
  accept(second, 8, 12);
  assert.deepEqual(await drain(second, settle), range(5, 12));
  assertEmpty(second, { disk, told });
});

Deno.test("a later life that has nothing left to send begins in memory, with an empty disk", async () => {
  const { disk, told, live, settle } = setUpQueue();
  const first = live();
  accept(first, 1, 10);
  await first.close();
  for (const acknowledged of [10, 99]) {
    const second = live(acknowledged);
    await settle();
    assert.deepEqual([second.newest, told.stored.at(-1)], [acknowledged, 10]);
    assertEmpty(second, { disk, told });
    accept(second, 5, 100);
    assert.deepEqual(take(second), range(acknowledged + 1, 100));
  }
});

Deno.test("close() resolves when everything in memory is on disk", async () => {
  const { disk, told, live, settle } = setUpQueue();
  const queue = live();
  disk.isSlow = true;
  accept(queue, 1, 3);
  let isClosed = false;
  const closed = queue.close().then(() => isClosed = true);
  accept(queue, 4, 5);
  disk.finish();
  await settle();
  assert.equal(isClosed, false, "the tail is not there yet");
  disk.finish();
  await closed;
  assert.deepEqual([disk.records.map(({ cursor }) => cursor), told.stored], [range(1, 5), [3, 5]]);
});

Deno.test("an acknowledgement of what was not sent deletes nothing", async () => {
  const { disk, told, live, settle } = setUpQueue();
  const queue = live();
  accept(queue, 1, 5_000, 1_000);
  queue.spill();
  await settle();
  take(queue, 1);
  queue.acknowledge(4_000);
  await settle();
  assert.deepEqual(told.acknowledged, [1]);
  assert.deepEqual(await drain(queue, settle), range(2, 5_000));
  assertEmpty(queue, { disk, told });
});

Deno.test("queued tells how many events wait, in memory and on disk, at every moment", async () => {
  const { disk, live, settle } = setUpQueue();
  const queue = live();
  accept(queue, 1, 3_000, 1_000);
  queue.spill();
  await settle();
  let done = 0;
  for (let cursor = 3_001; cursor <= 6_000; cursor += 300) {
    accept(queue, cursor, cursor + 299, 1_000);
    disk.isSlow = cursor % 600 > 300;
    await settle();
    const taken = take(queue, 700_000);
    while (disk.finish()) await settle();
    done = taken.at(-1) ?? done;
    queue.acknowledge(done);
    await settle();
    assert.equal(queue.queued, cursor + 299 - done);
  }
});

Deno.test("counts tell of records sent, sent again, done with, and dropped", async () => {
  const { live, settle } = setUpQueue();
  const queue = live();
  accept(queue, 1, 4);
  take(queue);
  queue.rewind();
  take(queue);
  queue.acknowledge(2);
  assert.deepEqual(queue.counts, { forwarded: 8, acknowledged: 2, dropped: 0 });
  accept(queue, 5, 9, 2_000);
  queue.shed(1_000);
  queue.spill();
  accept(queue, 10, 19, 2_000);
  queue.shed(1_000);
  await settle();
  await drain(queue, settle);
  assert.equal(queue.counts.dropped, 2);
});

Deno.test("ShardQueue tells how long events wait; those of an earlier life since it found them", async () => {
  const { clock, live, settle } = setUpQueue();
  const first = live();
  accept(first, 1, 3);
  await clock.advance(400);
  assert.deepEqual([first.lag.ageMs(clock.now()), first.lag.lagMs], [400, null]);
  await first.close();
  await clock.advance(60_000);
  const second = live();
  await clock.advance(70);
  accept(second, 1, 3);
  assert.equal(second.lag.ageMs(clock.now()), 70, "what came again is no younger");
  await drain(second, settle);
  assert.deepEqual([second.lag.ageMs(clock.now() + 1), second.lag.lagMs], [0, 70]);
});

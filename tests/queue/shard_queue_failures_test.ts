import assert from "node:assert/strict";
import { RETRY_MS } from "../../queue/retry.ts";
import { readGap, RECORD } from "../../protocol/event_frame.ts";
import {
  accept,
  assertEmpty,
  drain,
  range,
  setUpQueue,
  take,
  takeRecords,
} from "./shard_queue_stage.ts";

Deno.test("a spill that fails leaves everything in memory, and can be tried again", async () => {
  const { clock, disk, told, live, settle } = setUpQueue();
  const queue = live();
  disk.failing.add("append");
  accept(queue, 1, 3);
  queue.spill();
  accept(queue, 4, 5);
  await settle();
  accept(queue, 6, 6);
  assert.deepEqual(told.failed, ["the disk does not append"]);
  assert.deepEqual([told.stored, queue.queued], [[], 6]);
  assert.deepEqual(take(queue), range(1, 6));
  disk.failing.clear();
  queue.spill();
  await settle();
  assert.deepEqual([told.stored, queue.spillableBytes], [[], 0], "not at once");
  await clock.advance(RETRY_MS);
  queue.spill();
  await settle();
  assert.deepEqual(told.stored, [6]);
  queue.rewind();
  assert.deepEqual(await drain(queue, settle), range(1, 6));
  assertEmpty(queue, { disk, told });
});

Deno.test("a spill that fails halfway goes on where it failed, and leaves nothing behind", async () => {
  const { clock, disk, told, live, settle } = setUpQueue({ shareBytes: () => 10_000 });
  const queue = live();
  accept(queue, 1, 100, 1_000);
  disk.isSlow = true;
  queue.spill();
  for (let i = 0; i < 3; i++, await settle()) disk.finish();
  disk.failing.add("append");
  disk.finish();
  await settle();
  assert.deepEqual([told.stored, queue.pendingBytes > 0], [[10, 20, 30], true]);
  assert.deepEqual(take(queue, 15_000).length, 15);
  disk.failing.clear();
  disk.isSlow = false;
  await clock.advance(RETRY_MS);
  queue.spill();
  await settle();
  assert.deepEqual([told.stored.at(-1), disk.records.length], [100, 100]);
  assert.equal((await drain(queue, settle)).at(-1), 100);
  assertEmpty(queue, { disk, told });
});

Deno.test("what a spill that failed halfway left is deleted when it is acknowledged", async () => {
  const { disk, told, live, settle } = setUpQueue({ shareBytes: () => 10_000 });
  const queue = live();
  accept(queue, 1, 100, 1_000);
  disk.isSlow = true;
  queue.spill();
  disk.finish();
  await settle();
  disk.failing.add("append");
  disk.isSlow = false;
  disk.finish();
  await settle();
  assert.equal(disk.records.length, 10);
  assert.deepEqual(await drain(queue, settle), range(1, 100));
  assertEmpty(queue, { disk, told });
});

Deno.test("a write that fails while the queue spills is tried again, nothing lost", async () => {
  const { clock, disk, told, live, settle } = setUpQueue();
  const queue = live();
  accept(queue, 1, 2);
  queue.spill();
  await settle();
  disk.failing.add("append");
  accept(queue, 3, 4);
  await settle();
  assert.deepEqual([take(queue), told.stored], [[1, 2], [2]]);
  disk.failing.clear();
  await clock.advance(RETRY_MS);
  assert.deepEqual([told.stored, take(queue)], [[2, 4], [3, 4]]);
  queue.acknowledge(4);
  await settle();
  assertEmpty(queue, { disk, told });
});

Deno.test("a disk that fails is asked once per second, however much comes", async () => {
  const { clock, disk, told, live, settle } = setUpQueue();
  const queue = live();
  accept(queue, 1, 1);
  queue.spill();
  await settle();
  disk.failing.add("append");
  for (let cursor = 2; cursor <= 100; cursor++) {
    accept(queue, cursor, cursor);
    await settle();
  }
  assert.equal(told.failed.length, 1);
  await clock.advance(5 * RETRY_MS);
  assert.equal(told.failed.length, 6);
  disk.failing.clear();
  await clock.advance(RETRY_MS);
  assert.deepEqual(await drain(queue, settle), range(1, 100));
  assertEmpty(queue, { disk, told });
});

Deno.test("events wait on disk while it cannot be read, and come when it can", async () => {
  const { clock, disk, told, live, settle } = setUpQueue();
  const queue = live();
  accept(queue, 1, 4_000, 1_000);
  queue.spill();
  await settle();
  disk.failing.add("read");
  const before = await drain(queue, settle);
  assert.ok(before.length < 4_000);
  assert.deepEqual(told.failed, ["the disk does not read"]);
  await clock.advance(2 * RETRY_MS);
  assert.deepEqual([told.failed.length, take(queue)], [3, []]);
  disk.failing.clear();
  await clock.advance(RETRY_MS);
  assert.deepEqual([...before, ...await drain(queue, settle)], range(1, 4_000));
  assertEmpty(queue, { disk, told });
});

Deno.test("a disk that gives nothing of what was written is said to have failed", async () => {
  const { disk, told, live, settle } = setUpQueue();
  const queue = live();
  accept(queue, 1, 4_000, 1_000);
  queue.spill();
  await settle();
  disk.records = [];
  await drain(queue, settle);
  assert.deepEqual(told.failed, ["the disk does not give what was written"]);
});

Deno.test("what cannot be deleted is deleted later, and is not sent again", async () => {
  const { disk, told, live, settle } = setUpQueue();
  const queue = live();
  disk.failing.add("trim");
  accept(queue, 1, 3);
  queue.spill();
  await settle();
  assert.deepEqual(await drain(queue, settle), [1, 2, 3]);
  assert.ok(told.failed.length > 0);
  assert.equal(disk.records.length, 3);
  accept(queue, 4, 5);
  queue.spill();
  await settle();
  disk.failing.clear();
  assert.deepEqual(await drain(queue, settle), [4, 5]);
  assertEmpty(queue, { disk, told });
});

Deno.test("a full disk is not written to; events wait in memory until there is room", async () => {
  let isFull = true;
  const { clock, disk, told, live, settle } = setUpQueue({ mayWrite: () => !isFull });
  const queue = live();
  accept(queue, 1, 2);
  queue.spill();
  await settle();
  assert.deepEqual([disk.done, told.failed], [[], ["QUEUE_DISK_BYTES are used up"]]);
  isFull = false;
  await clock.advance(RETRY_MS);
  queue.spill();
  await settle();
  isFull = true;
  accept(queue, 3, 4);
  await settle();
  assert.deepEqual([told.stored, take(queue), queue.queued], [[2], [1, 2], 4]);
  isFull = false;
  await clock.advance(RETRY_MS);
  assert.deepEqual(take(queue), [3, 4]);
});

Deno.test("on a full disk shed() frees memory; the GAP comes in its turn", async () => {
  let isFull = false;
  const { clock, disk, told, live, settle } = setUpQueue({ mayWrite: () => !isFull });
  const queue = live();
  accept(queue, 1, 2, 1_000);
  queue.spill();
  await settle();
  isFull = true;
  accept(queue, 3, 9, 1_000);
  await settle();
  const freed = queue.shed(3_000);
  assert.ok(freed >= 3_000);
  assert.equal(queue.queuedBytes, told.bytes);
  isFull = false;
  await clock.advance(RETRY_MS);
  const records = takeRecords(queue);
  assert.deepEqual(records.map(({ cursor }) => cursor), [1, 2, 5, 6, 7, 8, 9]);
  const { from, to, count } = readGap(records.find(({ kind }) => kind === RECORD.GAP)!);
  assert.deepEqual([from, to, count], [3, 5, 3]);
  queue.acknowledge(9);
  await settle();
  assertEmpty(queue, { disk, told });
});

Deno.test("shed() leaves alone what is being written", async () => {
  const { disk, live, settle } = setUpQueue();
  const queue = live();
  accept(queue, 1, 1);
  queue.spill();
  await settle();
  disk.isSlow = true;
  accept(queue, 2, 2, 1_000);
  accept(queue, 3, 4, 1_000);
  queue.shed(1_000);
  while (disk.finish()) await settle();
  assert.deepEqual(disk.records.map(({ cursor, kind }) => [cursor, kind]), [
    [1, RECORD.DISPATCH],
    [2, RECORD.DISPATCH],
    [4, RECORD.GAP],
  ]);
});

Deno.test("close() ends on a disk that fails, too", async () => {
  for (const isSpilling of [false, true]) {
    const { disk, live, settle } = setUpQueue();
    const queue = live();
    accept(queue, 1, 1);
    if (isSpilling) queue.spill();
    await settle();
    disk.failing.add("append");
    accept(queue, 2, 3);
    await queue.close();
    assert.equal(queue.queued, 3);
  }
});

Deno.test("close() tries once more what could not be written a moment ago", async () => {
  const { disk, told, live, settle } = setUpQueue();
  const queue = live();
  accept(queue, 1, 1);
  queue.spill();
  await settle();
  disk.failing.add("append");
  accept(queue, 2, 3);
  await settle();
  disk.failing.clear();
  await queue.close();
  assert.equal(told.stored.at(-1), 3);
});

Deno.test("an acknowledgement that overtakes the write is no reason to keep the record", async () => {
  const { disk, told, live, settle } = setUpQueue();
  const queue = live();
  disk.isSlow = true;
  accept(queue, 1, 3);
  take(queue);
  queue.spill();
  queue.acknowledge(3);
  assert.deepEqual(queue.queued, 0);
  while (disk.finish()) await settle();
  assertEmpty(queue, { disk, told });
});

Deno.test("a queue that is closed tries nothing again, whatever its disk does meanwhile", async () => {
  for (const when of ["before", "during"]) {
    const { clock, disk, told, live, settle } = setUpQueue();
    const queue = live();
    accept(queue, 1, 3);
    queue.spill();
    await settle();
    if (when === "during") disk.isSlow = true;
    else disk.failing.add("append");
    accept(queue, 4, 4);
    await settle();
    disk.failing.add("append");
    const closed = queue.close();
    while (disk.finish()) await settle();
    await closed;
    const { length } = told.failed;
    disk.isSlow = false;
    assert.equal(clock.pending, 0, when);
    accept(queue, 5, 5);
    queue.rewind();
    queue.acknowledge(3);
    await clock.advance(10 * RETRY_MS);
    assert.deepEqual([queue.newest, told.failed.length, clock.pending], [4, length, 0], when);
    assert.deepEqual(disk.done.filter((step) => step === "trim"), [], when);
  }
});

Deno.test("a queue that is closed, or given up, reads nothing again", async () => {
  for (const end of ["close", "discard"] as const) {
    const { clock, disk, told, live, settle } = setUpQueue();
    const earlier = live();
    accept(earlier, 1, 3);
    await earlier.close();
    disk.failing.add("read");
    const queue = live();
    await settle();
    assert.deepEqual(told.failed, ["the disk does not read"]);
    await queue[end]();
    assert.equal(clock.pending, 0, end);
    take(queue);
    await clock.advance(10 * RETRY_MS);
    assert.deepEqual([told.failed.length, clock.pending], [1, 0], end);
  }
});

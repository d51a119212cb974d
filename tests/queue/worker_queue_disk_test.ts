import assert from "node:assert/strict";
import type { EventQueueOptions } from "../../queue/worker_world.ts";
import { EventQueue } from "../../queue/worker_queue.ts";
import type { OpenSpool } from "../../ports/spool.ts";
import { sleep } from "../../ports/clock.ts";
import { DISK_PATIENCE_MS } from "../../queue/backpressure.ts";
import { failingToClose, memorySpool } from "../support/memory_spool.ts";
import { ScriptedDisk } from "../support/scripted_disk.ts";
import { readBatch, readGap, RECORD } from "../../protocol/event_frame.ts";
import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";
import { range } from "./shard_queue_stage.ts";
import { cluster } from "../support/peers.ts";

const BIG = 1 << 30;

/** A queue with a disk for the shards of one consumer each; the consumers are told apart by number. */
async function setUp(
  clusterOfShard: Record<number, number>,
  changed: Partial<EventQueueOptions> = {},
  openSpool: OpenSpool = memorySpool(),
) {
  const clock = createVirtualClock();
  const got: { clusterId: number; shardId: number; cursor: number; gap?: string }[] = [];
  const failed: string[] = [];
  const stored: Record<number, number> = {};
  const queue: EventQueue = new EventQueue({
    clock,
    totalShards: 4,
    clusterOfShard,
    limitBytes: BIG,
    openSpool,
    send(peer, _link, batch) {
      assert.ok(peer.kind === "cluster");
      const clusterId = peer.id;
      for (const record of readBatch(batch).records) {
        const { shardId, cursor, kind } = record;
        const gap = kind === RECORD.GAP
          ? `${readGap(record).from}-${readGap(record).to}`
          : undefined;
        got.push({ clusterId, shardId, cursor, ...(gap ? { gap } : {}) });
      }
    },
    failed: (shardId, reason) => failed.push(`${shardId}: ${reason}`),
    changed: (shardId) => stored[shardId] = queue.safety(shardId).safe,
    ...changed,
  });
  for (const shardId of Object.keys(clusterOfShard)) await queue.open(Number(shardId), 0);
  const accept = (shardId: number, from: number, to: number, size = 1_000) => {
    for (let cursor = from; cursor <= to; cursor++) {
      queue.accept(shardId, cursor, new Uint8Array(size));
    }
  };
  const cursorsOf = (shardId: number) =>
    got.filter((record) => record.shardId === shardId).map(({ cursor }) => cursor);
  /** The consumer takes and acknowledges until nothing comes any more. */
  const drain = async (clusterId: number, link: number) => {
    for (let before = -1; before < got.length;) {
      before = got.length;
      await clock.advance(1_000);
      const cursors: Record<number, number> = {};
      for (const record of got) {
        if (record.clusterId === clusterId) cursors[record.shardId] = record.cursor;
      }
      queue.acknowledge(cluster(clusterId), link, cursors);
    }
  };
  return { clock, queue, got, failed, stored, accept, cursorsOf, drain };
}

Deno.test("EventQueue moves the fullest shard to disk at half the memory, and no other", async () => {
  const { clock, queue, stored, accept } = await setUp({ 0: 0, 1: 0 }, { limitBytes: 200_000 });
  queue.link(cluster(0), 1, 1);
  accept(1, 1, 10);
  accept(0, 1, 70);
  await clock.advance(0);
  assert.deepEqual(stored, {});
  accept(0, 71, 85);
  await clock.advance(0);
  assert.deepEqual(stored, { 0: 85 });
  assert.equal(queue.of(1).diskBytes, 0);
});

Deno.test("EventQueue moves one more to disk only when memory still grows", async () => {
  const { clock, queue, stored, accept } = await setUp({ 0: 0, 1: 0 }, { limitBytes: 200_000 });
  queue.link(cluster(0), 1, 1);
  accept(1, 1, 40);
  accept(0, 1, 50);
  await clock.advance(0);
  assert.deepEqual(Object.keys(stored), ["0"]);
  accept(1, 41, 100);
  await clock.advance(0);
  assert.deepEqual(Object.keys(stored), ["0", "1"]);
});

Deno.test("EventQueue moves the events of a consumer that is away to disk after two ticks", async () => {
  const { clock, queue, stored, accept } = await setUp({ 0: 0, 1: 1, 2: 2 });
  queue.link(cluster(0), 1, BIG);
  queue.link(cluster(2), 2, BIG);
  queue.assign(2, null);
  for (const shardId of [0, 1, 2]) accept(shardId, 1, 3);
  await clock.advance(1_000);
  assert.deepEqual(stored, {});
  await clock.advance(1_000);
  assert.deepEqual(stored, { 1: 3, 2: 3 }, "nobody's events, too, and none of who is there");
});

Deno.test("EventQueue writes nothing for a consumer that was away for a moment", async () => {
  const { clock, queue, stored, accept, cursorsOf } = await setUp({ 0: 0 });
  accept(0, 1, 3);
  for (let link = 1; link <= 5; link++) {
    await clock.advance(1_000);
    queue.link(cluster(0), link, BIG);
    await clock.advance(1_000);
    queue.link(cluster(0), null, 0);
  }
  assert.deepEqual(stored, {});
  assert.deepEqual(cursorsOf(0).slice(0, 3), [1, 2, 3]);
});

Deno.test("assign() moves a shard from one consumer to another without loss", async () => {
  const { clock, queue, got, accept } = await setUp({ 0: 0 }, { limitBytes: 1_000_000 });
  queue.link(cluster(0), 1, 100_000);
  queue.link(cluster(1), 2, 100_000);
  accept(0, 1, 800);
  await clock.advance(0);
  queue.acknowledge(cluster(0), 1, { 0: 40 });
  queue.assign(0, cluster(1));
  accept(0, 801, 900);
  await clock.advance(0);
  // What the first one says now is about a shard that it does not have any more.
  queue.acknowledge(cluster(0), 1, { 0: 60 });
  queue.acknowledge(cluster(1), 2, { 0: 80 });
  queue.assign(0, null);
  await clock.advance(2_000);
  const before = got.length;
  queue.assign(0, cluster(0));
  await clock.advance(0);
  assert.deepEqual(got[before], { clusterId: 0, shardId: 0, cursor: 81 });
  for (let last = 0; last < 900;) {
    last = got.at(-1)!.cursor;
    queue.acknowledge(cluster(0), 1, { 0: last });
    await clock.advance(0);
  }
  assert.deepEqual(got.slice(before).map(({ cursor }) => cursor), range(81, 900));
  const second = got.filter(({ clusterId }) => clusterId === 1).map(({ cursor }) => cursor);
  assert.deepEqual(second, range(41, 40 + second.length));
});

Deno.test("however many shards spill, nothing is dropped while the disk has room", async () => {
  const limitBytes = 4 * 1024 * 1024;
  const shards = range(0, 15);
  const { clock, queue, accept, cursorsOf, drain } = await setUp(
    Object.fromEntries(shards.map((shardId) => [shardId, 0])),
    { limitBytes },
  );
  for (let cursor = 1; cursor <= 1_500; cursor += 15) {
    for (const shardId of shards) accept(shardId, cursor, cursor + 14);
    await clock.advance(100);
    const kept = shards.reduce((sum, shardId) => sum + queue.of(shardId).queuedBytes, 0);
    assert.ok(kept <= limitBytes, `${kept} bytes are kept`);
  }
  assert.deepEqual(shards.map((shardId) => queue.of(shardId).counts.dropped), shards.map(() => 0));
  queue.link(cluster(0), 1, BIG);
  await drain(0, 1);
  for (const shardId of shards) assert.deepEqual(cursorsOf(shardId), range(1, 1_500));
  assert.deepEqual(shards.map((shardId) => queue.of(shardId).queued), shards.map(() => 0));
});

Deno.test("EventQueue sheds in memory when the disk has what all shards may use together", async () => {
  const { clock, queue, got, failed, accept, drain } = await setUp(
    { 0: 0, 1: 0 },
    { limitBytes: 100_000, diskLimitBytes: 100_000 },
  );
  for (const shardId of [0, 1]) accept(shardId, 1, 40);
  await clock.advance(2_000);
  for (let cursor = 41; cursor <= 1_000; cursor++) {
    for (const shardId of [0, 1]) accept(shardId, cursor, cursor);
    await clock.advance(10);
  }
  assert.match(failed[0]!, /QUEUE_DISK_BYTES/);
  const bytes = [0, 1].map((shardId) => queue.of(shardId).queuedBytes);
  assert.ok(bytes[0]! + bytes[1]! <= 110_000, `${bytes} bytes are kept`);
  queue.link(cluster(0), 1, BIG);
  await drain(0, 1);
  for (const shardId of [0, 1]) {
    let last = 0;
    for (const { cursor, gap } of got.filter((record) => record.shardId === shardId)) {
      assert.equal(gap ? Number(gap.split("-")[0]) : cursor, last + 1);
      last = cursor;
    }
    assert.equal(last, 1_000);
    assert.ok(queue.of(shardId).counts.dropped > 700);
  }
});

/** A consumer that reads nothing, on a disk that a test rules; 100,000 bytes of memory. */
async function stalled(changed: Partial<EventQueueOptions> = {}) {
  const disk = new ScriptedDisk();
  const pauses: boolean[] = [];
  const set = await setUp({ 0: 0 }, {
    limitBytes: 100_000,
    pause: (isPaused) => pauses.push(isPaused),
    ...changed,
  }, (shardId) => Promise.resolve(disk.open(shardId)));
  set.queue.link(cluster(0), 1, 1);
  const dropped = () => set.queue.of(0).counts.dropped;
  /** It reads again; it has had the first event. */
  const recover = () => {
    set.queue.acknowledge(cluster(0), 1, { 0: 1 });
    set.queue.link(cluster(0), 2, BIG);
    return set.drain(0, 2);
  };
  return { ...set, disk, pauses, dropped, recover };
}

Deno.test("EventQueue leaves Discord unread while the disk is at work, and drops nothing", async () => {
  const { clock, queue, disk, pauses, accept, dropped, recover, cursorsOf } = await stalled();
  disk.isSlow = true;
  accept(0, 1, 50);
  assert.deepEqual([pauses, queue.isPaused], [[], false], "there is room");
  accept(0, 51, 200);
  assert.deepEqual([pauses, dropped()], [[true], 0]);
  while (queue.isPaused) {
    assert.ok(disk.finish());
    await clock.advance(0);
  }
  disk.isSlow = false;
  while (disk.finish()) await clock.advance(0);
  assert.deepEqual([pauses, dropped()], [[true, false], 0]);
  await recover();
  assert.deepEqual(cursorsOf(0), range(1, 200));
});

Deno.test("EventQueue reads on as soon as the consumer makes room, whatever the disk does", async () => {
  const { clock, queue, disk, pauses, accept, got } = await stalled();
  disk.isSlow = true;
  accept(0, 1, 60);
  assert.ok(queue.isPaused);
  queue.link(cluster(0), 2, BIG);
  while (queue.isPaused) {
    await clock.advance(1);
    queue.acknowledge(cluster(0), 2, { 0: got.at(-1)!.cursor });
  }
  assert.ok(disk.waiting.length > 0);
  assert.deepEqual(pauses, [true, false]);
});

Deno.test("EventQueue drops events only when a disk has taken nothing for long", async () => {
  const { clock, disk, pauses, accept, dropped } = await stalled();
  disk.isSlow = true;
  accept(0, 1, 100);
  await clock.advance(DISK_PATIENCE_MS - 1);
  assert.deepEqual([pauses, dropped()], [[true], 0]);
  await clock.advance(1);
  accept(0, 101, 200);
  assert.deepEqual(pauses, [true, false], "a bot must not be deaf for ever");
  assert.ok(dropped() > 50);
  disk.isSlow = false;
  while (disk.finish()) await clock.advance(0);
  const before = dropped();
  accept(0, 201, 300);
  await clock.advance(0);
  accept(0, 301, 400);
  assert.equal(dropped(), before, "it has come back");
});

Deno.test("EventQueue drops nothing for a write that fails now and then", async () => {
  const { clock, disk, queue, pauses, accept, dropped, recover, cursorsOf } = await stalled();
  for (let cursor = 0; cursor < 400; cursor += 20) {
    if (cursor % 80 === 0) disk.failing.add("append");
    accept(0, cursor + 1, cursor + 20);
    await clock.advance(500);
    disk.failing.clear();
    for (let second = 0; queue.isPaused && second < 10; second++) await clock.advance(1_000);
  }
  assert.ok(pauses.includes(true));
  assert.equal(dropped(), 0);
  await recover();
  assert.deepEqual(cursorsOf(0), range(1, 400));
});

Deno.test("EventQueue waits for a disk whose first write has failed, and tries it again", async () => {
  const { clock, disk, queue, accept, dropped, recover, cursorsOf } = await stalled();
  disk.failing.add("append");
  accept(0, 1, 50);
  await clock.advance(0);
  accept(0, 51, 200);
  assert.deepEqual([queue.isPaused, dropped()], [true, 0]);
  disk.failing.clear();
  await clock.advance(1_000);
  assert.equal(queue.isPaused, false);
  await recover();
  assert.deepEqual(cursorsOf(0), range(1, 200));
});

Deno.test("EventQueue never leaves Discord unread for a disk that is full, or none", async () => {
  const full = await stalled({ diskLimitBytes: 0 });
  full.accept(0, 1, 200);
  await full.clock.advance(10_000);
  full.accept(0, 201, 300);
  assert.deepEqual([full.pauses, full.dropped() > 100], [[], true]);
  const pauses: boolean[] = [];
  const none = new EventQueue({
    clock: createVirtualClock(),
    clusterOfShard: { 0: 0 },
    totalShards: 1,
    limitBytes: 100_000,
    send() {},
    pause: (isPaused) => pauses.push(isPaused),
  });
  for (let cursor = 1; cursor <= 200; cursor++) none.accept(0, cursor, new Uint8Array(1_000));
  assert.deepEqual([pauses, none.of(0).counts.dropped > 50], [[], true]);
});

Deno.test("close() puts every shard on disk, and a later life goes on from there", async () => {
  const openSpool = memorySpool();
  const first = await setUp({ 0: 0, 1: 0 }, {}, openSpool);
  first.accept(0, 1, 5);
  first.accept(1, 1, 7);
  await first.queue.close();
  assert.deepEqual(first.stored, { 0: 5, 1: 7 });
  const second = await setUp({ 0: 0, 1: 0 }, {}, openSpool);
  second.queue.link(cluster(0), 1, BIG);
  second.accept(1, 6, 9);
  await second.drain(0, 1);
  assert.deepEqual([second.cursorsOf(0), second.cursorsOf(1)], [range(1, 5), range(1, 9)]);
});

Deno.test("close() leaves no timer behind, which would keep the process of a closed unit alive", async () => {
  const clock = createVirtualClock();
  const waiting = new Set<number>();
  let asked = 0;
  const counting = {
    ...clock,
    after(delayMs: number, task: () => void) {
      const id = asked++;
      waiting.add(id);
      const cancel = clock.after(delayMs, () => (waiting.delete(id), task()));
      return () => (waiting.delete(id), cancel());
    },
  };
  const { queue } = await setUp({ 0: 0 }, { clock: counting });
  await clock.advance(5_000);
  await queue.close();
  assert.deepEqual([...waiting], []);
});

Deno.test("open() opens a shard once, and resolves for everybody when it is open", async () => {
  const opening = Promise.withResolvers<void>();
  const spools = memorySpool();
  let opened = 0;
  const { queue } = await setUp({}, {}, async (shardId) => {
    opened++;
    await opening.promise;
    return spools(shardId);
  });
  let resolved = 0;
  const both = [1, 2].map(() => queue.open(0, 0).then(() => resolved++));
  await Promise.resolve();
  await Promise.resolve();
  assert.deepEqual([opened, resolved], [1, 0]);
  opening.resolve();
  await Promise.all(both);
});

Deno.test("a shard whose disk cannot be opened keeps its events in memory", async () => {
  const { clock, queue, accept, cursorsOf } = await setUp({}, {}, () => {
    return Promise.reject(new Error("no such disk"));
  });
  queue.assign(0, cluster(0));
  for (let i = 0; i < 2; i++) await assert.rejects(queue.open(0, 0), /no such disk/);
  accept(0, 1, 3);
  await clock.advance(5_000);
  queue.link(cluster(0), 1, BIG);
  await clock.advance(0);
  assert.deepEqual(cursorsOf(0), [1, 2, 3]);
});

Deno.test("EventQueue that closes has put all on disk before it tells which of them failed", async () => {
  const openSpool = memorySpool();
  const slow: OpenSpool = async (...which) => {
    const spool = await openSpool(...which);
    const { append } = spool;
    return Object.assign(spool, {
      append: (...records: Parameters<typeof append>) =>
        sleep(clock, 100).then(() => append(...records)),
    });
  };
  const { clock, queue, accept } = await setUp({ 0: 0, 1: 1 }, {}, failingToClose(0, slow));
  accept(1, 1, 3);
  const closing = assert.rejects(queue.close(), /the disk of shard 0 fails/).then(() =>
    openSpool(1).then(({ last }) => last)
  );
  await clock.advance(1_000);
  assert.equal(await closing, 3);
});

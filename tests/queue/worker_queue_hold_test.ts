/** A shard that is held back: what it has is kept, and goes on when it is released. */

import assert from "node:assert/strict";
import { readBatch } from "../../protocol/event_frame.ts";
import { peerText } from "../../protocol/peer.ts";
import { EventQueue } from "../../queue/worker_queue.ts";
import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";
import { memorySpool } from "../support/memory_spool.ts";
import { cluster, reader } from "../support/peers.ts";
import { range } from "./shard_queue_stage.ts";

const BOT = cluster(0);
const LOGGER = reader(0, "logger", 1);

/** Shard 0 with a disk, its bot, and whoever reads it. */
function setUp(openSpool = memorySpool()) {
  const clock = createVirtualClock();
  const got: Record<string, number[]> = {};
  const queue: EventQueue = new EventQueue({
    clock,
    totalShards: 1,
    clusterOfShard: { 0: 0 },
    limitBytes: 1 << 20,
    openSpool,
    send: (peer, _link, batch) => {
      const cursors = readBatch(batch).records.map(({ cursor }) => cursor);
      (got[peerText(peer)] ??= []).push(...cursors);
    },
  });
  const accept = (from: number, to: number, bytes = 100) => {
    for (const cursor of range(from, to)) queue.accept(0, cursor, new Uint8Array(bytes));
  };
  const link = (peer: typeof BOT | typeof LOGGER) => queue.link(peer, 1, 1 << 30);
  const got0 = (peer: typeof BOT | typeof LOGGER) => got[peerText(peer)] ?? [];
  return { clock, queue, accept, link, got: got0 };
}

Deno.test("EventQueue sends nothing of a shard that is held back above the newest event of then, to nobody", async () => {
  const { clock, queue, accept, link, got } = setUp();
  await queue.open(0, 0);
  await queue.read(LOGGER);
  link(BOT);
  link(LOGGER);
  accept(1, 3);
  assert.equal(queue.hold(0), 3);
  accept(4, 9);
  assert.equal(queue.hold(0), 3, "asked again it stays where it was");
  await clock.advance(0);
  assert.deepEqual([got(BOT), got(LOGGER)], [[1, 2, 3], [1, 2, 3]]);
  queue.release(0);
  queue.release(0);
  await clock.advance(0);
  assert.deepEqual([got(BOT), got(LOGGER)], [range(1, 9), range(1, 9)]);
});

Deno.test("EventQueue holds what is on disk back, too, and from a new link", async () => {
  const { clock, queue, accept, link, got } = setUp();
  await queue.open(0, 0);
  accept(1, 5);
  queue.hold(0, 3);
  // It spills as if nobody were there.
  link(BOT);
  accept(6, 8_000);
  await clock.advance(2_000);
  assert.ok(queue.of(0).diskBytes > 500_000, `${queue.of(0).diskBytes} bytes on disk`);
  assert.deepEqual(got(BOT), [1, 2, 3]);
  queue.link(BOT, 2, 1 << 30);
  await clock.advance(0);
  assert.deepEqual(got(BOT), [1, 2, 3, 1, 2, 3]);
  queue.release(0);
  for (let i = 0; i < 1_000 && got(BOT).length < 8_003; i++) {
    await clock.advance(10);
    queue.acknowledge(BOT, 2, { 0: got(BOT).at(-1)! });
  }
  assert.deepEqual(got(BOT).slice(3), range(1, 8_000));
});

Deno.test("EventQueue keeps all of a shard that is held back from its beginning, of an earlier life too", async () => {
  const openSpool = memorySpool();
  const before = setUp(openSpool);
  await before.queue.open(0, 0);
  before.accept(1, 4);
  await before.queue.close();
  const { clock, queue, accept, link, got } = setUp(openSpool);
  queue.hold(0, 0);
  await queue.open(0, 0);
  link(BOT);
  accept(5, 6);
  await clock.advance(0);
  assert.deepEqual(got(BOT), []);
  queue.release(0);
  await clock.advance(0);
  assert.deepEqual(got(BOT), range(1, 6));
});

Deno.test("EventQueue has whoever begins to read a shard that is held back wait like the others", async () => {
  const { clock, queue, accept, link, got } = setUp();
  await queue.open(0, 0);
  accept(1, 2);
  queue.hold(0);
  accept(3, 4);
  await queue.read(LOGGER);
  link(LOGGER);
  accept(5, 6);
  await clock.advance(0);
  assert.deepEqual(got(LOGGER), []);
  queue.release(0);
  await clock.advance(0);
  assert.deepEqual(got(LOGGER), [5, 6]);
});

Deno.test("EventQueue holds one shard back, not the others, and takes what waits for no lag of the bot's", async () => {
  const { clock, queue, accept, link } = setUp();
  await queue.open(0, 0);
  link(BOT);
  accept(1, 1);
  await clock.advance(0);
  queue.acknowledge(BOT, 1, { 0: 1 });
  queue.hold(0);
  accept(2, 3);
  await clock.advance(9_000);
  assert.equal(queue.of(0).lag.ageMs(clock.now()), 0);
  queue.release(0);
  await clock.advance(500);
  assert.equal(queue.of(0).lag.ageMs(clock.now()), 500);
  queue.acknowledge(BOT, 1, { 0: 3 });
  assert.ok(queue.of(0).lag.lagMs! < 600, `${queue.of(0).lag.lagMs} ms`);
});

Deno.test("EventQueue gives up what waits of a shard, for bot and readers, in memory and on disk", async () => {
  const openSpool = memorySpool();
  const { clock, queue, accept, link, got } = setUp(openSpool);
  await queue.open(0, 0);
  await queue.read(LOGGER);
  link(BOT);
  link(LOGGER);
  accept(1, 2);
  await clock.advance(0);
  queue.hold(0);
  accept(3, 3_000);
  await clock.advance(3_000);
  assert.ok(queue.of(0).diskBytes > 0);
  await queue.giveUp(0);
  assert.deepEqual([(await openSpool(0)).last, (await openSpool(0, "logger")).last], [null, null]);
  queue.acknowledge(BOT, 1, { 0: 2 });
  queue.release(0);
  await clock.advance(1_000);
  assert.deepEqual([got(BOT), got(LOGGER)], [[1, 2], [1, 2]]);
  assert.equal(queue.reader(LOGGER), undefined);
  await queue.open(0, 0);
  accept(5_000, 5_001);
  await clock.advance(0);
  assert.deepEqual(
    got(BOT),
    [1, 2, 5_000, 5_001],
    "a shard of its id begins anew, with its cluster",
  );
});

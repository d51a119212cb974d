import assert from "node:assert/strict";
import fc from "fast-check";
import type { EventQueueOptions } from "../../queue/worker_world.ts";
import { EventQueue } from "../../queue/worker_queue.ts";
import { type Gap, readBatch, RECORD } from "../../protocol/event_frame.ts";
import { shardRange } from "../../protocol/ids.ts";
import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";
import { type PeerKey, peerText } from "../../protocol/peer.ts";
import { cluster } from "../support/peers.ts";

/** More than a GAP takes. */
const GAP_BYTES = 400;
const BIG = 1 << 30;

function setUp(
  limitBytes: number,
  clusterOfShard: Record<number, number> = { 0: 0 },
  more: Partial<EventQueueOptions> = {},
) {
  const clock = createVirtualClock();
  const sent: string[] = [];
  const queue = new EventQueue({
    clock,
    totalShards: 4,
    clusterOfShard,
    limitBytes,
    ...more,
    send(peer, link, batch) {
      for (const { shardId, cursor, kind } of readBatch(batch).records) {
        const what = kind === RECORD.GAP ? "gap" : "event";
        sent.push(`${what} ${shardId}/${cursor} to ${peerText(peer)} on ${link}`);
      }
    },
  });
  const accept = (shardId: number, cursor: number, size = 100) =>
    queue.accept(shardId, cursor, new Uint8Array(size));
  const bytes = () =>
    Object.keys(clusterOfShard)
      .reduce((sum, shardId) => sum + queue.of(Number(shardId)).queuedBytes, 0);
  return { clock, queue, sent, accept, bytes };
}

Deno.test("EventQueue sends each shard's events to its own cluster", async () => {
  const { clock, queue, sent, accept } = setUp(BIG, { 0: 0, 1: 1, 2: 0 });
  queue.link(cluster(0), 10, BIG);
  queue.link(cluster(1), 11, BIG);
  for (const shardId of [0, 1, 2]) accept(shardId, 7);
  queue.gap(1, { from: null, to: 8, count: null, reason: "lost" });
  await clock.advance(0);
  assert.deepEqual(sent, [
    "event 0/7 to cluster 0 on 10",
    "event 2/7 to cluster 0 on 10",
    "event 1/7 to cluster 1 on 11",
    "gap 1/8 to cluster 1 on 11",
  ]);
});

Deno.test("EventQueue keeps the events of a shard that nobody consumes", async () => {
  const { clock, queue, sent, accept } = setUp(BIG, {});
  queue.link(cluster(0), 1, BIG);
  accept(4, 1);
  await clock.advance(0);
  assert.deepEqual(sent, []);
  assert.equal(queue.of(4).queued, 1);
});

Deno.test("EventQueue lets a cluster that is away wait without holding up another", async () => {
  const { clock, queue, sent, accept } = setUp(BIG, { 0: 0, 1: 1 });
  queue.link(cluster(0), 1, BIG);
  queue.link(cluster(1), 2, BIG);
  queue.link(cluster(0), null, 0);
  accept(0, 1);
  accept(1, 1);
  await clock.advance(0);
  assert.deepEqual(sent, ["event 1/1 to cluster 1 on 2"]);
});

Deno.test("EventQueue takes no acknowledgement of one cluster for another's shard", async () => {
  const { clock, queue, accept } = setUp(BIG, { 0: 0, 1: 1 });
  queue.link(cluster(0), 1, BIG);
  queue.link(cluster(1), 2, BIG);
  accept(1, 1);
  await clock.advance(0);
  queue.acknowledge(cluster(0), 1, { 1: 1 });
  assert.equal(queue.of(1).queued, 1);
  queue.acknowledge(cluster(1), 2, { 1: 1 });
  assert.equal(queue.of(1).queued, 0);
});

Deno.test("EventQueue sheds from the fullest outbox, and leaves the others alone", () => {
  const { queue, accept } = setUp(60_000, { 0: 0, 1: 1 });
  for (let cursor = 1; cursor <= 10; cursor++) accept(1, cursor);
  for (let cursor = 1; cursor <= 1_000; cursor++) accept(0, cursor);
  assert.equal(queue.of(1).counts.dropped, 0);
  assert.ok(queue.of(0).counts.dropped > 500);
});

Deno.test("EventQueue tells whose events were shed, and from where to where", () => {
  const gone: unknown[] = [];
  const { accept } = setUp(8_000, { 0: 0, 1: 0 }, { shed: (...it) => gone.push(it) });
  accept(1, 1);
  for (let cursor = 1; cursor < 30; cursor++) accept(0, cursor, 300);
  assert.deepEqual(gone[0], [0, { from: 1, to: 2 }]);
});

Deno.test("EventQueue sends a record that cannot be prepared as it is, says so, and goes on", async () => {
  const told: unknown[] = [];
  const { clock, queue, sent, accept } = setUp(BIG, { 0: 0 }, {
    prepare(record) {
      if (record.cursor === 2) throw new TypeError("not what it should be");
      return record;
    },
    unprepared: (...it) => told.push(it),
  });
  queue.link(cluster(0), 1, BIG);
  for (const cursor of [1, 2, 3]) accept(0, cursor);
  await clock.advance(0);
  assert.deepEqual(sent, [1, 2, 3].map((cursor) => `event 0/${cursor} to cluster 0 on 1`));
  assert.deepEqual(told, [[0, 2, new TypeError("not what it should be")]]);
});

Deno.test("EventQueue sheds many at once, so that it seldom has to", () => {
  const { queue, accept } = setUp(1_000_000);
  for (let cursor = 1; queue.of(0).counts.dropped === 0; cursor++) accept(0, cursor);
  assert.ok(queue.of(0).counts.dropped >= 200, `${queue.of(0).counts.dropped} at once`);
});

Deno.test("EventQueue has room again for what was acknowledged", async () => {
  const { clock, queue, accept } = setUp(100_000);
  queue.link(cluster(0), 1, BIG);
  for (let cursor = 1; cursor <= 5_000; cursor++) {
    accept(0, cursor);
    if (cursor % 100 !== 0) continue;
    await clock.advance(0);
    queue.acknowledge(cluster(0), 1, { 0: cursor });
  }
  assert.deepEqual([queue.of(0).counts.dropped, queue.of(0).queued], [0, 0]);
});

Deno.test("EventQueue is bounded where the fullest outbox has nothing to shed", async () => {
  const shards = shardRange(0, 19);
  const { clock, queue, accept, bytes } = setUp(
    400_000,
    Object.fromEntries(shards.map((shardId) => [shardId, 0])),
  );
  queue.link(cluster(0), 1, 150_000);
  for (let cursor = 1; cursor <= 50; cursor++) accept(0, cursor, 1_000);
  // Shard 0 fills the credit of a bot that is stuck: none of it can be dropped.
  await clock.advance(0);
  for (let cursor = 1; cursor <= 100; cursor++) {
    for (const shardId of shards.slice(1)) accept(shardId, cursor, 1_000);
  }
  assert.ok(bytes() <= 400_000 + 20 * GAP_BYTES, `${bytes()} bytes are kept`);
  assert.equal(queue.of(0).counts.dropped, 0);
});

const MOVE = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("accept" as const), n: fc.nat(30) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("flush" as const), n: fc.constant(0) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("ack" as const), n: fc.nat(40) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("up" as const), n: fc.nat(20_000) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("down" as const), n: fc.constant(0) }) },
);

Deno.test("whatever happens to links and limits, no event is lost in silence or out of order", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 2_000, max: 100_000 }),
      fc.array(fc.tuple(fc.nat(2), MOVE), { maxLength: 120 }),
      checkHistory,
    ),
    { numRuns: 150 },
  );
});

async function checkHistory(
  limitBytes: number,
  moves: readonly [number, { kind: "accept" | "flush" | "ack" | "up" | "down"; n: number }][],
): Promise<void> {
  const clock = createVirtualClock();
  const bot = consumer();
  const queue = new EventQueue({
    clock,
    totalShards: 3,
    clusterOfShard: { 0: 0, 1: 0, 2: 1 },
    limitBytes,
    send: (peer, link, batch) => bot.receive(peer, link, batch),
  });
  const last = [0, 0, 0];
  const links: (number | null)[] = [null, null];
  let link = 0;
  const up = (clusterId: number, windowBytes: number) => {
    bot.reconnect(clusterId);
    queue.link(cluster(clusterId), links[clusterId] = ++link, windowBytes);
  };
  for (const [shardId, { kind, n }] of moves) {
    const clusterId = shardId === 2 ? 1 : 0;
    if (kind === "accept") {
      for (let i = 0; i < n; i++) queue.accept(shardId, ++last[shardId]!, new Uint8Array(10 * i));
      bounded(queue, limitBytes);
    } else if (kind === "flush") await clock.advance(0);
    else if (kind === "up") up(clusterId, n);
    else if (kind === "down") queue.link(cluster(clusterId), links[clusterId] = null, 0);
    else if (links[clusterId] !== null) {
      queue.acknowledge(cluster(clusterId), links[clusterId]!, {
        [shardId]: bot.seen(shardId) - n,
      });
    }
  }
  for (const clusterId of [0, 1]) up(clusterId, BIG);
  for (let before = -1, taken = 0; before < taken; taken = bot.taken) {
    before = taken;
    await clock.advance(0);
    for (const [shardId, id] of [[0, 0], [1, 0], [2, 1]] as const) {
      queue.acknowledge(cluster(id), links[id]!, { [shardId]: bot.seen(shardId) });
    }
  }
  for (const shardId of [0, 1, 2]) {
    assert.equal(bot.seen(shardId), last[shardId], `shard ${shardId} did not get everything`);
    const clusterId = shardId === 2 ? 1 : 0;
    queue.acknowledge(cluster(clusterId), links[clusterId]!, { [shardId]: last[shardId]! });
    const { queued, queuedBytes, unsentBytes } = queue.of(shardId);
    assert.deepEqual([queued, queuedBytes, unsentBytes], [0, 0, 0]);
  }
}

/** Over its limit the queue holds nothing but what is under way and a GAP per shard. */
function bounded(queue: EventQueue, limitBytes: number): void {
  const outboxes = [0, 1, 2].map((shardId) => queue.of(shardId));
  const kept = outboxes.reduce((sum, outbox) => sum + outbox.queuedBytes, 0);
  const underWay = kept - outboxes.reduce((sum, outbox) => sum + outbox.unsentBytes, 0);
  const most = Math.max(limitBytes, underWay) + 3 * GAP_BYTES;
  assert.ok(kept <= most, `${kept} bytes are kept, ${most} allowed`);
}

/** Who reads the batches, and complains about a hole that no GAP explains. */
function consumer() {
  let taken = 0;
  const highest = [0, 0, 0];
  const resent = [0, 0, 0];
  return {
    /** Records received, those that came again, too. */
    get taken() {
      return taken;
    },
    seen: (shardId: number) => highest[shardId]!,
    reconnect(clusterId: number) {
      for (const shardId of clusterId === 0 ? [0, 1] : [2]) resent[shardId] = 0;
    },
    receive(peer: PeerKey, _link: number, batch: Uint8Array) {
      for (const { shardId, kind, cursor, body } of readBatch(batch).records) {
        taken++;
        assert.deepEqual(peer, cluster(shardId === 2 ? 1 : 0));
        assert.ok(cursor > resent[shardId]!, "out of order on one link");
        const isGap = kind === RECORD.GAP;
        const from = isGap ? (JSON.parse(new TextDecoder().decode(body)) as Gap).from! : cursor;
        assert.ok(from <= highest[shardId]! + 1, `a hole before ${from}`);
        resent[shardId] = cursor;
        highest[shardId] = Math.max(highest[shardId]!, cursor);
      }
    },
  };
}

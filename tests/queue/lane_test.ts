import assert from "node:assert/strict";
import { BATCH_BYTES, Lane } from "../../queue/lane.ts";
import { ShardQueue } from "../../queue/shard_queue.ts";
import { Turns } from "../../queue/turns.ts";
import { UnderWay } from "../../queue/under_way.ts";
import { BATCH_HEADER_BYTES, readBatch } from "../../protocol/event_frame.ts";
import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";
import { cluster } from "../support/peers.ts";

const WINDOW = 1 << 20;

/** A queue without a disk. */
const IN_MEMORY = {
  account() {},
  acknowledged() {},
  stored() {},
  failed() {},
  mayWrite: () => true,
  shareBytes: () => WINDOW,
  hasRoom: () => true,
};

function setUp(shardIds: readonly number[] = [0], underWay = new UnderWay(Infinity, () => 1)) {
  const clock = createVirtualClock();
  const batches: { link: number; records: string[]; bytes: number }[] = [];
  const lane = new Lane({
    peer: cluster(5),
    totalShards: 4,
    underWay,
    turns: new Turns({ clock, delayMs: 0, nap: () => assert.fail("nobody naps") }),
    send(peer, link, batch) {
      assert.deepEqual(peer, cluster(5));
      const records = readBatch(batch).records.map(({ shardId, cursor }) => `${shardId}/${cursor}`);
      batches.push({ link, records, bytes: batch.length });
    },
  });
  /** Records that cannot be sent yet. */
  const held = new Set<string>();
  const queues = shardIds.map((shardId) => {
    const queue: ShardQueue = new ShardQueue(shardId, {
      ...IN_MEMORY,
      clock,
      wake: (bytes) => lane.wake(queue, bytes),
      prepare: (record) => held.has(`${shardId}/${record.cursor}`) ? null : record,
    });
    lane.add(queue);
    return queue;
  });
  const accept = (shardId: number, cursor: number, size = 100) =>
    queues[shardId]!.accept(cursor, new Uint8Array(size));
  const records = () => batches.map((batch) => batch.records);
  return { clock, lane, queues, held, accept, batches, records };
}

Deno.test("Lane holds events until there is a link, then sends them", async () => {
  const { clock, lane, accept, batches } = setUp();
  accept(0, 1);
  await clock.advance(1_000);
  assert.deepEqual(batches, []);
  lane.up(7, WINDOW);
  await clock.advance(0);
  assert.deepEqual(batches.map(({ link, records }) => [link, records]), [[7, ["0/1"]]]);
});

Deno.test("Lane sends nothing when there is nothing", async () => {
  const { clock, lane, batches } = setUp();
  lane.up(1, WINDOW);
  await clock.advance(0);
  lane.acknowledge(1, { 0: 5, 9: 5 });
  await clock.advance(0);
  assert.deepEqual(batches, []);
});

Deno.test("Lane puts the events that came together into one batch, of all shards", async () => {
  const { clock, lane, accept, records } = setUp([0, 1]);
  lane.up(1, WINDOW);
  await clock.advance(0);
  for (const cursor of [1, 2]) for (const shardId of [0, 1]) accept(shardId, cursor);
  assert.deepEqual(records(), []);
  await clock.advance(0);
  assert.deepEqual(records(), [["0/1", "0/2", "1/1", "1/2"]]);
});

Deno.test("Lane does not wait when a batch is full", async () => {
  const { clock, lane, accept, batches } = setUp();
  lane.up(1, WINDOW);
  await clock.advance(0);
  accept(0, 1, BATCH_BYTES / 2);
  assert.equal(batches.length, 0);
  accept(0, 2, BATCH_BYTES / 2);
  assert.equal(batches.length, 1);
  accept(0, 3, 10);
  assert.equal(batches.length, 1, "the next batch fills anew");
  await clock.advance(0);
  assert.equal(batches.length, 2);
});

Deno.test("Lane lets a busy shard not hold up the others", async () => {
  const { clock, lane, accept, records } = setUp([0, 1]);
  for (let cursor = 1; cursor <= 10; cursor++) accept(0, cursor, BATCH_BYTES);
  accept(1, 1);
  lane.up(1, 100 * WINDOW);
  await clock.advance(0);
  assert.deepEqual(records().slice(0, 3), [["0/1"], ["1/1", "0/2"], ["0/3"]]);
  assert.equal(records().flat().length, 11);
});

Deno.test("Lane stops at the credit, for the last record at most, and goes on when some is back", async () => {
  const { clock, lane, accept, batches } = setUp();
  /** Of records. */
  const bytes = () => batches.reduce((sum, batch) => sum + batch.bytes - BATCH_HEADER_BYTES, 0);
  lane.up(1, 10_000);
  for (let cursor = 1; cursor <= 100; cursor++) accept(0, cursor, 984);
  await clock.advance(0);
  assert.equal(bytes(), 10_000);
  lane.acknowledge(1, { 0: 4 });
  await clock.advance(0);
  assert.equal(bytes(), 14_000);
});

Deno.test("Lane sends a record that is larger than the whole credit, alone", async () => {
  const { clock, lane, accept, records } = setUp();
  lane.up(1, 1);
  for (const cursor of [1, 2]) accept(0, cursor, 5_000);
  await clock.advance(0);
  assert.deepEqual(records(), [["0/1"]]);
  lane.acknowledge(1, { 0: 1 });
  await clock.advance(0);
  assert.deepEqual(records(), [["0/1"], ["0/2"]]);
});

Deno.test("Lane sends everything unacknowledged on a new link, with its whole credit", async () => {
  const { clock, lane, accept, batches } = setUp();
  lane.up(1, 10_000);
  for (let cursor = 1; cursor <= 20; cursor++) accept(0, cursor, 984);
  await clock.advance(0);
  lane.acknowledge(1, { 0: 3 });
  lane.down();
  lane.up(2, 10_000);
  await clock.advance(0);
  const again = batches.filter((batch) => batch.link === 2).flatMap((batch) => batch.records);
  assert.deepEqual(again, Array.from({ length: 10 }, (_, i) => `0/${i + 4}`));
});

Deno.test("Lane takes a newer link without word of the older one's end", async () => {
  const { clock, lane, accept, batches } = setUp();
  lane.up(1, WINDOW);
  accept(0, 1);
  await clock.advance(0);
  lane.up(2, WINDOW);
  await clock.advance(0);
  assert.deepEqual(batches.map(({ link, records }) => [link, records]), [[1, ["0/1"]], [2, [
    "0/1",
  ]]]);
});

Deno.test("Lane drops acknowledgements of another link", async () => {
  const { clock, lane, accept, batches } = setUp();
  lane.up(1, WINDOW);
  accept(0, 1);
  await clock.advance(0);
  lane.up(2, WINDOW);
  await clock.advance(0);
  lane.acknowledge(1, { 0: 1 });
  lane.up(3, WINDOW);
  await clock.advance(0);
  assert.equal(batches.length, 3, "an old word was taken for a new one");
});

Deno.test("Lane sends nothing after the link is gone, not even what was about to go", async () => {
  const { clock, lane, accept, batches } = setUp();
  lane.up(1, WINDOW);
  accept(0, 1);
  lane.down();
  accept(0, 2, BATCH_BYTES);
  await clock.advance(1_000);
  assert.deepEqual(batches, []);
});

Deno.test("Lane lets a shard whose next record has to wait not hold up the others", async () => {
  const { clock, lane, queues, held, accept, records } = setUp([0, 1]);
  lane.up(1, WINDOW);
  held.add("0/2");
  for (const cursor of [1, 2, 3]) accept(0, cursor);
  accept(1, 1);
  await clock.advance(0);
  assert.deepEqual(records(), [["0/1", "1/1"]]);
  accept(0, 4);
  accept(1, 2);
  await clock.advance(0);
  assert.deepEqual(records().slice(1), [["1/2"]]);
  held.clear();
  lane.wake(queues[0]!, 0);
  await clock.advance(0);
  assert.deepEqual(records().slice(2), [["0/2", "0/3", "0/4"]]);
});

Deno.test("Lane gives a shard up, and gets it back from the first event not acknowledged", async () => {
  const { clock, lane, queues, accept, records } = setUp([0, 1]);
  lane.up(1, WINDOW);
  for (const cursor of [1, 2, 3]) accept(0, cursor);
  await clock.advance(0);
  lane.acknowledge(1, { 0: 1 });
  lane.remove(queues[0]!);
  accept(1, 1);
  await clock.advance(0);
  lane.acknowledge(1, { 0: 3 });
  assert.equal(queues[0]!.queued, 2, "its word on a shard of another counts no more");
  lane.add(queues[0]!);
  await clock.advance(0);
  assert.deepEqual(records(), [["0/1", "0/2", "0/3"], ["1/1"], ["0/2", "0/3"]]);
});

Deno.test("Lane has its credit back for the shard that it gave up", async () => {
  const { clock, lane, queues, accept, records } = setUp([0, 1]);
  lane.up(1, 1_000);
  accept(0, 1, 2_000);
  await clock.advance(0);
  accept(1, 1);
  await clock.advance(0);
  assert.deepEqual(records(), [["0/1"]]);
  lane.remove(queues[0]!);
  await clock.advance(0);
  assert.deepEqual(records(), [["0/1"], ["1/1"]]);
});

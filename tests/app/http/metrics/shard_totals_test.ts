import assert from "node:assert/strict";
import { ShardTotals } from "../../../../app/http/metrics/shard_totals.ts";
import { counters, shard } from "../../../support/snapshots.ts";

const counting = (id: number, received: number, totalShards = 2) =>
  shard(id, {
    totalShards,
    counters: counters(id, { received, reconnects: { zombie: received } }),
  });

Deno.test("ShardTotals.merge() never falls: a shard that begins anew, goes, or comes back adds", () => {
  const totals = new ShardTotals();
  const received = (...shards: ReturnType<typeof counting>[]) => {
    const { counters } = totals.merge(shards);
    assert.equal(counters!.reconnects.zombie, counters!.received);
    return counters!.received;
  };
  assert.equal(received(counting(0, 10), counting(1, 5)), 15);
  assert.equal(received(counting(0, 12), counting(1, 5)), 17, "it goes on");
  assert.equal(received(counting(0, 3), counting(1, 5)), 20, "its worker is new");
  assert.equal(received(counting(1, 6)), 21, "it went to another unit");
  assert.equal(received(counting(0, 1), counting(1, 6)), 22, "it came back");
  assert.equal(received(counting(0, 4, 4)), 26, "it is one of another total");
});

Deno.test("ShardTotals.merge() sums what there is, and tells the worst of times and guilds", () => {
  const shards = [
    shard(0, { guilds: 7, counters: counters(0, { queued: 2, queueAgeMs: 5, latencyMs: null }) }),
    shard(1, { guilds: null, counters: counters(1, { queued: 3, queueAgeMs: 1, latencyMs: 40 }) }),
    shard(2),
  ];
  const { shardId, guilds, counters: merged } = new ShardTotals().merge(shards);
  assert.deepEqual([shardId, guilds], [null, 7]);
  assert.deepEqual([merged!.queued, merged!.queueAgeMs, merged!.latencyMs], [5, 5, 40]);
  assert.equal(merged!.ackLagMs, null);
});

Deno.test("ShardTotals.merge() has no counters before a shard has", () => {
  assert.equal(new ShardTotals().merge([shard(0)]).counters, null);
});

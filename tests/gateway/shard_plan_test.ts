import assert from "node:assert/strict";
import fc from "fast-check";
import { partition, workerCount } from "../../gateway/shard_plan.ts";
import { MOST_WORKERS, shardRange } from "../../protocol/ids.ts";

Deno.test("partition() cuts consecutive ranges", () => {
  assert.deepEqual(partition([4, 5, 6, 7, 8], 2), [[4, 5], [6, 7, 8]]);
  assert.deepEqual(partition([0, 1, 2], 1), [[0, 1, 2]]);
});

Deno.test("partition() leaves parts empty where there are more than shards", () => {
  assert.equal(partition([0, 1], 4).filter((part) => part.length === 0).length, 2);
  assert.deepEqual(partition([], 3), [[], [], []]);
});

Deno.test("partition() gives each shard to one part, in order, as evenly as can be", () => {
  fc.assert(fc.property(fc.nat(500), fc.integer({ min: 1, max: 64 }), (shards, count) => {
    const shardIds = shardRange(3, 2 + shards);
    const parts = partition(shardIds, count);
    assert.equal(parts.length, count);
    assert.deepEqual(parts.flat(), shardIds);
    const sizes = parts.map((part) => part.length);
    assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1, `sizes ${sizes}`);
  }));
});

Deno.test("workerCount() takes TOTAL_WORKERS first, then SHARDS_PER_WORKER, then the cores", () => {
  assert.equal(workerCount(100, { totalWorkers: 3, shardsPerWorker: 10, cores: 8 }), 3);
  assert.equal(workerCount(100, { shardsPerWorker: 30, cores: 8 }), 4);
  assert.equal(workerCount(4_000, { cores: 8 }), 8);
});

Deno.test("workerCount() starts no more threads than the shards need", () => {
  assert.deepEqual([1, 256, 257, 1_000].map((shards) => workerCount(shards, { cores: 8 })), [
    1,
    1,
    2,
    4,
  ]);
});

Deno.test("workerCount() never asks for a worker without a shard, nor for none at all", () => {
  assert.equal(workerCount(2, { shardsPerWorker: 1, cores: 1 }), 2);
  assert.equal(workerCount(2, { totalWorkers: 5, cores: 8 }), 2);
  assert.equal(workerCount(1, { shardsPerWorker: 100, cores: 8 }), 1);
  assert.equal(workerCount(0, { cores: 8 }), 1);
  assert.equal(workerCount(5, { totalWorkers: 0, cores: 8 }), 1);
});

Deno.test("workerCount() asks for no more threads than a process can have, whatever Discord recommends", () => {
  assert.equal(workerCount(100_000, { shardsPerWorker: 1, cores: 2 }), MOST_WORKERS);
});

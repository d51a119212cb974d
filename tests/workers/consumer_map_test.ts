import assert from "node:assert/strict";
import { ConsumerMap } from "../../workers/consumer_map.ts";

Deno.test("ConsumerMap begins with the plan; a shard outside it is nobody's", () => {
  const map = new ConsumerMap({ 0: 7 });
  assert.deepEqual([map.of(0), map.of(1)], [7, null]);
  assert.deepEqual(map.changes([0, 1]), []);
});

Deno.test("ConsumerMap tells a worker that knows the plan only what differs from it", () => {
  const map = new ConsumerMap({ 0: 7, 1: 7, 2: 7 });
  map.assign(0, null);
  map.assign(1, 99);
  map.assign(2, 99);
  map.assign(2, 7);
  assert.deepEqual([map.of(0), map.of(1), map.of(2)], [null, 99, 7]);
  assert.deepEqual(map.changes([0, 2, 1]), [
    { type: "ASSIGN", shardId: 0, clusterId: null },
    { type: "ASSIGN", shardId: 1, clusterId: 99 },
  ]);
});

Deno.test("ConsumerMap: a cluster that will get its shard back is concerned by it meanwhile", () => {
  const map = new ConsumerMap({ 0: 7 });
  map.assign(0, 99);
  assert.deepEqual([7, 99, 8].map((id) => map.concerns([0], id)), [true, true, false]);
  map.assign(0, null);
  assert.deepEqual([7, 99].map((id) => map.concerns([0], id)), [true, false]);
});

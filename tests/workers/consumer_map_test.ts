import assert from "node:assert/strict";
import { ConsumerMap } from "../../workers/consumer_map.ts";
import { cluster, consumer, reader } from "../support/peers.ts";

const OTHER = consumer(1);

Deno.test("ConsumerMap begins with the plan; a shard outside it is nobody's", () => {
  const map = new ConsumerMap({ 0: 7 });
  assert.deepEqual([map.of(0), map.of(1)], [cluster(7), null]);
  assert.deepEqual(map.changes([0, 1]), []);
});

Deno.test("ConsumerMap tells a worker that knows the plan only what differs from it", () => {
  const map = new ConsumerMap({ 0: 7, 1: 7, 2: 7 });
  map.assign(0, null);
  map.assign(1, OTHER);
  map.assign(2, OTHER);
  map.assign(2, cluster(7));
  assert.deepEqual([map.of(0), map.of(1), map.of(2)], [null, OTHER, cluster(7)]);
  assert.deepEqual(map.changes([0, 2, 1]), [
    { type: "ASSIGN", shardId: 0, peer: null },
    { type: "ASSIGN", shardId: 1, peer: OTHER },
  ]);
});

Deno.test("ConsumerMap: a cluster that will get its shard back is concerned by it meanwhile", () => {
  const map = new ConsumerMap({ 0: 7 });
  map.assign(0, consumer(0));
  assert.deepEqual(
    [cluster(7), consumer(0), cluster(8), consumer(1)].map((it) => map.concerns([0], it)),
    [true, true, false, false],
  );
  map.assign(0, null);
  assert.deepEqual([cluster(7), consumer(0)].map((it) => map.concerns([0], it)), [true, false]);
});

Deno.test("ConsumerMap: a shard concerns whoever reads it beside its bot, and is the bot's all the same", () => {
  const map = new ConsumerMap({ 0: 7 });
  assert.deepEqual(
    [reader(0, "logger"), reader(1, "logger"), cluster(7)].map((it) => map.concerns([0], it)),
    [true, false, true],
  );
  assert.deepEqual(map.of(0), cluster(7));
});

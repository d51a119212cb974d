import assert from "node:assert/strict";
import fc from "fast-check";
import {
  calculateShardId,
  identifyKey,
  parseShardKey,
  shardKeyText,
  shardRange,
} from "../../protocol/ids.ts";

Deno.test("calculateShardId() is (guild_id >> 22) % totalShards, beyond what a number can hold", () => {
  assert.equal(calculateShardId("197038439483310086", 16), Number(46977624770n % 16n));
  assert.equal(calculateShardId(2n ** 64n - 1n, 1000), Number((2n ** 42n - 1n) % 1000n));
  fc.assert(
    fc.property(fc.bigInt(0n, 2n ** 64n - 1n), fc.integer({ min: 1, max: 4096 }), (id, n) => {
      const shard = calculateShardId(String(id), n);
      assert(Number.isInteger(shard) && shard >= 0 && shard < n);
      assert.equal(shard, calculateShardId(id, n));
    }),
  );
});

Deno.test("identifyKey() gives max_concurrency shards in a row different keys", () => {
  assert.deepEqual(shardRange(14, 19).map((id) => identifyKey(id, 16)), [14, 15, 0, 1, 2, 3]);
});

Deno.test("shardRange() holds both ends", () => {
  assert.deepEqual(shardRange(3, 5), [3, 4, 5]);
  assert.deepEqual(shardRange(0, 0), [0]);
  assert.deepEqual(shardRange(1, 0), []);
});

Deno.test("parseShardKey() reads what shardKeyText() wrote, and nothing else", () => {
  assert.equal(shardKeyText({ total: 16, id: 3 }), "3/16");
  assert.deepEqual(parseShardKey("3/16"), { total: 16, id: 3 });
  for (
    const other of ["", "3", "3/", "/16", "3/16/1", "-3/16", "3.5/16", " 3/16", "3/1234567890"]
  ) {
    assert.equal(parseShardKey(other), undefined, other);
  }
});

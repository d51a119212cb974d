import assert from "node:assert/strict";
import { ALONE, dealtInTurn } from "../../../unit/shares/share.ts";
import { shardRange } from "../../../protocol/ids.ts";

Deno.test("a unit by itself has every shard, in consecutive ranges", () => {
  assert.equal(ALONE.has({ total: 4, id: 3 }), true);
  assert.equal(ALONE.whereIs({ total: 4, id: 3 }), null);
  assert.deepEqual(ALONE.deal([4, 5, 6, 7], 2), [[4, 5], [6, 7]]);
});

Deno.test("shards that are dealt in turn are spread, whichever range of them a unit has", () => {
  const workers = dealtInTurn(shardRange(0, 99), 4);
  assert.deepEqual(workers.flat().sort((a, b) => a - b), shardRange(0, 99));
  for (const first of [0, 20, 37]) {
    const has = new Set(shardRange(first, first + 24));
    const sizes = workers.map((shards) => shards.filter((id) => has.has(id)).length);
    assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1, `${first}: ${sizes}`);
  }
});

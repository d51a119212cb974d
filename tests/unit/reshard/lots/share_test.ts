import assert from "node:assert/strict";
import { shardKeyText } from "../../../../protocol/ids.ts";
import { lotsOf } from "../../../../protocol/reshard.ts";
import { ALONE, type Hold, holdOfLot } from "../../../../unit/reshard/lots/share.ts";

const [lot] = lotsOf(2, 4);

function holdOf(holds: Readonly<Record<string, Hold>>): Hold {
  const share = {
    ...ALONE,
    holdOf: (shard: { total: number; id: number }) => holds[shardKeyText(shard)] ?? null,
  };
  return holdOfLot(share, lot!, 2, 4);
}

Deno.test("a lot is a unit's where all shards of both totals are, and stay", () => {
  assert.equal(holdOfLot(ALONE, lot!, 2, 4), "stays");
  const all = { "0/2": "stays", "0/4": "stays", "2/4": "stays" } as const;
  assert.equal(holdOf(all), "stays");
  assert.equal(holdOf({ ...all, "1/2": null }), "stays", "that one is of another lot");
  for (const shard of Object.keys(all)) {
    assert.equal(holdOf({ ...all, [shard]: "leaves" }), "leaves");
    assert.equal(holdOf({ ...all, [shard]: null }), null);
  }
  assert.equal(holdOf({ "0/2": "leaves", "0/4": "leaves" }), null);
});

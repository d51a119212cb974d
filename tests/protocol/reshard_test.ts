import assert from "node:assert/strict";
import { calculateShardId } from "../../protocol/ids.ts";
import { lotsOf } from "../../protocol/reshard.ts";

Deno.test("lotsOf() splits an old shard into its children where the total is a multiple", () => {
  assert.deepEqual(lotsOf(4, 8)[3], { rest: 3, from: [3], to: [3, 7] });
});

Deno.test("lotsOf() puts every guild's shards of both totals into one lot", () => {
  for (const [from, to] of [[1, 2], [2, 4], [8, 24], [16, 24], [8, 4], [5, 7]] as const) {
    const lots = lotsOf(from, to);
    for (let guild = 0n; guild < 1_000n; guild++) {
      const id = guild << 22n;
      const lot = lots[Number(guild % BigInt(lots.length))]!;
      assert.deepEqual(lot.from.includes(calculateShardId(id, from)), true);
      assert.deepEqual(lot.to.includes(calculateShardId(id, to)), true);
    }
    assert.deepEqual(lots.flatMap((lot) => lot.from).toSorted((a, b) => a - b).length, from);
    assert.deepEqual(lots.flatMap((lot) => lot.to).toSorted((a, b) => a - b).length, to);
  }
});

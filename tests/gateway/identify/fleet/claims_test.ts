import assert from "node:assert/strict";
import { claimName, claimsOf } from "../../../../gateway/identify/fleet/claims.ts";
import { TOLD } from "./words_stage.ts";

Deno.test("claimName() tells requests of other units, lives, shards, totals and turns apart", () => {
  const claim = { unit: "a", life: "1", total: 16, id: 3, turn: 7 };
  const others = [{ unit: "b" }, { life: "2" }, { total: 32 }, { id: 4 }, { turn: 8 }];
  const names = [claim, ...others.map((other) => ({ ...claim, ...other }))].map(claimName);
  assert.equal(names[0], "a 1 3/16 7");
  assert.equal(new Set(names).size, 6);
});

Deno.test("claimsOf() names all that a unit has told, and keeps what was used twice", () => {
  const used = [[4, 3, 2], [4, 3, 2]] as const;
  const claims = claimsOf({ ...TOLD, used });
  const names = [claims.expects, claims.wants, claims.holds].map((map) => [...map.keys()]);
  assert.deepEqual(names, [["a 1 0/4 0"], ["a 1 1/4 7"], ["a 1 2/4 5"]]);
  assert.deepEqual(claims.used.map(claimName), ["a 1 3/4 2", "a 1 3/4 2"]);
});

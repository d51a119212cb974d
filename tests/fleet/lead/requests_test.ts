import assert from "node:assert/strict";
import { firstAssignment } from "../../../fleet/assignment.ts";
import { changeOf, encodeGiven, encodeWanted } from "../../../fleet/lead/requests.ts";
import { plan } from "../../../fleet/plan.ts";
import { ownerIn } from "../../../protocol/fleet.ts";
import { card, NONE } from "../fleets.ts";

const NOW = plan(firstAssignment(12, "s"), { cards: [card("a")], unheard: NONE });
const SHARD = { total: 12, id: 3 };

Deno.test("changeOf() makes who was given a shard its owner, and nothing of what was said before", () => {
  const given = changeOf("given", encodeGiven({ unit: "a", shard: SHARD, to: "b" }));
  const [shares] = NOW.totals;
  const once = given({ ...NOW, totals: [{ ...shares!, moves: new Map([[SHARD.id, "b"]]) }] });
  assert.equal(ownerIn(once, SHARD), "b");
  assert.equal(given(once), once);
  assert.equal(given(NOW), NOW, "it is not to go there");
});

Deno.test("changeOf() has other totals served", () => {
  const both = changeOf("wanted", encodeWanted({ kind: "serve", totals: [12, 24], lots: 12 }))(NOW);
  assert.deepEqual([both.totals.map(({ total }) => total), both.lots], [[12, 24], 12]);
  const over = changeOf("wanted", encodeWanted({ kind: "serve", totals: [24], lots: null }))(both);
  assert.deepEqual([over.totals.map(({ total }) => total), over.lots], [[24], undefined]);
});

Deno.test("changeOf() refuses what cannot be, and says why", () => {
  const serve = (totals: number[], lots: number | null = null) => () =>
    changeOf("wanted", encodeWanted({ kind: "serve", totals, lots }));
  assert.throws(serve([12, 18], 12), {
    code: "refused",
    message: "Cannot change the totals of the fleet: 18 shards cannot be parted into 12 lots",
  });
  assert.throws(serve([12, 12]), { code: "refused" });
  for (const totals of [[], [0], [1.5], [1, 2, 3], [1e9]]) {
    assert.throws(serve(totals), {
      code: "bad_message",
      message: /wanted: totals .* one or two totals/,
    });
  }
  assert.throws(() => changeOf("wanted", { kind: "dance" }), { code: "bad_message" });
  assert.throws(() => changeOf("given", { unit: "a b" }), { code: "bad_message" });
});

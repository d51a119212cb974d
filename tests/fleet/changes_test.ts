import assert from "node:assert/strict";
import { firstAssignment } from "../../fleet/assignment.ts";
import { isGathered, withGiven, withTotals } from "../../fleet/changes.ts";
import { plan } from "../../fleet/plan.ts";
import { nextIn, ownerIn } from "../../protocol/fleet.ts";
import { card, NONE } from "./fleets.ts";

const [a, b] = [card("a"), card("b")];
const SHARD = { total: 4, id: 2 };

function moving() {
  return plan(plan(firstAssignment(4, "s"), { cards: [a], unheard: NONE }), {
    cards: [a, b],
    unheard: NONE,
  });
}

Deno.test("withGiven() makes who got a shard its owner, and ends the move", () => {
  const given = withGiven(moving(), SHARD, "a", "b")!;
  assert.deepEqual([ownerIn(given, SHARD), nextIn(given, SHARD)], ["b", null]);
  assert.deepEqual([ownerIn(given, { total: 4, id: 3 }), nextIn(given, { total: 4, id: 3 })], [
    "a",
    "b",
  ]);
});

Deno.test("withGiven() takes a shard from its owner only", () => {
  const given = withGiven(moving(), SHARD, "a", "b")!;
  assert.equal(withGiven(given, SHARD, "a", "b"), null);
  assert.equal(withGiven(given, { total: 5, id: 2 }, "a", "b"), null);
  assert.equal(withGiven(given, { total: 4, id: 7 }, "a", "b"), null);
  // Who gave it takes it back, and runs it: a word that comes late must not take it from there.
  assert.equal(withGiven(given, SHARD, "b", "a"), null, "it is not to go there");
  assert.equal(withGiven(moving(), SHARD, "a", "c"), null, "it is to go elsewhere");
});

Deno.test("withTotals() keeps the shards of totals that stay", () => {
  const now = moving();
  const both = withTotals(now, [4, 8], 4);
  assert.equal(both.totals[0], now.totals[0]);
  assert.deepEqual([both.totals[1]!.owners.length, both.lots], [8, 4]);
  const over = withTotals(both, [8], null);
  assert.deepEqual([over.totals.length, over.lots], [1, undefined]);
});

Deno.test("isGathered() is true once nothing moves and every lot is on one unit", () => {
  assert.equal(isGathered(firstAssignment(4, "s")), false);
  assert.equal(isGathered(moving()), false);
  const dealt = plan(firstAssignment(4, "s"), { cards: [a, b], unheard: NONE });
  assert.equal(isGathered(dealt), true);
  assert.equal(isGathered(withTotals(dealt, [4], 2)), false);
  assert.equal(isGathered(withTotals(dealt, [4], 4)), true);
});

import assert from "node:assert/strict";
import fc from "fast-check";
import {
  ASSIGNMENT_KEY,
  encodeAssignment,
  firstAssignment,
  parseAssignment,
} from "../../fleet/assignment.ts";
import { withTotals } from "../../fleet/changes.ts";
import { plan } from "../../fleet/plan.ts";
import type { Json } from "../../ports/fleet/bus.ts";
import type { Assignment } from "../../protocol/fleet.ts";
import { GatehouseError } from "../../protocol/errors.ts";
import { ASSIGNMENTS, card, CARDS, NONE } from "./fleets.ts";

function readBack(assignment: Assignment): Assignment {
  return parseAssignment(ASSIGNMENT_KEY, JSON.parse(JSON.stringify(encodeAssignment(assignment))));
}

function units(count: number) {
  return Array.from({ length: count }, (_, at) => card(`unit-${at}`));
}

Deno.test("parseAssignment() reads what encodeAssignment() has written", () => {
  fc.assert(fc.property(ASSIGNMENTS, CARDS, (before, cards) => {
    for (const assignment of [before, plan(before, { cards, unheard: NONE })]) {
      assert.deepEqual(readBack(assignment), assignment);
    }
    const total = before.totals[0]!.total;
    const lots = withTotals(before, [total, total * 3], total);
    assert.deepEqual(readBack(lots), lots);
  }));
});

Deno.test("encodeAssignment() is a few KB for 10,000 shards, dealt by lot as well", () => {
  const cards = units(40);
  const society = { cards, unheard: NONE };
  const first = plan(firstAssignment(10_000, "stream"), society);
  const size = (assignment: Assignment) => JSON.stringify(encodeAssignment(assignment)).length;
  assert.ok(size(first) < 3_000, `${size(first)}`);
  const died = plan(first, { cards: cards.slice(1), unheard: NONE });
  assert.ok(size(died) < 4_000, `${size(died)}`);
  const byLot = plan(withTotals(firstAssignment(10_000, "s"), [10_000, 16_000], 2_000), society);
  assert.ok(size(byLot) < 4_000, `${size(byLot)}`);
});

Deno.test("parseAssignment() takes names that objects have anyway for names like any other", () => {
  const cards = [card("__proto__", { services: ["__proto__"] }), card("toString")];
  const assignment = plan(firstAssignment(4, "s"), { cards, unheard: NONE });
  assert.deepEqual(Object.keys(assignment.clusters).toSorted(), ["__proto__", "toString"]);
  assert.deepEqual(readBack(assignment), assignment);
});

Deno.test("parseAssignment() gives an assignment or says which field is wrong, whatever it reads", () => {
  const written = encodeAssignment(
    plan(firstAssignment(10, "s"), { cards: units(2), unheard: NONE }),
  );
  const wrong = (change: { [name: string]: Json }, message: string) =>
    assert.throws(
      () => parseAssignment(ASSIGNMENT_KEY, { ...written as { [name: string]: Json }, ...change }),
      { code: "bad_message", message: `Cannot read key assignment: ${message} was wanted` },
    );
  const total = (more: { [name: string]: Json }) => ({
    totals: [{ total: 10, owners: {}, moves: {}, ...more }],
  });
  wrong({ epoch: -1 }, "epoch is -1, a whole number, at least 0");
  wrong({ totals: [] }, "totals is a list, at least one total");
  wrong(
    total({ owners: { a: "0-4", b: "4" } }),
    'totals[0].owners.b is "4", shards that no other has',
  );
  wrong(
    total({ owners: { a: "0-10" } }),
    'totals[0].owners.a is "0-10", ascending ranges of shards below 10',
  );
  wrong(total({ owners: { "a b": "0" } }), `totals[0].owners.a b is "0", under a unit's name`);
  wrong(total({ total: 1e6 }), "totals[0].total is 1000000, at most 100000");
  wrong({ ...total({}), lots: 3 }, "totals[0].total is 10, a multiple of 3 lots");
  wrong({ clusters: { a: 3 } }, "clusters.a is 3, an object");
  wrong({ services: { s: "no unit" } }, 'services.s is "no unit", a unit\'s name');
  fc.assert(fc.property(fc.json(), (text) => {
    try {
      parseAssignment(ASSIGNMENT_KEY, JSON.parse(text));
    } catch (error) {
      assert.ok(error instanceof GatehouseError && error.code === "bad_message", String(error));
    }
  }));
});

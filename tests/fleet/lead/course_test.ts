import assert from "node:assert/strict";
import { firstAssignment } from "../../../fleet/assignment.ts";
import { withTotals } from "../../../fleet/changes.ts";
import { courseOf } from "../../../fleet/lead/course.ts";
import { plan } from "../../../fleet/plan.ts";
import { card, ended, NONE } from "../fleets.ts";

const [a, b] = [card("a", { services: ["counter"] }), card("b", { services: ["counter"] })];
const NOBODYS = firstAssignment(4, "s");
const ALONE = plan(NOBODYS, { cards: [a], unheard: NONE });
const JOINED = plan(ALONE, { cards: [a, b], unheard: NONE });

Deno.test("courseOf() says which shards have other owners, which are to move, and when that is over", () => {
  assert.deepEqual(courseOf(NOBODYS, ALONE), [
    { event: "shards have other owners", fields: { total: 4, "nobody → a": "0-3" } },
    { event: "services run on other units", fields: { counter: "a" } },
  ]);
  assert.deepEqual(courseOf(ALONE, JOINED), [
    { event: "shards are to move", fields: { total: 4, "a → b": "2-3" } },
  ]);
  const { assignment } = ended(JOINED, [a, b]);
  assert.deepEqual(courseOf(JOINED, assignment), [
    { event: "shards have other owners", fields: { total: 4, "a → b": "2-3" } },
    { event: "all shards are where they are to be", fields: { total: 4 } },
  ]);
  const died = plan(assignment, { cards: [b], unheard: NONE });
  assert.deepEqual(courseOf(assignment, died), [
    { event: "shards have other owners", fields: { total: 4, "a → b": "0-1" } },
    { event: "services run on other units", fields: { counter: "b" } },
  ]);
  assert.deepEqual(courseOf(died, died), []);
});

Deno.test("courseOf() says that a total is given up", () => {
  const both = withTotals(ALONE, [4, 8], null);
  assert.deepEqual(courseOf(both, withTotals(both, [4], null)), [
    { event: "total is given up", fields: { total: 8 } },
  ]);
});

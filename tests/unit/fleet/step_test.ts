import assert from "node:assert/strict";
import type { Assignment } from "../../../protocol/fleet.ts";
import { AWAY, HELD, originOf, type Standing, taskOf } from "../../../unit/fleet/step.ts";

const SHARD = { total: 2, id: 0 };
const GIVEN_TO_B: Standing = { is: "given", to: "b" };

function assignmentOf(owner: string | null, next: string | null = null): Assignment {
  const moves = new Map(next === null ? [] : [[0, next]]);
  const totals = [{ total: 2, owners: [owner, "b"], moves }];
  return { epoch: 7, stream: "s", totals, services: {}, clusters: {} };
}

const TABLE: readonly (readonly [
  what: string,
  assignment: Assignment,
  standing: Standing,
  task: unknown,
])[] = [
  ["takes what is its own", assignmentOf("a"), AWAY, { do: "take" }],
  ["takes what is to go, before it gives it", assignmentOf("a", "b"), AWAY, { do: "take" }],
  ["leaves others' shards alone", assignmentOf("b"), AWAY, null],
  ["takes nothing that is nobody's", assignmentOf(null), AWAY, null],
  ["keeps what is its own", assignmentOf("a"), HELD, null],
  [
    "keeps what is nobody's in the words of a leader that knows nothing",
    assignmentOf(null),
    HELD,
    null,
  ],
  ["gives what is to go", assignmentOf("a", "b"), HELD, { do: "give", to: "b" }],
  ["gives nothing to itself", assignmentOf("a", "a"), HELD, null],
  ["loses what is another's", assignmentOf("b"), HELD, { do: "lose" }],
  ["waits until what it has given is written", assignmentOf("a", "b"), GIVEN_TO_B, null],
  ["takes back what is not to go any more", assignmentOf("a"), GIVEN_TO_B, { do: "take" }],
  ["takes back what is to go to somebody else", assignmentOf("a", "c"), GIVEN_TO_B, { do: "take" }],
  ["forgets what it has given once the other has it", assignmentOf("b"), GIVEN_TO_B, {
    do: "lose",
  }],
];

for (const [what, assignment, standing, task] of TABLE) {
  Deno.test(`a unit ${what}`, () => {
    assert.deepEqual(taskOf(assignment, "a", SHARD, standing), task);
  });
}

Deno.test("a shard of a total that the assignment does not know is none of its business", () => {
  assert.equal(taskOf(assignmentOf("a"), "a", { total: 4, id: 0 }, HELD), null);
});

Deno.test("what was to come from a unit that lives was given; else who had it is dead", () => {
  const cases = [
    [assignmentOf("b", "a"), ["a", "b"], null, { from: "given", by: "b" }],
    [assignmentOf("b", "a"), ["a"], null, { from: "dead", by: "b" }],
    [assignmentOf("b"), ["a", "b"], null, { from: "dead", by: "b" }],
    [assignmentOf("b"), ["a"], "c", { from: "dead", by: "b" }],
    [null, ["a"], null, { from: "given", by: null }],
    [null, ["a"], "a", { from: "given", by: "a" }],
    [null, ["a"], "b", { from: "dead", by: "b" }],
    [assignmentOf(null), ["a"], "b", { from: "dead", by: "b" }],
  ] as const;
  for (const [before, members, written, expected] of cases) {
    assert.deepEqual(originOf(before, "a", members, SHARD, written), expected);
  }
});

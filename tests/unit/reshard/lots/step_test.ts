import assert from "node:assert/strict";
import fc from "fast-check";
import { LOT_PHASES, type LotPhase } from "../../../../protocol/reshard.ts";
import { newLot, step } from "../../../../unit/reshard/lots/step.ts";
import { CELLS } from "../../../../unit/reshard/lots/table.ts";
import type { Effect, Input, State, Way } from "../../../../unit/reshard/lots/words.ts";

const KINDS = [
  "begin",
  "whole",
  "broken",
  "alone",
  "armed",
  "doubted",
  "cut",
  "written",
  "unwritten",
  "ended",
  "unended",
  "turn",
] as const;
const input = (kind: Input["kind"]): Input => ({ kind, reason: "why" } as Input);
const at = (kind: LotPhase, way: Way = "there"): State => (
  { kind, way, isTurned: false, reason: "" }
);

/** The phases that inputs lead to one after another, with what is to be done. */
function walk(state: State, ...kinds: Input["kind"][]): string[] {
  return kinds.map((kind) => {
    const [next, ...effects] = step(state, input(kind));
    state = next;
    const way = state.way === "there" ? "" : " back";
    return [`${state.kind}${way}`, ...effects.map((effect) => effect.do)].join(", ");
  });
}

Deno.test("step() takes a lot from one total to the other", () => {
  assert.deepEqual(
    walk(newLot("there", false), "begin", "whole", "armed", "cut", "written", "ended"),
    [
      "rising, raise",
      "comparing, compare",
      "holding, hold",
      "writing, stop comparing, write",
      "ending, serve, end",
      "moved",
    ],
  );
});

Deno.test("step() goes back to rising when a shard of the lot breaks before it is written down", () => {
  assert.deepEqual(walk(at("rising"), "broken"), ["rising"]);
  assert.deepEqual(walk(at("comparing"), "broken"), ["rising, stop comparing"]);
  assert.deepEqual(walk(at("holding"), "broken", "whole"), [
    "rising, lift, stop comparing",
    "comparing, compare",
  ]);
  for (const phase of ["waiting", "writing", "ending", "moved"] as const) {
    assert.deepEqual(walk(at(phase), "broken"), [phase]);
  }
});

Deno.test("step() compares on when what it was held for is in doubt", () => {
  assert.deepEqual(walk(at("holding"), "doubted", "armed"), ["comparing, lift", "holding, hold"]);
});

Deno.test("step() holds at once where the old shards have stopped for good", () => {
  assert.deepEqual(walk(at("rising"), "alone", "cut"), [
    "holding, compare, hold",
    "writing, stop comparing, write",
  ]);
});

Deno.test("step() ends what has risen when the lot is turned before it is written down", () => {
  assert.deepEqual(walk(at("waiting"), "turn", "ended"), ["ending back, end", "moved back"]);
  assert.deepEqual(walk(at("rising"), "turn"), ["ending back, end"]);
  assert.deepEqual(walk(at("comparing"), "turn"), ["ending back, stop comparing, end"]);
  assert.deepEqual(walk(at("holding"), "turn"), ["ending back, lift, stop comparing, end"]);
});

Deno.test("step() finishes what was written down, or may have been, before it turns", () => {
  const [writing, ending] = ["writing", "ending, serve, end"];
  assert.deepEqual(walk(at("writing"), "turn", "written", "ended", "begin"), [
    ...[writing, ending, "waiting back", "rising back, raise"],
  ]);
  assert.deepEqual(walk(at("writing"), "turn", "turn", "written", "ended"), [
    ...[writing, writing, ending, "moved"],
  ]);
  assert.deepEqual(walk(at("ending"), "turn", "ended"), ["ending", "waiting back"]);
  assert.deepEqual(walk(at("moved"), "turn", "turn", "ended"), [
    ...["waiting back", "ending, end", "moved"],
  ]);
});

Deno.test("step() tries again what may not have been done, and says why", () => {
  for (const [phase, kind] of [["writing", "unwritten"], ["ending", "unended"]] as const) {
    const [state, effect] = step(at(phase), input(kind));
    assert.equal(state.kind, phase);
    assert.match(state.reason, /: why$/);
    assert.deepEqual(effect, { do: phase === "writing" ? "write" : "end", isAgain: true });
  }
});

Deno.test("newLot() ends what may be left of the other total where a lot is at its goal", () => {
  assert.equal(newLot("there", true).kind, "ending");
  assert.equal(newLot("back", false).kind, "waiting");
});

Deno.test("step() refuses what has no place, and names it", () => {
  assert.throws(
    () => step(at("waiting"), input("written")),
    { code: "illegal_step", message: /written is not expected while waiting/ },
  );
});

Deno.test("step() keeps its promises whatever comes: one owner, no hold without its end, no way back by itself", () => {
  const inputs = fc.array(fc.constantFrom(...KINDS), { maxLength: 60 });
  fc.assert(fc.property(fc.constantFrom<Way>("there", "back"), inputs, (way, kinds) => {
    let state = newLot(way, false);
    // Which total owns the lot, as what is written has it; what serves, is held, has risen.
    let owner: Way = way === "there" ? "back" : "there";
    let [isHeld, isCompared] = [false, false];
    for (const kind of kinds) {
      if (!(kind in CELLS[state.kind])) continue;
      const before = state;
      const [next, ...effects] = step(state, input(kind));
      state = next;
      const done = new Set(effects.map((effect: Effect) => effect.do));
      if (kind === "written") owner = before.way;
      // Only a new side that owns the lot may serve, and only one that does not may end.
      if (done.has("serve")) assert.equal(owner, state.way);
      if (done.has("end")) assert.equal(owner, state.way, "what ends is never the owner");
      if (done.has("raise")) assert.notEqual(owner, state.way);
      if (done.has("lift")) assert.ok(isHeld);
      if (done.has("hold")) assert.ok(!isHeld);
      isHeld = done.has("hold") || (isHeld && !done.has("lift") && !done.has("end"));
      assert.equal(isHeld, ["holding", "writing"].includes(state.kind));
      isCompared = done.has("compare") || (isCompared && !done.has("stop comparing"));
      assert.equal(isCompared, ["comparing", "holding"].includes(state.kind));
      assert.ok(LOT_PHASES.includes(state.kind));
    }
  }));
});

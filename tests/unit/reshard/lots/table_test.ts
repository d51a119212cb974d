import assert from "node:assert/strict";
import { LOT_PHASES, type LotPhase } from "../../../../protocol/reshard.ts";
import { CELLS } from "../../../../unit/reshard/lots/table.ts";
import type { Input, State } from "../../../../unit/reshard/lots/words.ts";

/** Phases that one input leads to from a phase. */
function nexts(kind: LotPhase): Set<LotPhase> {
  const cells = Object.values(CELLS[kind]) as ((state: State, input: Input) => State)[];
  const state: State = { kind, way: "there", isTurned: false, reason: "" };
  const input = { kind: "broken", reason: "" } as const;
  return new Set(cells.map((cell) => cell(state, input).kind));
}

Deno.test("every phase of the table can be turned and takes a shard that breaks", () => {
  for (const phase of LOT_PHASES) {
    assert.ok("turn" in CELLS[phase], phase);
    assert.ok("broken" in CELLS[phase], phase);
  }
});

Deno.test("the table leads back from every phase until it is written, and from none after that", () => {
  for (const phase of ["rising", "comparing", "holding"] as const) {
    assert.ok(nexts(phase).has("rising"), phase);
  }
  assert.deepEqual(nexts("writing"), new Set(["ending", "rising", "writing"]));
  const writing: State = { kind: "writing", way: "there", isTurned: false, reason: "" };
  const loops = Object.entries(CELLS.writing).filter(([input]) => input !== "shut");
  const ends = loops.map(([, cell]) =>
    (cell as (state: State, input: Input) => State)(writing, { kind: "broken", reason: "" }).kind
  );
  assert.ok(!ends.includes("rising"), "but where it was surely not written");
  assert.deepEqual(nexts("ending"), new Set(["moved", "ending"]));
  assert.deepEqual(nexts("moved"), new Set(["waiting", "moved"]));
});

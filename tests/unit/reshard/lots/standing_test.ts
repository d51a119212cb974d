import assert from "node:assert/strict";
import type { LotPhase } from "../../../../protocol/reshard.ts";
import { NO_IDENTIFIES } from "../../../../unit/blank.ts";
import { snapshotOf, type Standing } from "../../../../unit/reshard/lots/standing.ts";
import { NO_TALLY } from "../../../../unit/reshard/record.ts";

const MOVE = {
  to: 4,
  goal: 4,
  by: "operator",
  startedAtMs: 0,
  isPaused: false,
  failed: null,
} as const;

function lot(rest: number, phase: LotPhase) {
  const snapshot = { rest, from: [rest], to: [rest, rest + 2], phase, reason: "why", sinceMs: 0 };
  return { ...snapshot, need: { shards: 0, identifies: 0 } };
}

function told(changed: Partial<Standing> = {}) {
  const gate = { ...NO_IDENTIFIES, remaining: 9, reserve: 2, total: 9 };
  const standing = { from: 2, move: MOVE, final: null, tally: NO_TALLY, held: null, gate };
  return snapshotOf({ ...standing, lots: [lot(0, "moved"), lot(1, "waiting")], ...changed });
}

Deno.test("snapshotOf() says what the first lot under way waits for", () => {
  const { state, reason } = told({ lots: [lot(0, "moved"), lot(1, "rising")] });
  assert.deepEqual([state, reason], ["running", "shards 1 of 2 to 1,3 of 4: why"]);
});

Deno.test("snapshotOf() says why none is under way", () => {
  assert.equal(told().reason, "it is about to go on");
  assert.equal(told({ held: "no identifies" }).reason, "no identifies");
  const { state, reason, leftMs } = told({ move: { ...MOVE, isPaused: true } });
  assert.deepEqual([state, reason, leftMs], ["paused", "it is paused", null]);
});

Deno.test("snapshotOf() says where it goes, and how it has ended", () => {
  assert.equal(told({ move: { ...MOVE, goal: 2 } }).state, "cancelling");
  const { state, reason, leftMs, identifiesLeft } = told({ final: "done" });
  assert.deepEqual([state, reason, leftMs], ["done", "4 shards serve all guilds", 0]);
  assert.equal(identifiesLeft, 7);
  const failed = told({ final: "failed", move: { ...MOVE, goal: 2, failed: "closed 4010" } });
  assert.deepEqual([failed.state, failed.reason], ["failed", "closed 4010"]);
});

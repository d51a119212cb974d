import assert from "node:assert/strict";
import { parseRecord } from "../../../../unit/reshard/written/parse.ts";
import { cutsTo as cuts, HALF as half } from "../../../support/records.ts";
import { NO_TALLY, withMove } from "../../../../unit/reshard/record.ts";

Deno.test("parseRecord() takes nothing that is not whole", () => {
  assert.deepEqual(parseRecord(structuredClone(half)), half);
  const between = withMove(half, { startedAtMs: 1000.25 });
  assert.deepEqual(parseRecord(between), between, "a clock may tell parts of a ms");
  const move = half.move!;
  const wrong: object[] = [
    { total: 1e9 },
    { asked: 0 },
    { cuts: null },
    { cuts: { "1-4": cuts(1) } },
    { cuts: { "1/4": { ...cuts(1), through: -1 } } },
    { cuts: { "1/4": { ...cuts(1), guilds: { "1": "2" } } } },
    { cuts: { "1/4": { ...cuts(1), from: [{ total: 2, id: 2 }] } } },
    { cuts: { "1/4": { ...cuts(1), loads: [1] } } },
    { move: undefined },
    { move: { ...move, to: 2 } },
    { move: { ...move, goal: 8 } },
    { move: { ...move, moved: [2] } },
    { move: { ...move, moved: [1, 1] } },
    { move: { ...move, by: "me" } },
    { move: { ...move, isPaused: 1 } },
    { move: { ...move, failed: undefined } },
    { move: { ...move, startedAtMs: "now" } },
    { turn: -1 },
    { move: { ...move, steered: -1 } },
    { move: { ...move, words: { 2: { epoch: 0, count: 1 } } } },
    { move: { ...move, words: { 1: { epoch: 0, count: "1" } } } },
    { move: { ...move, tallies: { a: { ...NO_TALLY, forced: null } } } },
  ];
  for (const changed of wrong) {
    assert.equal(typeof parseRecord({ ...half, ...changed }), "string", JSON.stringify(changed));
  }
  for (const other of [undefined, null, 1, []]) assert.equal(typeof parseRecord(other), "string");
});

Deno.test("parseRecord() takes what a unit has written before there were fleets", () => {
  const { turn: _, ...before } = half;
  const { words: _words, tallies: _tallies, steered: _steered, ...move } = half.move!;
  const read = parseRecord({ ...before, move: { ...move, tally: { ...NO_TALLY, guilds: 7 } } });
  assert.deepEqual(read, {
    ...half,
    turn: 0,
    move: { ...half.move, words: {}, tallies: { "": { ...NO_TALLY, guilds: 7 } } },
  });
});

import assert from "node:assert/strict";
import { Alignment, type Side } from "../../../unit/reshard/alignment.ts";

const PATIENCE_MS = 5_000;

/** Two rows, both whole from 0, and who is whose twin. */
function rows() {
  const twins: string[] = [];
  const events = new Alignment(PATIENCE_MS, (a, b) => twins.push(`${a.cursor}=${b.cursor}`));
  const cursors = { from: 0, to: 100 };
  return {
    events,
    see(side: Side, key: string, atMs: number) {
      events.see(side, { shardId: 0, cursor: ++cursors[side], key, atMs }, PATIENCE_MS);
    },
    settle: (nowMs: number) => events.settle(nowMs, PATIENCE_MS),
    /** Matches since the last time. */
    matched: () => twins.splice(0),
  };
}

Deno.test("Alignment matches at once what is there once, whichever side is first", () => {
  const { see, matched } = rows();
  see("from", "M 1", 10);
  see("to", "M 1", 900);
  see("to", "M 2", 1_000);
  see("from", "M 2", 1_010);
  assert.deepEqual(matched(), ["1=101", "2=102"]);
});

Deno.test("Alignment matches what recurs by its place after an event that both got", () => {
  const { see, matched } = rows();
  see("from", "M 1", 10);
  for (const atMs of [20, 30, 40]) see("from", "~p", atMs);
  for (const key of ["M 1", "~p", "~p"]) see("to", key, 500);
  assert.deepEqual(matched(), ["1=101", "2=102", "3=103"]);
});

Deno.test("Alignment matches nothing that recurs before it is sure that no twin came before its time", () => {
  const { see, matched, settle } = rows();
  see("from", "~p", 100);
  see("to", "~p", 200);
  assert.deepEqual(matched(), []);
  settle(5_300);
  assert.deepEqual(matched(), ["1=101"]);
  see("from", "~q", 6_000);
  see("to", "~q", 6_100);
  assert.deepEqual(matched(), ["2=102"]);
});

Deno.test("Alignment begins where nothing came for so long, though the same came on both sides again and again", () => {
  const { see, matched } = rows();
  for (let atMs = 9_000; atMs < 20_000; atMs += 2_000) {
    see("to", "~p", atMs);
    see("from", "~p", atMs + 1_500);
  }
  assert.deepEqual(matched(), ["1=101", "2=102", "3=103", "4=104", "5=105", "6=106"]);
});

Deno.test("Alignment goes on past an event that one side lacks, and before it from the next that both got", () => {
  const { see, matched } = rows();
  see("from", "M 1", 10);
  see("to", "M 1", 10);
  assert.deepEqual(matched(), ["1=101"]);
  for (const key of ["~m", "~p"]) see("from", key, 20);
  see("to", "~p", 30);
  assert.deepEqual(matched(), []);
  see("from", "M 2", 40);
  see("to", "M 2", 50);
  assert.deepEqual(matched(), ["4=103", "3=102"]);
});

Deno.test("Alignment gives up what is late, and goes on", () => {
  const { see, matched, settle } = rows();
  see("from", "M 1", 10);
  see("to", "M 1", 10);
  matched();
  for (const key of ["~m", "~p"]) see("from", key, 20);
  see("to", "~p", 4_000);
  settle(5_010);
  assert.deepEqual(matched(), []);
  settle(5_030);
  assert.deepEqual(matched(), ["3=102"]);
});

Deno.test("Alignment takes a second one for another event, not for the same again", () => {
  const { see, matched } = rows();
  for (const key of ["M 1", "M 1", "M 2"]) see("from", key, 10);
  for (const key of ["M 1", "M 1", "M 2"]) see("to", key, 20);
  assert.deepEqual(matched(), ["1=101", "2=102", "3=103"]);
  for (const key of ["M 3", "M 3", "M 4"]) see("from", key, 30);
  for (const key of ["M 3", "M 4"]) see("to", key, 40);
  assert.deepEqual(matched(), ["4=104", "6=105"]);
});

Deno.test("Alignment takes one that came much later for the same where it is there once", () => {
  const { see, matched } = rows();
  see("from", "M 1", 10);
  see("from", "M 2", 20_000);
  see("to", "M 1", 30_000);
  assert.deepEqual(matched(), ["1=101"]);
});

Deno.test("Alignment takes no two for one that are in another order", () => {
  const { see, matched } = rows();
  see("from", "M 1", 10);
  see("from", "M 2", 10);
  see("to", "M 2", 20);
  see("to", "M 1", 20);
  assert.deepEqual(matched(), ["2=101"]);
});

Deno.test("Alignment forgets, and begins anew where it forgot what was open", () => {
  const { events, see, matched } = rows();
  see("from", "M 1", 10);
  see("to", "M 1", 10);
  matched();
  for (const key of ["~m", "~p"]) see("from", key, 20);
  see("to", "~p", 30);
  assert.equal(events.forget(25, PATIENCE_MS), true);
  assert.deepEqual([events.of("from").length, events.of("to").length], [0, 1]);
  assert.equal(events.isAligned, false);
  see("from", "~p", 40);
  assert.deepEqual(matched(), []);
  assert.equal(events.forget(50, PATIENCE_MS), false);
});

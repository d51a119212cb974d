import assert from "node:assert/strict";
import { MOST_TYPES, TypeTally } from "../../intake/type_tally.ts";

Deno.test("TypeTally counts each type, and adds up what others counted", () => {
  const tally = new TypeTally();
  tally.count("MESSAGE_CREATE");
  tally.count("MESSAGE_CREATE");
  tally.add({ TYPING_START: 3, MESSAGE_CREATE: 5 });
  assert.deepEqual(tally.totals, { MESSAGE_CREATE: 7, TYPING_START: 3 });
});

Deno.test("TypeTally gives each count once", () => {
  const tally = new TypeTally();
  tally.count("READY");
  assert.deepEqual(tally.take(), { READY: 1 });
  assert.deepEqual(tally.take(), {});
  tally.count("RESUMED");
  assert.deepEqual(tally.take(), { RESUMED: 1 });
});

Deno.test("TypeTally keeps so many names and no more, and none that does not look like one", () => {
  const tally = new TypeTally();
  for (let i = 0; i < MOST_TYPES + 7; i++) {
    tally.count(`${String.fromCharCode(65 + i % 26)}${"_".repeat(1 + Math.floor(i / 26))}`);
  }
  assert.equal(tally.totals.other, 7);
  assert.equal(Object.keys(tally.totals).length, MOST_TYPES + 1);
  tally.count("A_");
  assert.equal(tally.totals.A_, 2, "one that is known still counts as itself");
  const strange = new TypeTally();
  for (const t of ["", "lower", "A".repeat(65), "__proto__", 'A"\n', "other"]) strange.count(t);
  assert.deepEqual(strange.totals, { other: 6 });
  strange.add({ other: 4 });
  assert.deepEqual(strange.totals, { other: 10 });
});

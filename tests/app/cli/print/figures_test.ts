import assert from "node:assert/strict";
import {
  bar,
  count,
  median,
  milliseconds,
  short,
  since,
  stateStyle,
  sum,
} from "../../../../app/cli/print/figures.ts";

Deno.test("figures are as a person reads them, and a dash where none is known", () => {
  assert.deepEqual([1234567, 0, null, undefined].map(count), ["1,234,567", "0", "–", "–"]);
  assert.deepEqual([0.4, 12.6, 3210, null].map(milliseconds), ["0 ms", "13 ms", "3.2 s", "–"]);
  assert.deepEqual([-5, 44_000, 464_000, 11_520_000, 356_400_000].map(short), [
    ...["0s", "44s", "7m44s", "3h12m", "4d3h"],
  ]);
  assert.deepEqual([since(1_000, 62_000), since(9_000, 1_000)], ["1 min 1 s", "0 s"]);
});

Deno.test("median() and sum() of nothing are nothing", () => {
  assert.deepEqual([median([]), median([9, 1, 5])], [null, 5]);
  assert.equal(sum([{ a: 1 }, {}, { a: 2 }] as { a?: number }[], ({ a }) => a), 3);
});

Deno.test("bar() is as full as its part, and never fuller than full", () => {
  assert.deepEqual([0, 0.5, 1, 2, -1].map((part) => bar(part, 4)), [
    "░░░░",
    "██░░",
    "████",
    "████",
    "░░░░",
  ]);
});

Deno.test("only a shard that is ready is green", () => {
  assert.equal(stateStyle("ready"), "green");
  assert.equal(stateStyle("backing off"), "red");
  assert.equal(stateStyle("resuming"), "yellow");
});

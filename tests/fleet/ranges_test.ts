import assert from "node:assert/strict";
import fc from "fast-check";
import { parseRanges } from "../../fleet/ranges.ts";
import { rangesText } from "../../protocol/ids.ts";

Deno.test("parseRanges() reads what rangesText() has written", () => {
  fc.assert(fc.property(fc.uniqueArray(fc.nat({ max: 500 })), (drawn) => {
    const numbers = drawn.toSorted((a, b) => a - b);
    assert.deepEqual(parseRanges(rangesText(drawn, ","), 501), numbers);
  }));
});

Deno.test("parseRanges() takes nothing else", () => {
  for (
    const text of ["x", "1-", "-1", "3-2", "1,1", "2,1", "1-3,3", "9", "0-9", " 1", "1,,2", 3, null]
  ) {
    assert.equal(parseRanges(text, 9), null, String(text));
  }
});

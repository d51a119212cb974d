import assert from "node:assert/strict";
import { isSameRecord } from "../../fleet/same_record.ts";

Deno.test("isSameRecord() compares names and what is under them", () => {
  const isSame = (a: number, b: number) => a === b;
  assert.equal(isSameRecord({ a: 1, b: 2 }, { b: 2, a: 1 }, isSame), true);
  assert.equal(isSameRecord({ a: 1 }, { a: 2 }, isSame), false);
  assert.equal(isSameRecord({ a: 1 }, { b: 1 }, isSame), false);
  assert.equal(isSameRecord({ a: 1 }, { a: 1, b: 1 }, isSame), false);
  assert.equal(isSameRecord<unknown>({ toString: 1 }, {}, () => true), false);
});

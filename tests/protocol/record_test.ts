import assert from "node:assert/strict";
import { isRecord } from "../../protocol/record.ts";

Deno.test("isRecord() takes objects with fields, and neither null nor lists", () => {
  assert.equal(isRecord({}), true);
  for (const other of [null, [], "{}", 1, undefined]) assert.equal(isRecord(other), false);
});

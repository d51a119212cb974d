import assert from "node:assert/strict";
import { CliFailure, EXIT, EXIT_MEANINGS } from "../../../app/cli/exit.ts";

Deno.test("no two endings have one code, and each says something", () => {
  const codes = Object.values(EXIT);
  assert.equal(new Set(codes).size, codes.length);
  assert.deepEqual(Object.keys(EXIT_MEANINGS), Object.keys(EXIT));
});

Deno.test("a CliFailure is an error with a code", () => {
  const failure = new CliFailure(EXIT.UNREACHABLE, "nobody there");
  assert.ok(failure instanceof Error);
  assert.deepEqual([failure.code, failure.message, failure.brief], [
    3,
    "nobody there",
    "nobody there",
  ]);
});

import assert from "node:assert/strict";
import { wholeBetween } from "../../../app/cli/arguments.ts";

Deno.test("wholeBetween() takes whole numbers within bounds, and says what it wants of others", () => {
  const read = wholeBetween(1, 16);
  assert.deepEqual(["1", "16"].map(read), [1, 16]);
  for (const text of ["0", "17", "-1", "1.5", "1e1", "0x1", "", " 1", "many"]) {
    assert.throws(() => read(text), {
      code: "commander.invalidArgument",
      message: "Expected a whole number from 1 to 16.",
    }, text);
  }
});

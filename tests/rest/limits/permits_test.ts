import assert from "node:assert/strict";
import { GatehouseError } from "../../../protocol/errors.ts";
import { TooLong } from "../../../rest/limits/permits.ts";

Deno.test("TooLong says what a request waited for, and when to try again", () => {
  const error = new TooLong("the global limit is used up", 1500);
  assert.ok(error instanceof GatehouseError);
  assert.equal(error.code, "deadline");
  assert.equal(error.message, "Cannot send in time: the global limit is used up");
  assert.equal(error.retryAfterMs, 1500);
});

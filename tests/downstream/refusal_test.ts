import assert from "node:assert/strict";
import { closeReason } from "../../downstream/refusal.ts";

Deno.test("closeReason() cuts to what a close frame holds, between two characters", () => {
  assert.equal(closeReason("Not authenticated."), "Not authenticated.");
  assert.equal(closeReason("x".repeat(200)), "x".repeat(123));
  assert.equal(closeReason("é".repeat(200)), "é".repeat(61));
});

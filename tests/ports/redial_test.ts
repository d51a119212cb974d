import assert from "node:assert/strict";
import { redialDelayMs } from "../../ports/redial.ts";

Deno.test("redialDelayMs() keeps at least half of the delay", () => {
  assert.equal(redialDelayMs(1, () => 0), 125);
  assert.equal(redialDelayMs(99, () => 0), 5000);
});

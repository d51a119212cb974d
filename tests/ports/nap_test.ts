import assert from "node:assert/strict";
import { threadNap } from "../../ports/nap.ts";

Deno.test("a thread's nap holds it up for as long as it was asked to, and ends", () => {
  const fromMs = performance.now();
  threadNap()(1);
  // The kernel may round, but it does not come back at once.
  assert.ok(performance.now() - fromMs >= 0.9, "it did not sleep");
});

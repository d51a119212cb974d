import assert from "node:assert/strict";
import { perSecondOf } from "../../app/open_rest.ts";

Deno.test("a bot has 50 requests per second, a large one more", () => {
  const limits = [1, 2, 15, 16, 32, 64].map(perSecondOf);
  assert.deepEqual(limits, [50, 50, 50, 500, 800, 1600]);
});

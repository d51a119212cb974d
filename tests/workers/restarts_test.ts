import assert from "node:assert/strict";
import { BUDGET_WINDOW_MS, RESTART_BUDGET, restartDelayMs } from "../../workers/restarts.ts";

Deno.test("restartDelayMs() starts at once, then doubles from half a second to 30 s", () => {
  const delays = Array.from(
    { length: RESTART_BUDGET },
    (_, starts) => restartDelayMs(Array(starts).fill(0), 1),
  );
  assert.deepEqual(delays, [0, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
});

Deno.test("restartDelayMs() gives up when the budget is used up", () => {
  assert.equal(restartDelayMs(Array(RESTART_BUDGET).fill(0), 1), null);
  assert.equal(restartDelayMs(Array(100).fill(0), 1), null);
});

Deno.test("restartDelayMs() forgives what is ten minutes ago, not a moment less", () => {
  const startsMs = Array(RESTART_BUDGET).fill(0);
  assert.equal(restartDelayMs(startsMs, BUDGET_WINDOW_MS - 1), null);
  assert.equal(restartDelayMs(startsMs, BUDGET_WINDOW_MS), 0);
  assert.equal(restartDelayMs([...startsMs, BUDGET_WINDOW_MS - 5], BUDGET_WINDOW_MS), 500);
});

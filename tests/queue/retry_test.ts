import assert from "node:assert/strict";
import { Retry, RETRY_MS } from "../../queue/retry.ts";
import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";

Deno.test("Retry tries again once, after a second", async () => {
  const clock = createVirtualClock();
  const retry = new Retry(clock);
  let tries = 0;
  retry.later(() => tries++);
  await clock.advance(RETRY_MS - 1);
  assert.deepEqual([tries, retry.isPending], [0, true]);
  await clock.advance(10 * RETRY_MS);
  assert.deepEqual([tries, retry.isPending, retry.isOver], [1, false, false]);
});

Deno.test("Retry that is over tries nothing, be it asked before or after", async () => {
  const clock = createVirtualClock();
  const retry = new Retry(clock);
  let tries = 0;
  retry.later(() => tries++);
  retry.end();
  retry.later(() => tries++);
  assert.deepEqual([clock.pending, retry.isPending, retry.isOver], [0, false, true]);
  await clock.advance(10 * RETRY_MS);
  assert.equal(tries, 0);
});

import assert from "node:assert/strict";
import { eventsDue, waitMs } from "../../../bench/pipeline/pacing.ts";

Deno.test("eventsDue() counts an event every 1/rate s", () => {
  assert.equal(eventsDue(0, 5_000), 0);
  assert.equal(eventsDue(0.19, 5_000), 0);
  assert.equal(eventsDue(0.2, 5_000), 1);
  assert.equal(eventsDue(2_000, 100), 200);
});

Deno.test("waitMs() ends a little before the next event is due, and never waits for long", () => {
  assert.ok(Math.abs(waitMs(0, 5_000, 0) - 0.12) < 1e-9);
  assert.equal(waitMs(0.15, 5_000, 0), 0);
  assert.equal(waitMs(0, 100, 0), 1);
});

Deno.test("a generator that waits so sends events one by one, and none too few", () => {
  const perSecond = 1_000;
  const batches: number[] = [];
  let sent = 0;
  // A turn takes 0.03 ms, and a wait lasts 0.08 ms longer than asked for.
  for (let nowMs = 0; nowMs < 1_000;) {
    const due = eventsDue(nowMs, perSecond);
    if (due > sent) batches.push(due - sent);
    sent = due;
    const wait = waitMs(nowMs + 0.03, perSecond, sent);
    nowMs += 0.03 + (wait > 0 ? wait + 0.08 : 0);
  }
  assert.ok(sent >= 999, `${sent} were sent`);
  assert.ok(batches.every((batch) => batch === 1));
});

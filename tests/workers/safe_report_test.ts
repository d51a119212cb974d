import assert from "node:assert/strict";
import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";
import { SAFE_AFTER_MS, SafeReport } from "../../workers/safe_report.ts";

function setUp() {
  const clock = createVirtualClock();
  const told: { atMs: number; safe: unknown }[] = [];
  const report: SafeReport = new SafeReport(
    clock,
    () => told.push({ atMs: clock.now(), safe: report.take() }),
  );
  return { clock, told, report };
}

Deno.test("SafeReport collects what becomes safe, and says when it is time, once", async () => {
  const { clock, told, report } = setUp();
  report.note("acknowledged", 0, 3);
  await clock.advance(SAFE_AFTER_MS - 1);
  report.note("acknowledged", 0, 5);
  report.note("stored", 1, 8);
  assert.deepEqual(told, []);
  await clock.advance(1);
  const safe = { type: "SAFE", acknowledged: { 0: 5 }, stored: { 1: 8 } };
  assert.deepEqual(told, [{ atMs: SAFE_AFTER_MS, safe }]);
  await clock.advance(10 * SAFE_AFTER_MS);
  assert.equal(told.length, 1);
});

Deno.test("SafeReport begins anew after it was taken", async () => {
  const { clock, told, report } = setUp();
  report.note("acknowledged", 0, 3);
  await clock.advance(SAFE_AFTER_MS);
  report.note("stored", 0, 4);
  await clock.advance(SAFE_AFTER_MS);
  assert.deepEqual(told.map(({ safe }) => safe), [
    { type: "SAFE", acknowledged: { 0: 3 }, stored: {} },
    { type: "SAFE", acknowledged: {}, stored: { 0: 4 } },
  ]);
});

Deno.test("SafeReport that was taken before its time has nothing left to say", async () => {
  const { clock, told, report } = setUp();
  assert.equal(report.take(), null);
  report.note("stored", 2, 9);
  assert.deepEqual(report.take(), { type: "SAFE", acknowledged: {}, stored: { 2: 9 } });
  await clock.advance(SAFE_AFTER_MS);
  assert.deepEqual(told.map(({ safe }) => safe), [null]);
});

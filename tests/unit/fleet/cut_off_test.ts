import assert from "node:assert/strict";
import { LEASE_MS } from "../../../protocol/fleet.ts";
import { createVirtualClock } from "../../../sim/mod.ts";
import { CutOff, DOUBT_AFTER_MS } from "../../../unit/fleet/cut_off.ts";

function stage(isUp = true) {
  const clock = createVirtualClock();
  const doubts: boolean[] = [];
  let tell: (isUp: boolean) => void = () => {};
  let changes = 0;
  const cutOff = new CutOff({
    clock,
    line: {
      isUp,
      watch(changed) {
        tell = changed;
        return () => tell = () => {};
      },
    },
    doubted: (isDoubted) => doubts.push(isDoubted),
    changed: () => changes++,
  });
  return { clock, doubts, cutOff, tell: (up: boolean) => tell(up), changes: () => changes };
}

Deno.test("a unit that is cut off knows since when, and doubts its sessions before others take them", async () => {
  const { clock, doubts, cutOff, tell } = stage();
  const sinceMs = clock.epochMs();
  tell(false);
  assert.equal(cutOff.sinceMs, sinceMs);
  await clock.advance(DOUBT_AFTER_MS);
  assert.deepEqual([doubts, cutOff.isDoubted], [[true], true]);
  tell(true);
  assert.deepEqual([doubts, cutOff.isDoubted, cutOff.sinceMs], [[true, false], false, null]);
  // It is noticed after some seconds, and its last beat may have been a beat ago.
  assert.ok(DOUBT_AFTER_MS + 6_000 + 4_000 <= LEASE_MS);
});

Deno.test("who is back soon has doubted nothing, and who was never there says it once", async () => {
  const { clock, doubts, tell, changes } = stage(false);
  assert.equal(changes(), 1);
  tell(false);
  await clock.advance(DOUBT_AFTER_MS - 1);
  tell(true);
  await clock.advance(DOUBT_AFTER_MS);
  assert.deepEqual([doubts, changes()], [[], 2]);
});

Deno.test("who has stopped hears nothing, and doubts nothing", async () => {
  const { clock, doubts, cutOff, tell } = stage();
  tell(false);
  cutOff.stop();
  await clock.advance(DOUBT_AFTER_MS * 2);
  tell(true);
  assert.deepEqual(doubts, []);
});

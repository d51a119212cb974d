import assert from "node:assert/strict";
import { HESITATE_MS, Hesitation, STALL_MS } from "../../workers/hesitation.ts";

function stage(hasOthers = true) {
  let nowMs = 5_000;
  const hesitation = new Hesitation({ now: () => nowMs }, hasOthers);
  return {
    hesitation,
    /** Time passes, and the worker looks once a second. */
    live(ms: number) {
      for (let i = 0; i < ms; i += 1_000) {
        nowMs += 1_000;
        hesitation.look();
      }
    },
    stall: (ms: number) => void (nowMs += ms),
  };
}

Deno.test("a shard resumes at once while its unit hears of the others, and waits while it does not", () => {
  const { hesitation, live } = stage();
  live(60_000);
  assert.equal(hesitation.leastPauseMs, 0);
  hesitation.doubt(true);
  assert.equal(hesitation.leastPauseMs, HESITATE_MS);
  hesitation.doubt(false);
  assert.equal(hesitation.leastPauseMs, 0);
});

Deno.test("a shard of a process that has stood still waits, even before the worker has looked", () => {
  const { hesitation, live, stall } = stage();
  stall(STALL_MS);
  assert.equal(hesitation.leastPauseMs, HESITATE_MS);
  live(HESITATE_MS - 1_000);
  assert.equal(hesitation.leastPauseMs, HESITATE_MS);
  live(1_000);
  assert.equal(hesitation.leastPauseMs, 0);
  stall(STALL_MS - 1);
  assert.equal(hesitation.leastPauseMs, 0);
});

Deno.test("a unit by itself never waits", () => {
  const { hesitation, stall } = stage(false);
  hesitation.doubt(true);
  stall(STALL_MS);
  assert.equal(hesitation.leastPauseMs, 0);
});

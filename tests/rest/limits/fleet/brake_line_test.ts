import assert from "node:assert/strict";
import { BrakeLine } from "../../../../rest/limits/fleet/brake_line.ts";
import type { Brake } from "../../../../rest/limits/permits.ts";
import { createVirtualClock } from "../../../../sim/wire/virtual_clock.ts";

Deno.test("while nothing brakes all go at once; while it does one by one, by lane and arrival", async () => {
  const clock = createVirtualClock();
  let nextMs = 0;
  const brake: Brake = {
    waitMs: (nowMs) => Math.max(0, nextMs - nowMs),
    take: (nowMs) => void (nextMs = nextMs === 0 ? 0 : nowMs + 1_000),
  };
  const line = new BrakeLine(clock);
  const went: string[] = [];
  const enter = (name: string, lane: number, arrival: number) => {
    const braked = { lane, arrival, brake, go: () => void went.push(`${name} ${clock.now()}`) };
    line.enter(braked);
    return braked;
  };
  enter("a", 3, 0);
  enter("b", 3, 1);
  assert.deepEqual(went, ["a 0", "b 0"]);
  nextMs = 500;
  assert.equal(line.foreseeMs(brake), 500);
  enter("c", 4, 2);
  enter("d", 3, 4);
  enter("e", 3, 3);
  line.leave(enter("f", 2, 5));
  await clock.advance(2_500);
  assert.deepEqual(went, ["a 0", "b 0", "e 500", "d 1500", "c 2500"]);
});

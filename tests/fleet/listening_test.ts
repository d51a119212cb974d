import assert from "node:assert/strict";
import { Listening } from "../../fleet/listening.ts";
import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";

Deno.test("Listening counts time while the unit's own beats come back", async () => {
  const clock = createVirtualClock();
  const listening = new Listening(clock);
  await clock.advance(10_000);
  assert.equal(listening.ms, 0);
  for (let n = 0; n < 5; n++) {
    listening.heard();
    await clock.advance(4_000);
  }
  assert.equal(listening.ms, 20_000);
});

Deno.test("Listening stops soon after a beat that does not come back, and where the line is down", async () => {
  const clock = createVirtualClock();
  const listening = new Listening(clock);
  listening.heard();
  await clock.advance(60_000);
  assert.equal(listening.ms, 6_000);
  listening.heard();
  await clock.advance(1_000);
  listening.deaf();
  await clock.advance(60_000);
  assert.equal(listening.ms, 7_000);
});

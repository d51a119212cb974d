import assert from "node:assert/strict";
import { createRig } from "../support/rig.ts";

Deno.test("a shard identifies, gets ready and hands on every event in order", async () => {
  const rig = await createRig();
  rig.start();
  await rig.ready();
  rig.sim.traffic.setRate(100);
  await rig.clock.advance(10_000);
  rig.sim.traffic.setRate(0);
  await rig.clock.advance(1_000);
  assert.ok(rig.got.length > 900, `${rig.got.length} events`);
  rig.assertNothingLost();
  rig.assertNoViolations();
});

/**
 * A unit of a fleet freezes, is cut off from the server, or the server itself dies: nothing is lost, nothing comes twice.
 *
 * @module
 */

import assert from "node:assert/strict";
import { sleep, systemClock } from "../../../ports/clock.ts";
import { assertWhole, startWireFleet, testWithNats } from "../../support/fleet/wire_stage.ts";

const SHARDS = 12;
const ALL = ["a", "b", "c"] as const;
const IDENTIFIES = { [SHARDS]: SHARDS };

testWithNats("a unit freezes for 30 s, and wakes", async (nats) => {
  await using fleet = await startWireFleet({ nats, units: ALL, shards: SHARDS });
  fleet.freeze("b", true);
  await sleep(systemClock, 30_000);
  await fleet.settled(["a", "c"], SHARDS, 5_000);
  fleet.freeze("b", false);
  await fleet.settled(ALL);
  await assertWhole(fleet, IDENTIFIES);
});

testWithNats("a unit is cut off from the server for 40 s", async (nats) => {
  await using fleet = await startWireFleet({ nats, units: ALL, shards: SHARDS });
  fleet.cutOff("b", true);
  await sleep(systemClock, 40_000);
  fleet.cutOff("b", false);
  await fleet.settled(ALL);
  await assertWhole(fleet, IDENTIFIES);
});

testWithNats("the server is killed and starts again after 20 s", async (nats) => {
  await using fleet = await startWireFleet({ nats, units: ALL, shards: SHARDS });
  const before = await fleet.holdings();
  await fleet.nats.kill();
  await sleep(systemClock, 20_000);
  assert.deepEqual(await fleet.holdings(), before, "each goes on with what it has");
  await fleet.nats.start();
  await sleep(systemClock, 20_000);
  await fleet.settled(ALL);
  assert.deepEqual(await fleet.holdings(), before, "and nothing was moved for it");
  await assertWhole(fleet, IDENTIFIES);
});

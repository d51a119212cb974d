/**
 * Units of a fleet come and go under load: the bot gets every event once and no identify is spent.
 *
 * @module
 */

import assert from "node:assert/strict";
import { assertWhole, startWireFleet, testWithNats } from "../../support/fleet/wire_stage.ts";

const SHARDS = 12;
const ALL = ["a", "b", "c"] as const;
const IDENTIFIES = { [SHARDS]: SHARDS };

testWithNats("a unit joins a fleet of two", async (nats) => {
  await using fleet = await startWireFleet({ nats, units: ["a", "b"], shards: SHARDS });
  await fleet.start("c");
  await fleet.settled(ALL);
  await assertWhole(fleet, IDENTIFIES);
});

testWithNats(
  "a unit leaves a fleet of three, and its shards are with the others when it has",
  async (nats) => {
    await using fleet = await startWireFleet({ nats, units: ALL, shards: SHARDS });
    assert.equal(await fleet.end("b", "SIGTERM"), 0);
    await fleet.settled(["a", "c"], SHARDS, 5_000);
    await assertWhole(fleet, IDENTIFIES);
  },
);

testWithNats("all units are replaced one after another", async (nats) => {
  await using fleet = await startWireFleet({ nats, units: ALL, shards: SHARDS });
  for (const name of ALL) {
    assert.equal(await fleet.end(name, "SIGTERM"), 0);
    await fleet.start(name);
    await fleet.settled(ALL);
  }
  await assertWhole(fleet, IDENTIFIES);
});

/**
 * Units of a fleet are killed under load: their shards are with the others soon, by RESUME.
 *
 * @module
 */

import { assertWhole, startWireFleet, testWithNats } from "../../support/fleet/wire_stage.ts";

const SHARDS = 12;
const ALL = ["a", "b", "c"] as const;
const IDENTIFIES = { [SHARDS]: SHARDS };
/** What a user is promised: shards of a host that died are with others by then. */
const FAILOVER_MS = 30_000;

testWithNats("a unit is killed: its shards are with the others within 30 s", async (nats) => {
  await using fleet = await startWireFleet({ nats, units: ALL, shards: SHARDS });
  await fleet.end("b", "SIGKILL");
  const tookMs = await fleet.settled(["a", "c"], SHARDS, FAILOVER_MS);
  console.log(`failover took ${Math.round(tookMs)} ms`);
  await assertWhole(fleet, IDENTIFIES);
}, true);

testWithNats("the unit that leads is killed, and comes back", async (nats) => {
  await using fleet = await startWireFleet({ nats, units: ALL, shards: SHARDS });
  const { fleet: { leader } } = await (await fleet.control("a", "GET", "/state")).json();
  await fleet.end(leader, "SIGKILL");
  const others = ALL.filter((name) => name !== leader);
  await fleet.settled(others, SHARDS, FAILOVER_MS + 10_000);
  await fleet.start(leader);
  await fleet.settled(ALL);
  await assertWhole(fleet, IDENTIFIES);
});

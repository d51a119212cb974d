/**
 * A fleet of three goes to twice as many shards under load.
 *
 * @module
 */

import assert from "node:assert/strict";
import { assertWhole, startWireFleet, testWithNats } from "../../support/fleet/wire_stage.ts";

const ALL = ["a", "b", "c"] as const;

testWithNats("6 shards of three units become 12, asked of any unit", async (nats) => {
  await using fleet = await startWireFleet({ nats, units: ALL, shards: 6 });
  const url = `${await fleet.url("c")}/control/reshard`;
  const answer = await fetch(url, { method: "POST", body: JSON.stringify({ totalShards: 12 }) });
  assert.equal(answer.status, 202, await answer.text());
  await fleet.settled(ALL, 12, 180_000);
  await assertWhole(fleet, { 6: 6, 12: 12 });
});

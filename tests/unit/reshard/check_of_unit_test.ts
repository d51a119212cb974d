import assert from "node:assert/strict";
import type { Status } from "../../../protocol/status.ts";
import { notedResharding, reshard } from "../../support/reshards.ts";
import { createVirtualUnit } from "../../support/virtual_unit.ts";

const HOUR_MS = 3_600_000;

/** A unit of two shards that is up. */
async function setUp() {
  const rig = createVirtualUnit({ shards: 2 });
  const resharding = notedResharding();
  rig.unit.resharding = resharding;
  await rig.start();
  await rig.ready();
  return { ...rig, resharding, begun: resharding.called };
}

Deno.test("a unit whose shard Discord closes for its guilds reshards at once, and says so", async () => {
  const { sim, clock, begun, logged, unit } = await setUp();
  sim.faults.close(4011, { shardId: 1 });
  await clock.advance(2_000);
  assert.deepEqual(begun, [["begin", 4, "automatic"]]);
  const told = logged.filter(({ level }) => level === "error" || level === "info")
    .map(({ event }) => event);
  const stopped = told.indexOf("shard stopped for good");
  assert.ok(stopped >= 0 && told.indexOf("the unit reshards by itself") > stopped, told.join());
  assert.equal(unit.snapshot.reshard?.to, 4);
});

Deno.test("a unit looks every eight hours whether Discord recommends more shards", async () => {
  const { sim, clock, begun } = await setUp();
  sim.settings.shards = 6;
  await clock.advance(8 * HOUR_MS - 1_000);
  assert.deepEqual(begun, []);
  await clock.advance(2_000);
  assert.deepEqual(begun, [["begin", 6, "automatic"]]);
});

Deno.test("who reads the status of a unit is told of its reshard", async () => {
  const { unit, run } = await setUp();
  const statuses = unit.status();
  const next = statuses.next();
  unit.reshardChanged(reshard({ state: "done" }));
  const { value } = await run(next);
  assert.deepEqual((value as Extract<Status, { kind: "reshard" }>).reshard.state, "done");
});

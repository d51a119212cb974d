import assert from "node:assert/strict";
import type { Status } from "../../../protocol/status.ts";
import { beginReshard } from "../../../unit/reshard/resharding.ts";
import { createVirtualUnit } from "../../support/virtual_unit.ts";

const HOUR_MS = 3_600_000;

/** A unit of two shards that is up. */
async function setUp() {
  const rig = createVirtualUnit({ shards: 2 });
  await rig.start();
  await rig.ready();
  /** What it has begun. */
  const begun = () => {
    const { reshard } = rig.unit.snapshot;
    return reshard && [reshard.from, reshard.to, reshard.by];
  };
  return { ...rig, begun };
}

Deno.test("a unit whose shard Discord closes for its guilds reshards at once, and says so", async () => {
  const { sim, clock, begun, logged } = await setUp();
  sim.faults.close(4011, { shardId: 1 });
  await clock.advance(2_000);
  assert.deepEqual(begun(), [2, 4, "automatic"]);
  const told = logged.filter(({ level }) => level === "error" || level === "info")
    .map(({ event }) => event);
  const stopped = told.indexOf("shard stopped for good");
  assert.ok(stopped >= 0 && told.indexOf("the unit reshards by itself") > stopped, told.join());
});

Deno.test("a unit looks every eight hours whether Discord recommends more shards", async () => {
  const { sim, clock, begun } = await setUp();
  sim.settings.shards = 6;
  await clock.advance(8 * HOUR_MS - 1_000);
  assert.equal(begun(), null);
  await clock.advance(2_000);
  assert.deepEqual(begun(), [2, 6, "automatic"]);
});

Deno.test("who reads the status of a unit is told of its reshard", async () => {
  const { unit, run, clock } = await setUp();
  const statuses = unit.status();
  let told: Status | undefined;
  const read = async () => {
    do told = (await statuses.next()).value; while (told?.kind !== "reshard");
  };
  const reading = read();
  beginReshard(unit, 4, "operator");
  await clock.advance(1_000);
  await run(reading);
  assert.deepEqual((told as Extract<Status, { kind: "reshard" }>).reshard.state, "running");
});

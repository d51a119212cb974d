import assert from "node:assert/strict";
import { fleetReasons, fleetWarnings } from "../../../unit/fleet/readiness.ts";
import { readiness } from "../../../unit/readiness.ts";
import { fleet, snapshot } from "../../support/snapshots.ts";

Deno.test("a unit by itself is neither held up nor warned by a fleet", () => {
  assert.deepEqual([fleetReasons(null, 0), fleetWarnings(null)], [[], []]);
});

Deno.test("a unit that has all its shards is ready, and one that is to have none", () => {
  assert.deepEqual([fleetReasons(fleet(), 2), fleetWarnings(fleet())], [[], []]);
  const units = [{ unit: "a", isAlive: true, shards: 0 }, { unit: "b", isAlive: true, shards: 4 }];
  assert.deepEqual(readiness(snapshot({ fleet: fleet({ units }), shards: [] })).reasons, []);
});

Deno.test("a unit is not ready before it knows its shards, or has taken them up", () => {
  assert.deepEqual(fleetReasons(fleet(), 1), ["1 shard of this unit yet to be taken up"]);
  assert.deepEqual(fleetReasons(fleet({ isJoined: false }), 2), ["the fleet is being joined"]);
  assert.deepEqual(fleetReasons(fleet({ epoch: 0, isJoined: false }), 0), [
    "the fleet is not joined: nobody has said yet who has which shards",
  ]);
  assert.deepEqual(fleetReasons(fleet({ epoch: 0, isJoined: false, cutOffSinceMs: 0 }), 0), [
    "the fleet is not joined: the other units cannot be reached",
  ]);
});

Deno.test("a unit that is cut off does its part, and says since when", () => {
  const cutOff = fleet({ cutOffSinceMs: Date.UTC(2026, 10, 30, 8), leader: null, unowned: 3 });
  const { ready, warnings } = readiness(snapshot({ fleet: cutOff }));
  assert.deepEqual([ready, warnings], [true, [
    "cut off from the other units since 2026-11-30T08:00:00Z, what runs here goes on",
  ]]);
});

Deno.test("units that are away, shards that nobody has, a fleet that nobody leads are warned of", () => {
  const units = [{ unit: "a", isAlive: true, shards: 2 }, { unit: "b", isAlive: false, shards: 1 }];
  assert.deepEqual(fleetWarnings(fleet({ leader: null, units, unowned: 2, warnings: ["old"] })), [
    "no unit leads the fleet",
    "unit b is away, and has 1 shard",
    "no unit has 2 shards of the bot",
    "old",
  ]);
});

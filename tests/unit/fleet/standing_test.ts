import assert from "node:assert/strict";
import { fleetSnapshot, reshardingFleetOf } from "../../../unit/fleet/standing.ts";

const FACTS = {
  self: "a",
  isJoined: true,
  leader: "b",
  members: ["a", "b"],
  assignment: {
    epoch: 12,
    stream: "s",
    totals: [{ total: 4, owners: ["a", "a", "gone", null], moves: new Map([[1, "b"]]) }],
    services: {},
    clusters: {},
  },
  taking: 1,
  giving: 2,
  cutOffSinceMs: null,
  lineWarnings: [],
  totalSet: null,
} as const;

Deno.test("a fleet is told with who lives, and with who has shards and does not", () => {
  assert.deepEqual(fleetSnapshot(FACTS), {
    self: "a",
    isJoined: true,
    leader: "b",
    epoch: 12,
    units: [
      { unit: "a", isAlive: true, shards: 2 },
      { unit: "b", isAlive: true, shards: 0 },
      { unit: "gone", isAlive: false, shards: 1 },
    ],
    moves: 1,
    unowned: 1,
    taking: 1,
    giving: 2,
    cutOffSinceMs: null,
    warnings: [],
  });
});

Deno.test("before the first assignment nothing is known but who is there", () => {
  const fleet = fleetSnapshot({ ...FACTS, assignment: null });
  assert.deepEqual([fleet.epoch, fleet.moves, fleet.unowned], [0, 0, 0]);
  assert.deepEqual(fleet.units.map(({ unit }) => unit), ["a", "b"]);
});

Deno.test("a total that is set and not used, and what is wrong with the line, are warned of", () => {
  const { warnings } = fleetSnapshot({ ...FACTS, totalSet: 8, lineWarnings: ["it is old"] });
  assert.deepEqual(warnings, [
    "it is old",
    "the fleet has 4 shards, TOTAL_SHARDS=8 of this unit is not used",
  ]);
  assert.deepEqual(fleetSnapshot({ ...FACTS, totalSet: 4 }).warnings, []);
});

Deno.test("a reshard is told how many units live, and how many shards are nobody's", () => {
  assert.equal(reshardingFleetOf(null), null);
  assert.deepEqual(reshardingFleetOf(fleetSnapshot(FACTS)), { units: 2, missing: 1 });
});

import assert from "node:assert/strict";
import { silentLog } from "../../../../ports/log.ts";
import { localBus } from "../../../../ports/fleet/bus.ts";
import type { Assignment } from "../../../../protocol/fleet.ts";
import { createVirtualClock } from "../../../../sim/mod.ts";
import { FleetShare } from "../../../../unit/reshard/fleet/fleet_share.ts";

Deno.test("a shard is a unit's to move guilds with once it is here, and until it is to go", () => {
  const clock = createVirtualClock();
  const totals = [{ total: 4, owners: ["a", "a", "b", null], moves: new Map([[1, "b"]]) }];
  const assignment: Assignment = { epoch: 7, stream: "s", totals, services: {}, clusters: {} };
  const fleet = { self: "a", assignment: null as Assignment | null, term: null as number | null };
  const here = new Set([0, 1, 2]);
  const share = new FleetShare({
    clock,
    bus: localBus({ clock, log: silentLog }),
    fleet,
    has: ({ id }) => here.has(id),
  });
  const holds = () => [0, 1, 2, 3].map((id) => share.holdOf({ total: 4, id }));
  assert.deepEqual([holds(), share.epoch], [[null, null, null, null], 0]);
  fleet.assignment = assignment;
  assert.deepEqual([holds(), share.epoch], [["stays", "leaves", null, null], 7]);
  here.delete(0);
  assert.equal(share.holdOf({ total: 4, id: 0 }), null);
  assert.equal(share.holdOf({ total: 8, id: 0 }), null);
  assert.deepEqual([share.unit, share.isLeader], ["a", false]);
  fleet.term = 3;
  assert.equal(share.isLeader, true);
  share.stop();
});

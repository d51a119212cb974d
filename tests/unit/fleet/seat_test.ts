import assert from "node:assert/strict";
import type { Assignment } from "../../../protocol/fleet.ts";
import { FleetSeat, type Membership } from "../../../unit/fleet/seat.ts";

const ASSIGNMENT: Assignment = {
  epoch: 1,
  stream: "s",
  totals: [{ total: 2, owners: ["a", "b"], moves: new Map() }],
  services: {},
  clusters: {},
};

Deno.test("a seat that nobody has taken knows of nobody else; then it is as the fleet has it", () => {
  const seat = new FleetSeat("a");
  let told = 0;
  const cancel = seat.watch(() => told++);
  const shard = { total: 2, id: 1 };
  assert.deepEqual([seat.members, seat.leader, seat.term], [["a"], null, null]);
  assert.deepEqual([seat.assignment, seat.ownerOf(shard)], [null, null]);
  let tell = () => {};
  const fleet = {
    members: ["a", "b"],
    leader: "b",
    term: null,
    assignment: ASSIGNMENT,
    watch(changed: () => void) {
      tell = changed;
      return () => {};
    },
  };
  seat.take(fleet as unknown as Membership);
  assert.deepEqual([seat.members, seat.leader, seat.ownerOf(shard)], [["a", "b"], "b", "b"]);
  tell();
  cancel();
  tell();
  assert.equal(told, 1);
});

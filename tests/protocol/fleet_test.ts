import assert from "node:assert/strict";
import { type Assignment, nextIn, ownerIn } from "../../protocol/fleet.ts";

const ASSIGNMENT: Assignment = {
  epoch: 1,
  stream: "s",
  totals: [{ total: 3, owners: ["a", "a", null], moves: new Map([[1, "b"]]) }],
  services: {},
  clusters: {},
};

Deno.test("ownerIn() and nextIn() say who has a shard, and who is to have it", () => {
  const shard = (id: number, total = 3) => ({ total, id });
  assert.equal(ownerIn(ASSIGNMENT, shard(1)), "a");
  assert.equal(nextIn(ASSIGNMENT, shard(1)), "b");
  assert.equal(nextIn(ASSIGNMENT, shard(0)), null);
  assert.equal(ownerIn(ASSIGNMENT, shard(2)), null, "nobody has it yet");
  assert.equal(ownerIn(ASSIGNMENT, shard(1, 6)), null, "there are none of this total");
  assert.equal(ownerIn(ASSIGNMENT, shard(7)), null, "there is no such shard");
});

import assert from "node:assert/strict";
import { Members } from "../../fleet/members.ts";
import { LEASE_MS } from "../../protocol/fleet.ts";
import { card } from "./fleets.ts";

const names = (members: Members) => members.living.map(({ unit }) => unit);

Deno.test("Members live once they were heard to beat, not because there is a card", () => {
  const members = new Members();
  members.told(card("a", { beat: 5 }), false, 0);
  members.told(card("b", { beat: 1 }), true, 0);
  assert.deepEqual(names(members), ["b"]);
  assert.equal(members.told(card("a", { beat: 6 }), true, 4_000), true);
  assert.deepEqual([names(members), members.lives("a")], [["a", "b"], true]);
});

Deno.test("Members are dead once they were silent for a lease", () => {
  const members = new Members();
  members.told(card("a", { beat: 1 }), true, 0);
  members.told(card("b", { beat: 1 }), true, 0);
  members.told(card("b", { beat: 2 }), true, 10_000);
  assert.deepEqual(members.sweep(LEASE_MS - 1), []);
  assert.deepEqual(members.sweep(LEASE_MS), [{ unit: "a", lived: true, isLeaving: false }]);
  assert.deepEqual([names(members), members.dead], [["b"], ["a"]]);
  assert.deepEqual(members.sweep(LEASE_MS), [], "told once");
  members.told(card("a", { beat: 2 }), true, 20_000);
  assert.deepEqual([names(members), members.dead], [["a", "b"], []]);
});

Deno.test("Members have a lease anew after the line was down; who was dead stays so", () => {
  const members = new Members();
  members.told(card("a", { beat: 1 }), true, 0);
  members.told(card("b", { beat: 1 }), true, 10_000);
  members.sweep(LEASE_MS);
  members.connected(LEASE_MS);
  members.told(card("a", { beat: 1 }), false, LEASE_MS);
  assert.deepEqual(members.sweep(LEASE_MS + 10_000), []);
  assert.deepEqual(names(members), ["b"]);
  assert.equal(members.society(["a"], LEASE_MS + 10_000).unheard.has("a"), false);
});

Deno.test("Members of whom nothing was heard yet keep what they have, for a lease", () => {
  const members = new Members();
  members.told(card("a", { beat: 1 }), true, 0);
  const unheard = (nowMs: number) => [...members.society(["a", "b", "c"], nowMs).unheard];
  members.told(card("c", { beat: 9 }), false, 0);
  assert.deepEqual(unheard(0), ["b", "c"]);
  members.told(card("b", { beat: 1 }), true, 9_000);
  assert.deepEqual(unheard(9_000), ["c"]);
  assert.deepEqual(unheard(LEASE_MS), []);
});

Deno.test("Members whose card was deleted are gone at once", () => {
  const members = new Members();
  members.told(card("a"), true, 0);
  assert.equal(members.gone("a"), true);
  assert.equal(members.gone("a"), false);
  const society = members.society(["a"], 1);
  assert.deepEqual([society.cards, society.unheard.size, members.dead], [[], 0, []]);
});

Deno.test("Members tell whether anything but the beat is another", () => {
  const members = new Members();
  members.told(card("a", { beat: 1 }), true, 0);
  assert.equal(members.told(card("a", { beat: 2, epoch: 9 }), true, 1), false);
  assert.equal(members.told(card("a", { beat: 3, isLeaving: true }), true, 2), true);
  assert.equal(
    members.told(card("a", { beat: 4, isLeaving: true, services: ["x"] }), true, 3),
    true,
  );
});

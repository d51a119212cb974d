import assert from "node:assert/strict";
import { HOLD_MS, Moves } from "../../../../rest/limits/fleet/moves.ts";

const keys = Array.from({ length: 300 }, (_, i) => `c channels/${i}`);

Deno.test("a unit gives nothing in its first moments, and then of all that is its own", () => {
  const moves = new Moves("a", ["a", "b"], 5_000);
  for (const key of keys) assert.equal(moves.heldMs(key, 5_400), HOLD_MS - 400);
  for (const key of keys) assert.equal(moves.heldMs(key, 5_000 + HOLD_MS), 0);
});

Deno.test("of what it gets from a member that is gone it gives nothing for a moment; the rest goes on", () => {
  const moves = new Moves("a", ["a", "b", "c"], 0);
  const before = new Map(keys.map((key) => [key, moves.ownerOf(key)]));
  assert.equal(moves.change(["a", "c"], 9_000), true);
  for (const key of keys.filter((key) => moves.ownerOf(key) === "a")) {
    assert.equal(moves.heldMs(key, 9_300), before.get(key) === "a" ? 0 : HOLD_MS - 300);
    assert.equal(moves.heldMs(key, 9_000 + HOLD_MS), 0);
  }
});

Deno.test("what it has lost and got again within a moment is new to it", () => {
  const moves = new Moves("a", ["a", "c"], 0);
  moves.change(["a", "b", "c"], 9_000);
  moves.change(["a", "c"], 9_100);
  const got = keys.filter((key) => moves.ownerOf(key) === "a" && moves.heldMs(key, 9_200) > 0);
  assert.ok(got.length > 0 && got.length < keys.length, `${got.length}`);
});

Deno.test("the same members in another order are no change, and without members the say is one's own", () => {
  const moves = new Moves("a", ["b", "a"], 0);
  assert.equal(moves.change(["a", "b"], 1), false);
  assert.deepEqual(moves.members, ["a", "b"]);
  assert.equal(moves.change([], 2), true);
  assert.equal(moves.ownerOf("x"), "a");
});

Deno.test("who was by itself until now knows nothing of what the others gave of its keys", () => {
  const moves = new Moves("c", ["c"], 0);
  moves.change(["a", "b", "c"], 9_000);
  const own = keys.filter((key) => moves.ownerOf(key) === "c");
  assert.ok(own.length > 0);
  for (const key of own) assert.equal(moves.heldMs(key, 9_100), HOLD_MS - 100);
});

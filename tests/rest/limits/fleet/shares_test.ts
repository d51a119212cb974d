import assert from "node:assert/strict";
import { evenly, RESERVE_MS, Shares } from "../../../../rest/limits/fleet/shares.ts";
import { says } from "./wants.ts";

Deno.test("while all are heard who has the say gives everything, and one by itself an even share", () => {
  const shares = new Shares("a", ["a", "b", "c"]);
  assert.equal(shares.given(50, 0), 50);
  assert.equal(shares.even(50, 0), 16);
  assert.equal(shares.even(1, 0), 1, "at least one");
});

Deno.test("whoever is cut off and the others never give more than all together", () => {
  const rest = new Shares("a", ["a", "b", "c"]);
  const alone = new Shares("b", ["a", "b", "c"]);
  rest.silent("b", 0);
  for (const perSecond of [3, 50, 500, 1_201]) {
    assert.ok(rest.given(perSecond, 1) + alone.even(perSecond, 1) <= perSecond);
    rest.change(["a", "c"], 15_000);
    assert.ok(rest.given(perSecond, 15_000) + alone.even(perSecond, 15_000) <= perSecond);
  }
});

Deno.test("who is not heard keeps its share for a while, and gets nothing back before its own is used up", () => {
  const shares = new Shares("a", ["a", "b"]);
  assert.equal(shares.silent("b", 0), true);
  assert.equal(shares.silent("b", 100), false, "that is known");
  assert.equal(shares.given(50, 200), 25);
  assert.equal(shares.back("b", 1_000), true);
  assert.equal(shares.back("b", 1_001), false);
  assert.equal(shares.given(50, 2_999), 25);
  assert.equal(shares.given(50, 3_000), 50);

  shares.silent("b", 5_000);
  shares.change(["a"], 20_000);
  assert.equal(shares.given(50, 19_999 + RESERVE_MS), 25);
  assert.equal(shares.given(50, 20_000 + RESERVE_MS), 50);
});

Deno.test("who says goodbye leaves its share at once, however long it goes on", () => {
  const shares = new Shares("a", ["a", "b"]);
  shares.goodbye("b", "first life", 0);
  assert.equal(shares.heard("b", "first life"), false);
  assert.equal(shares.isLeaving("b", 10), true);
  assert.equal(shares.silent("b", 20), false);
  shares.change(["a"], 30);
  assert.equal(shares.given(50, 40), 50);
  assert.equal(shares.count(40), 1);

  shares.change(["a", "b"], 50);
  assert.equal(shares.heard("b", "second life"), true);
  assert.equal(shares.isLeaving("b", 65), false);
  assert.equal(shares.silent("b", 70), true);
  assert.equal(shares.given(50, 80), 25);
});

Deno.test("what an answer says is left is shared evenly, and where there is not one for each they take turns", () => {
  const { bucket } = evenly(says("h", 4, 900, 5), 3);
  assert.deepEqual(bucket!.count, { limit: 1, remaining: 1, resetAfterMs: 900 });
  const single = evenly(says("h", 0, 250, 1), 3);
  assert.deepEqual(single.bucket!.count, { limit: 1, remaining: 0, resetAfterMs: 750 });
  const none = { bucket: null, refusal: null, isLimitless: true };
  assert.equal(evenly(none, 3), none);
});

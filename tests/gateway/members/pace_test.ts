import assert from "node:assert/strict";
import { ALL_MEMBERS_PACE_MS, AllMembersPace } from "../../../gateway/members/pace.ts";

Deno.test("AllMembersPace lets each guild be asked for once in its time", () => {
  const pace = new AllMembersPace();
  assert.ok(pace.freeMs("1") <= 0);
  pace.note("1", 500);
  assert.equal(pace.freeMs("1"), 500 + ALL_MEMBERS_PACE_MS);
  assert.ok(pace.freeMs("2") <= 0);
  assert.ok(ALL_MEMBERS_PACE_MS > 30_000);
});

Deno.test("AllMembersPace believes Discord more than itself", () => {
  const pace = new AllMembersPace();
  pace.note("1", 0);
  pace.limited("1", 12_345, 10);
  assert.equal(pace.freeMs("1"), 12_345);
});

Deno.test("AllMembersPace forgets what is over", () => {
  const pace = new AllMembersPace();
  pace.note("1", 0);
  pace.note("2", ALL_MEMBERS_PACE_MS);
  assert.equal(pace.freeMs("1"), -Infinity);
  assert.equal(pace.freeMs("2"), 2 * ALL_MEMBERS_PACE_MS);
});

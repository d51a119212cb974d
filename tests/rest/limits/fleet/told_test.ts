import assert from "node:assert/strict";
import { Told } from "../../../../rest/limits/fleet/told.ts";

Deno.test("each text is news once, and again when much else has been told", () => {
  const told = new Told();
  assert.equal(told.isNews("a"), true);
  assert.equal(told.isNews("a"), false);
  for (let i = 0; i < 10_000; i++) told.isNews(`${i}`);
  assert.equal(told.isNews("a"), true);
});

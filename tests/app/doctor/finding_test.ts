import assert from "node:assert/strict";
import { fail, ok, skipped, tally, warn } from "../../../app/doctor/finding.ts";

Deno.test("tally() counts each verdict", () => {
  const seen = [ok("a"), ok("b"), warn("c", "d"), fail("e", "f"), skipped("g")];
  assert.deepEqual(tally(seen), { ok: 2, warn: 1, fail: 1, skipped: 1 });
});

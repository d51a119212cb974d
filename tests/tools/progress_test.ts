import assert from "node:assert/strict";
import { clockText, progressText } from "../../tools/progress.ts";

Deno.test("progressText() tells how far it has come, and never that it is beyond its end", () => {
  assert.equal(progressText(0, 60_000, 4), "░░░░ 0:00 of 1:00");
  assert.equal(progressText(30_400, 60_000, 4), "██░░ 0:30 of 1:00");
  assert.equal(progressText(90_000, 60_000, 4), "████ 1:00 of 1:00");
  assert.equal(progressText(0, 0, 4), "████ 0:00 of 0:00");
});

Deno.test("clockText() counts minutes beyond the hour", () => {
  assert.equal(clockText(3_725_000), "62:05");
});

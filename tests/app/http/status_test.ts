import assert from "node:assert/strict";
import { STATUS } from "../../../app/http/status.ts";

Deno.test("what a caller did wrong is a status of 4xx, what may pass by itself one of 5xx", () => {
  const of = (codes: readonly (keyof typeof STATUS)[]) => codes.map((code) => STATUS[code]! < 500);
  assert.ok(of(["bad_message", "refused", "too_large", "no_shard", "no_target"]).every(Boolean));
  assert.ok(!of(["away", "not_ready", "worker_lost", "deadline"]).some(Boolean));
});

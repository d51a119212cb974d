import assert from "node:assert/strict";
import { LOADING_PATIENCE_MS, MemberPlan } from "../../../gateway/members/plan.ts";

/** The plan after a READY at 0. */
const ready = (...ids: string[]) => new MemberPlan({ guildIds: ids, loadingGuildIds: ids }, 0);
const change = (plan: MemberPlan, kind: "here" | "away" | "left", guildId: string, nowMs = 1) =>
  plan.change({ kind, guildId }, nowMs);

Deno.test("MemberPlan asks for a guild when it has come, and is complete with the last one", () => {
  const plan = ready("1", "2");
  assert.deepEqual([plan.due, plan.isComplete(1)], [[], false]);
  change(plan, "here", "1");
  assert.deepEqual([plan.due, plan.isDue("1"), plan.isDue("2")], [["1"], true, false]);
  plan.done("1");
  assert.deepEqual([plan.due, plan.isComplete(1)], [[], false]);
  change(plan, "here", "2");
  assert.equal(plan.isComplete(1), false);
  plan.done("2");
  assert.equal(plan.isComplete(1), true);
});

Deno.test("MemberPlan of a shard without guilds is complete", () => {
  assert.equal(ready().isComplete(0), true);
});

Deno.test("MemberPlan leaves out a guild that is down, and asks for it when it comes", () => {
  const plan = ready("1");
  change(plan, "away", "1");
  assert.deepEqual([plan.due, plan.isComplete(1)], [[], true]);
  change(plan, "here", "1");
  assert.deepEqual([plan.due, plan.isComplete(1)], [["1"], false]);
  change(plan, "away", "1");
  assert.deepEqual([plan.due, plan.isComplete(1)], [[], true]);
});

Deno.test("MemberPlan asks once: not for a guild that was down after its last chunk", () => {
  const plan = ready("1");
  change(plan, "here", "1");
  plan.done("1");
  for (const kind of ["away", "here"] as const) change(plan, kind, "1");
  assert.deepEqual([plan.due, plan.isComplete(1)], [[], true]);
});

Deno.test("MemberPlan asks for a guild that is joined, and for none that was left", () => {
  const plan = ready("1");
  change(plan, "left", "1");
  assert.equal(plan.isComplete(1), true);
  plan.done("1");
  assert.deepEqual(plan.due, []);
  change(plan, "here", "9");
  assert.deepEqual([plan.due, plan.isComplete(1)], [["9"], false]);
});

Deno.test("MemberPlan waits for guilds that do not come only while others come", () => {
  const plan = ready("1", "2");
  change(plan, "here", "1", 20_000);
  plan.done("1");
  assert.equal(plan.patientUntilMs, 20_000 + LOADING_PATIENCE_MS);
  assert.equal(plan.isComplete(19_999 + LOADING_PATIENCE_MS), false);
  assert.equal(plan.isComplete(20_000 + LOADING_PATIENCE_MS), true);
  plan.resumed(40_000);
  assert.equal(plan.isComplete(39_999 + LOADING_PATIENCE_MS), false);
  change(plan, "here", "2", 100_000);
  assert.equal(plan.patientUntilMs, null);
  assert.deepEqual([plan.due, plan.isComplete(200_000)], [["2"], false]);
});

Deno.test("MemberPlan of a session that is resumed goes by what was kept with it", () => {
  const guilds = { guildIds: ["1", "2"], loadingGuildIds: ["2"] };
  const begun = new MemberPlan(guilds, 0);
  assert.deepEqual([begun.due, begun.isComplete(1)], [["1"], false]);
  const cached = new MemberPlan({ ...guilds, membersCached: true }, 0);
  assert.deepEqual([cached.due, cached.isComplete(1)], [[], false]);
  change(cached, "here", "2");
  assert.deepEqual(cached.due, ["2"]);
});

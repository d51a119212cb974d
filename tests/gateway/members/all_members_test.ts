import assert from "node:assert/strict";
import {
  AllMembers,
  LOADING_PATIENCE_MS,
  MemberPlan,
} from "../../../gateway/members/all_members.ts";
import { MemberRequests } from "../../../gateway/members/requests.ts";
import { createVirtualClock } from "../../../sim/wire/virtual_clock.ts";

function setUp() {
  const clock = createVirtualClock();
  const requests = new MemberRequests(() => "n1");
  const told: string[] = [];
  const shard = { isReady: true, mayAsk: true, newest: 1 };
  const all = new AllMembers({
    shardId: 0,
    clock,
    requests,
    isReady: () => shard.isReady,
    mayAsk: () => shard.mayAsk,
    newest: () => shard.newest,
    complete: (_, cursor) => told.push(`complete at ${cursor}`),
    cached: () => told.push("cached"),
  });
  return {
    all,
    clock,
    shard,
    told,
    here: (...guildIds: string[]) =>
      guildIds.forEach((guildId) => all.changed({ kind: "here", guildId })),
    /** Makes all requests that can be made; gives the guilds that are asked for. */
    asked() {
      while (all.next());
      return [...requests.due("background", clock.now())].map(({ ask }) => ask.guildId);
    },
  };
}

Deno.test("AllMembers asks for nobody, and is not done, while the session lacks GUILD_MEMBERS", () => {
  const { all, here, shard, asked, told } = setUp();
  shard.mayAsk = false;
  all.changed({ kind: "session", guildIds: ["1"] });
  all.live();
  here("1");
  assert.deepEqual([asked(), all.check(), told], [[], Infinity, []]);
  // The next session has it.
  shard.mayAsk = true;
  all.changed({ kind: "session", guildIds: ["1"] });
  here("1");
  assert.deepEqual(asked(), ["1"]);
});

Deno.test("AllMembers makes one request of each guild that has come, for everybody in it", () => {
  const { all, here, asked } = setUp();
  all.changed({ kind: "session", guildIds: ["1", "2", "3"] });
  assert.deepEqual([all.next(), asked()], [false, []]);
  here("2", "1", "2");
  assert.deepEqual(asked(), ["2", "1"]);
  here("2");
  assert.deepEqual(asked(), ["2", "1"], "it was asked for already");
});

Deno.test("AllMembers drops the request of a guild that is left, is down, or was read by another", () => {
  const { all, here, asked } = setUp();
  all.changed({ kind: "session", guildIds: [] });
  here("1", "2", "3", "4");
  assert.equal(asked().length, 4);
  all.changed({ kind: "left", guildId: "1" });
  all.changed({ kind: "away", guildId: "2" });
  all.done("3");
  assert.deepEqual(asked(), ["4"]);
  here("2", "3");
  assert.deepEqual(asked(), ["4", "2"], "what has come stays in the bot's hands");
});

Deno.test("AllMembers forgets what waits and what is under way when a new session begins", () => {
  const { all, here, asked } = setUp();
  all.changed({ kind: "session", guildIds: [] });
  here("1", "2");
  all.next();
  all.changed({ kind: "session", guildIds: ["3"] });
  assert.deepEqual(asked(), []);
  here("3");
  assert.deepEqual(asked(), ["3"]);
});

Deno.test("AllMembers is complete once, and cached when the bot is done with the last chunk", () => {
  const { all, here, shard, told } = setUp();
  all.changed({ kind: "session", guildIds: [] });
  all.live();
  here("1");
  all.check();
  assert.deepEqual(told, []);
  all.done("1");
  shard.newest = 7;
  assert.equal(all.check(), Infinity);
  shard.newest = 8;
  all.check();
  assert.deepEqual(told, ["complete at 7"]);
  for (const cursor of [6, 7, 8]) all.acknowledged(cursor);
  assert.deepEqual(told, ["complete at 7", "cached"]);
});

Deno.test("AllMembers tells of each session anew, and at once where the bot is done already", () => {
  const { all, shard, told } = setUp();
  for (shard.newest of [3, 5]) {
    all.changed({ kind: "session", guildIds: [] });
    all.live();
    all.acknowledged(shard.newest);
    all.check();
  }
  assert.deepEqual(told, ["complete at 3", "cached", "complete at 5", "cached"]);
});

Deno.test("AllMembers says when to look again for guilds that do not come, while the shard is ready", async () => {
  const { all, clock, shard, told } = setUp();
  all.changed({ kind: "session", guildIds: ["1"] });
  assert.equal(all.check(), Infinity, "READY has not been dealt with");
  all.live();
  assert.equal(all.check(), LOADING_PATIENCE_MS);
  await clock.advance(10_000);
  assert.equal(all.check(), LOADING_PATIENCE_MS - 10_000);
  await clock.advance(LOADING_PATIENCE_MS);
  shard.isReady = false;
  assert.equal(all.check(), Infinity);
  assert.deepEqual(told, []);
  shard.isReady = true;
  all.check();
  assert.deepEqual(told, ["complete at 1"]);
});

Deno.test("AllMembers begins with the guilds that were kept, and with nothing where none were", () => {
  const { all, asked, told } = setUp();
  all.begin({ guildIds: ["1", "2"], loadingGuildIds: ["2"] });
  assert.deepEqual(asked(), ["1"]);
  all.begin(null);
  all.check();
  assert.deepEqual([asked(), told], [[], []], "the replay is not over");
  all.live();
  all.check();
  assert.deepEqual(told, ["complete at 1"]);
});

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

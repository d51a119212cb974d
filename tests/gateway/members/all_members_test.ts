import assert from "node:assert/strict";
import { AllMembers } from "../../../gateway/members/all_members.ts";
import { LOADING_PATIENCE_MS } from "../../../gateway/members/plan.ts";
import { MemberRequests } from "../../../gateway/members/requests.ts";
import { createVirtualClock } from "../../../sim/wire/virtual_clock.ts";

function setUp() {
  const clock = createVirtualClock();
  const requests = new MemberRequests(() => "n1");
  const told: string[] = [];
  const shard = { isReady: true, newest: 1 };
  const all = new AllMembers({
    clock,
    requests,
    isReady: () => shard.isReady,
    newest: () => shard.newest,
    complete: (cursor) => told.push(`complete at ${cursor}`),
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

import assert from "node:assert/strict";
import { logTo } from "../../ports/log.ts";
import {
  ALL_INTENTS,
  APPLICATION_FLAGS,
  INTENTS,
  PRIVILEGED_INTENTS,
} from "../../protocol/discord/intents.ts";
import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";
import {
  DOUBT_MS,
  FLAGS_DEADLINE_MS,
  FLAGS_INTERVAL_MS,
  RefusedIntents,
} from "../../unit/refused_intents.ts";

const EVERY_FLAG = Object.values(APPLICATION_FLAGS).reduce((all, { full }) => all | full, 0);
const MEMBERS = INTENTS.GUILD_MEMBERS;
const NO_MEMBERS = EVERY_FLAG & ~APPLICATION_FLAGS.GUILD_MEMBERS.full;

/** A fleet whose Discord takes what `grants` allows, and whose flags say what they say. */
function setUp(
  { shards = 3, flags = EVERY_FLAG, sessions = new Map<number, number>(), refusedBefore = 0 } = {},
) {
  const clock = createVirtualClock();
  const lines: string[] = [];
  const restarted: number[] = [];
  const renewed: number[] = [];
  const discord = {
    answer: (): Promise<Response> => Promise.resolve(Response.json({ flags: discord.flags })),
    flags,
    asked: 0,
    waiting: 0,
  };
  for (let id = 0; id < shards; id++) if (!sessions.has(id)) sessions.set(id, ALL_INTENTS);
  const refused: RefusedIntents = new RefusedIntents({
    clock,
    log: logTo((level, event, { intents }) =>
      lines.push(`${level} ${event}${intents ? `: ${intents}` : ""}`)
    ),
    wanted: ALL_INTENTS,
    refusedIntents: "narrow",
    refusedBefore,
    ask: (path) => {
      assert.equal(path, "/applications/@me");
      discord.asked++;
      return discord.answer();
    },
    restart: (shardId) => void restarted.push(shardId),
    renewals: () => ({
      add: (ids) => void renewed.push(...ids),
      get waiting() {
        return discord.waiting;
      },
    }),
    sessions: () => sessions,
  });
  return {
    refused,
    clock,
    lines,
    restarted,
    renewed,
    discord,
    sessions,
    began(shardId: number, intents = refused.of(shardId)) {
      sessions.set(shardId, intents);
      refused.began(shardId, intents);
    },
    async pass(ms: number) {
      for (let passed = 0; passed < ms; passed += 1_000) {
        refused.look();
        await clock.advance(1_000);
      }
    },
  };
}

Deno.test("shards that are refused together go on together, after one look at the flags", async () => {
  const { refused, discord, restarted, lines, pass, began } = setUp({ flags: NO_MEMBERS });
  for (const id of [0, 1, 2]) refused.shardRefused(id, ALL_INTENTS);
  assert.deepEqual(restarted, []);
  await pass(1_000);
  assert.deepEqual([restarted, discord.asked], [[0, 1, 2], 1]);
  assert.equal(refused.of(0), ALL_INTENTS & ~MEMBERS);
  assert.deepEqual(lines, [
    "error Discord refuses intents, shards go on without them: GUILD_MEMBERS",
  ]);
  // Who had asked for more before learns nothing new, and costs no question.
  refused.shardRefused(1, ALL_INTENTS);
  assert.deepEqual([restarted.length, discord.asked], [4, 1]);
  for (const id of [0, 1, 2]) began(id);
  assert.equal(lines.length, 1);
});

Deno.test("what is granted again is tried by one shard, then the others follow", async () => {
  const { refused, discord, renewed, lines, sessions, pass, began } = setUp({ flags: NO_MEMBERS });
  refused.shardRefused(0, ALL_INTENTS);
  await pass(1_000);
  for (const id of [0, 1, 2]) began(id);
  await pass(3 * FLAGS_INTERVAL_MS);
  assert.deepEqual(renewed, []);
  discord.flags = EVERY_FLAG;
  await pass(FLAGS_INTERVAL_MS + 1_000);
  assert.deepEqual(renewed, [0]);
  assert.deepEqual([0, 1].map((id) => refused.of(id)), [ALL_INTENTS, ALL_INTENTS & ~MEMBERS]);
  began(0);
  assert.deepEqual(renewed, [0, 1, 2]);
  assert.equal(refused.refused, 0);
  began(1);
  assert.doesNotMatch(lines.at(-1)!, /all intents again/);
  // It has given its session up.
  sessions.delete(2);
  discord.waiting = 1;
  began(1);
  assert.doesNotMatch(lines.at(-1)!, /all intents again/);
  discord.waiting = 0;
  began(2);
  assert.equal(lines.at(-1), "info shards have all intents again");
});

Deno.test("a shard that was let identify just before an intent was granted again gets it, too", async () => {
  const { refused, discord, renewed, lines, pass, began } = setUp({ flags: NO_MEMBERS });
  refused.shardRefused(0, ALL_INTENTS);
  await pass(1_000);
  for (const id of [0, 1, 2]) began(id);
  discord.flags = EVERY_FLAG;
  await pass(FLAGS_INTERVAL_MS + 1_000);
  const late = refused.of(2);
  for (const id of [0, 1]) began(id);
  renewed.length = 0;
  began(2, late);
  await pass(FLAGS_INTERVAL_MS + 1_000);
  assert.deepEqual(renewed, [2]);
  began(2);
  assert.equal(lines.at(-1), "info shards have all intents again");
});

Deno.test("a refusal against the flags is believed when a second shard is refused, and doubted now and then", async () => {
  const { refused, restarted, renewed, lines, pass, began } = setUp();
  refused.shardRefused(1, ALL_INTENTS);
  refused.shardRefused(0, ALL_INTENTS);
  await pass(1_000);
  assert.deepEqual(restarted, [0], "one tries the same again");
  refused.shardRefused(0, ALL_INTENTS);
  await pass(1_000);
  assert.deepEqual(restarted, [0, 1, 0]);
  assert.equal(refused.of(2), ALL_INTENTS & ~PRIVILEGED_INTENTS);
  for (const id of [0, 1, 2]) began(id);
  await pass(DOUBT_MS.first - 10_000);
  assert.deepEqual(renewed, []);
  await pass(2 * FLAGS_INTERVAL_MS);
  assert.deepEqual(renewed, [0]);
  refused.shardRefused(0, ALL_INTENTS);
  assert.deepEqual(restarted.slice(3), [0], "it goes on without, at once");
  assert.match(lines.at(-1)!, /^warn Discord still refuses intents/);
  began(0);
  await pass(DOUBT_MS.first);
  assert.equal(renewed.length, 1);
  await pass(DOUBT_MS.first + 2 * FLAGS_INTERVAL_MS);
  assert.equal(renewed.length, 2);
});

Deno.test("a refusal against the flags that was none lets all go on as they were", async () => {
  const { refused, restarted, lines, pass, began } = setUp();
  for (const id of [0, 1]) refused.shardRefused(id, ALL_INTENTS);
  await pass(1_000);
  assert.deepEqual(restarted, [0]);
  began(0);
  assert.deepEqual([restarted, refused.of(1), lines], [[0, 1], ALL_INTENTS, []]);
});

for (
  const [what, answer] of [
    ["does not answer", () => new Promise<Response>(() => {})],
    ["is ill", () => Promise.resolve(new Response("no", { status: 503 }))],
    ["cannot be reached", () => Promise.reject(new Error("no route"))],
    ["says something else", () => Promise.resolve(Response.json({ flags: "many" }))],
    ["speaks no JSON", () => Promise.resolve(new Response("<html>"))],
  ] as const
) {
  Deno.test(`where Discord ${what} shards go on without anything privileged, and get it back`, async () => {
    const { refused, discord, restarted, renewed, pass, began } = setUp();
    const { answer: well } = discord;
    discord.answer = answer;
    refused.shardRefused(0, ALL_INTENTS);
    await pass(FLAGS_DEADLINE_MS - 6_000);
    assert.deepEqual(restarted, []);
    await pass(7_000);
    assert.deepEqual([restarted, refused.of(0)], [[0], ALL_INTENTS & ~PRIVILEGED_INTENTS]);
    began(0);
    discord.answer = well;
    discord.flags = NO_MEMBERS;
    await pass(FLAGS_INTERVAL_MS + 1_000);
    assert.deepEqual(renewed, [0]);
    began(0);
    assert.equal(refused.of(1), ALL_INTENTS & ~MEMBERS);
  });
}

Deno.test("a close for intents of which none is privileged cannot be helped", async () => {
  const { refused, restarted, lines, pass } = setUp();
  refused.shardRefused(0, INTENTS.GUILDS);
  await pass(60_000);
  assert.deepEqual([restarted, lines], [[], ["error shard stopped for good"]]);
});

Deno.test("sessions of an earlier life that lack an intent say what was refused", async () => {
  const sessions = new Map([[1, ALL_INTENTS & ~MEMBERS]]);
  const { refused, renewed, lines, pass, began } = setUp({ sessions });
  assert.equal(refused.of(7), ALL_INTENTS & ~MEMBERS);
  assert.match(lines[0]!, /refused intents before.*GUILD_MEMBERS/);
  await pass(1_000);
  assert.deepEqual(renewed, [1]);
  began(1);
  assert.equal(refused.of(7), ALL_INTENTS);
});

Deno.test("shards that wait for a decision do not wait for ever", async () => {
  const { refused, restarted, pass } = setUp();
  for (const id of [0, 1]) refused.shardRefused(id, ALL_INTENTS);
  await pass(60_000);
  assert.deepEqual(restarted, [0]);
  // The one that was to try never came.
  await pass(70_000);
  assert.deepEqual(restarted, [0, 1]);
});

Deno.test("shards that come beside those of another total begin without what Discord refuses there", async () => {
  const { refused, lines, began, pass, discord } = setUp({
    refusedBefore: MEMBERS,
    flags: NO_MEMBERS,
  });
  assert.equal(refused.of(0), ALL_INTENTS & ~MEMBERS);
  assert.deepEqual(lines, [], "it was told already");
  began(0);
  discord.flags = EVERY_FLAG;
  await pass(FLAGS_INTERVAL_MS);
  assert.equal(refused.of(0), ALL_INTENTS, "one tries when the flags grant it again");
});

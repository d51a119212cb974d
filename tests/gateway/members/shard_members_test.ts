import assert from "node:assert/strict";
import { LOADING_PATIENCE_MS } from "../../../gateway/members/all_members.ts";
import { STALLED_AFTER_MS } from "../../../gateway/members/requests.ts";
import { logTo, silentLog } from "../../../ports/log.ts";
import { GatehouseError } from "../../../protocol/errors.ts";
import type { SavedGuilds } from "../../../protocol/discord/guild_note.ts";
import { INTENTS } from "../../../protocol/discord/intents.ts";
import type { ShardPayload, WorkerOptions } from "../../../protocol/worker_message.ts";
import type { ShardState } from "../../../protocol/status.ts";
import { createVirtualClock } from "../../../sim/wire/virtual_clock.ts";
import { Members, MOST_FETCHES, ShardMembers } from "../../../gateway/members/shard_members.ts";

/** A shard of one that sends at once while it is ready, or what the test lets it. */
function setUp({ cacheAllMembers = true, intents = 3 } = {}) {
  const clock = createVirtualClock();
  const waiting: (() => ShardPayload | null)[] = [];
  const sent: { guild_id: string; nonce: string }[] = [];
  const lines: string[] = [];
  const told: string[] = [];
  let state: ShardState = "ready";
  const session = { intents };
  let cursor = 0;
  let nonces = 0;
  const drain = () => {
    while (state === "ready" && waiting.length > 0) {
      const payload = waiting.shift()!();
      if (payload) sent.push(payload.d as typeof sent[number]);
    }
  };
  const refusal: { error: Error | null } = { error: null };
  const members = new ShardMembers({
    shardId: 0,
    worker: { totalShards: 1, cacheAllMembers },
    clock,
    log: logTo((level, event, fields) => lines.push(`${level} ${event} ${JSON.stringify(fields)}`)),
    shard: {
      get status() {
        return { shardId: 0, state, reason: "because", sinceMs: 0, connection: 1 };
      },
      get intents() {
        return session.intents;
      },
      turn(rank, make) {
        if (refusal.error && rank === "bot") throw refusal.error;
        waiting.push(make);
        drain();
      },
    },
    newNonce: () => `n${++nonces}`,
    newest: () => cursor,
    complete: (_, at) => told.push(`complete at ${at}`),
    cached: () => told.push("cached"),
  });
  const see = (t: string, d: unknown = {}) => {
    cursor++;
    members.see(t, new TextEncoder().encode(JSON.stringify({ t, s: 1, op: 0, d })));
  };
  return {
    clock,
    members,
    sent,
    waiting,
    lines,
    told,
    refusal,
    session,
    see,
    enter(next: ShardState) {
      state = next;
      drain();
    },
    ready(...guildIds: string[]) {
      members.all?.changed({ kind: "session", guildIds });
      see("READY");
    },
    here(guildId: string) {
      members.all?.changed({ kind: "here", guildId });
      see("GUILD_CREATE");
    },
    chunk(nonce: string, index = 0, of = 1) {
      see("GUILD_MEMBERS_CHUNK", { members: [1], chunk_index: index, chunk_count: of, nonce });
    },
    askedFor: () => sent.map(({ guild_id }) => guild_id),
  };
}

Deno.test("ShardMembers asks for each guild as it comes, and says when all have come to the bot", () => {
  const { members, ready, here, chunk, askedFor, told } = setUp();
  ready("1", "2");
  assert.deepEqual(askedFor(), []);
  here("1");
  here("2");
  assert.deepEqual(askedFor(), ["1", "2"]);
  chunk("n1");
  chunk("n2", 1, 2);
  assert.deepEqual(told, []);
  chunk("n2", 0, 2);
  assert.deepEqual(told, ["complete at 6"]);
  members.all!.acknowledged(5);
  assert.deepEqual(told, ["complete at 6"]);
  for (const cursor of [6, 7]) members.all!.acknowledged(cursor);
  assert.deepEqual(told, ["complete at 6", "cached"]);
});

Deno.test("ShardMembers has a few guilds under way, and asks for the next when one is done", () => {
  const { ready, here, chunk, askedFor } = setUp();
  const ids = Array.from({ length: MOST_FETCHES + 2 }, (_, i) => String(i));
  ready(...ids);
  for (const id of ids) here(id);
  assert.equal(askedFor().length, MOST_FETCHES);
  chunk("n2");
  assert.equal(askedFor().length, MOST_FETCHES + 1);
  chunk("n1");
  chunk("n1");
  assert.deepEqual(askedFor(), ids);
});

Deno.test("ShardMembers asks again for what does not come, others first, and tells the operator", async () => {
  const { clock, ready, here, chunk, askedFor, lines } = setUp();
  ready("1");
  here("1");
  for (let i = 0; i < 2; i++) await clock.advance(STALLED_AFTER_MS);
  assert.deepEqual(askedFor(), ["1", "1", "1"]);
  assert.deepEqual(lines, [
    'warn members of a guild do not come, they are asked for again {"shardId":0,"guildId":"1"}',
  ]);
  chunk("n3");
  await clock.advance(STALLED_AFTER_MS);
  assert.equal(askedFor().length, 3);
});

Deno.test("ShardMembers drops the old session's guilds for those of the new one", () => {
  const { ready, here, chunk, askedFor, told, enter } = setUp();
  ready("1", "2");
  here("1");
  enter("backing off");
  here("2");
  ready("3");
  enter("ready");
  chunk("n1");
  assert.deepEqual([askedFor(), told], [["1"], []]);
  here("3");
  chunk("n2");
  assert.deepEqual([askedFor(), told], [["1", "3"], ["complete at 7"]]);
});

Deno.test("ShardMembers needs not ask for a guild of which the bot has asked for everybody", async () => {
  const { members, ready, here, chunk, askedFor, told } = setUp();
  ready("1");
  const answer = members.request({ guildId: "1" });
  here("1");
  chunk("n1");
  await answer;
  assert.deepEqual([askedFor(), told], [["1"], ["complete at 3"]]);
});

Deno.test("ShardMembers does not ask for a guild that was left or went down meanwhile", () => {
  const { members, ready, here, see, askedFor, told, enter } = setUp();
  ready("1", "2");
  enter("backing off");
  for (const id of ["1", "2"]) here(id);
  members.all!.changed({ kind: "left", guildId: "1" });
  members.all!.changed({ kind: "away", guildId: "2" });
  see("GUILD_DELETE");
  enter("ready");
  assert.deepEqual([askedFor(), told], [[], ["complete at 4"]]);
});

const SAVED: SavedGuilds = { guildIds: ["1", "2"], loadingGuildIds: ["2"] };
const KEPT: [what: string, guilds: SavedGuilds | null, asked: string[], told: string[]][] = [
  ["was complete", { ...SAVED, loadingGuildIds: [], membersCached: true }, [], ["complete at 2"]],
  ["was not complete", SAVED, ["1"], []],
  ["is not known counts as complete and", null, [], ["complete at 2"]],
];
for (const [what, guilds, asked, expected] of KEPT) {
  Deno.test(`ShardMembers whose session ${what} is resumed, asks for what is missing`, () => {
    const { members, see, askedFor, told, enter } = setUp();
    enter("resuming");
    members.all!.begin(guilds);
    see("GUILD_DELETE");
    assert.deepEqual([askedFor(), told], [[], []], "the replay is not over");
    see("RESUMED");
    enter("ready");
    assert.deepEqual([askedFor(), told], [asked, expected]);
  });
}

Deno.test("ShardMembers is patient while the shard is not ready", async () => {
  const { clock, ready, see, told, enter } = setUp();
  ready("1");
  await clock.advance(LOADING_PATIENCE_MS - 1);
  enter("backing off");
  await clock.advance(2 * LOADING_PATIENCE_MS);
  assert.deepEqual(told, []);
  see("RESUMED");
  enter("ready");
  await clock.advance(LOADING_PATIENCE_MS - 1);
  assert.deepEqual(told, []);
  await clock.advance(1);
  assert.deepEqual(told, ["complete at 2"]);
});

Deno.test("ShardMembers without CACHE_ALL_MEMBERS asks for what the bot wants, and for nothing else", async () => {
  const { members, ready, here, chunk, sent, told } = setUp({ cacheAllMembers: false });
  ready("1");
  here("1");
  assert.deepEqual(sent, []);
  const answer = members.request({ guildId: "1", userIds: ["5"] });
  assert.deepEqual(sent, [{ guild_id: "1", user_ids: ["5"], nonce: "n1" }]);
  chunk("n1");
  assert.deepEqual(await answer, { members: [1], notFound: [] });
  assert.deepEqual(told, []);
});

Deno.test("ShardMembers refuses what Discord would not answer", async () => {
  const { members, sent } = setUp({ intents: INTENTS.GUILDS });
  const all = { code: "refused", message: /guild 1: .* GUILD_MEMBERS/ };
  await assert.rejects(members.request({ guildId: "1" }), all);
  const presences = { code: "refused", message: /GUILD_PRESENCES/ };
  await assert.rejects(members.request({ guildId: "1", query: "a", presences: true }), presences);
  assert.deepEqual(sent, []);
});

Deno.test("ShardMembers refuses what waits for an answer when the next session lacks the intent", async () => {
  const { members, sent, session, ready, here } = setUp();
  ready("1");
  const all = members.request({ guildId: "1" });
  const some = members.request({ guildId: "1", userIds: ["5"] });
  const asked = sent.length;
  session.intents = INTENTS.GUILDS;
  ready("1");
  here("1");
  await assert.rejects(all, { code: "refused", message: /GUILD_MEMBERS/ });
  // What needs no intent is asked for again, and nobody asks for everybody.
  const again = sent.slice(asked).map(({ nonce: _, ...body }) => body);
  assert.deepEqual(again, [{ guild_id: "1", user_ids: ["5"] }]);
  members.stopped("done");
  await assert.rejects(some);
});

Deno.test("ShardMembers passes on why the shard takes no command, and forgets the request", async () => {
  const { clock, members, sent, refusal } = setUp();
  refusal.error = new GatehouseError("refused", "caller", "1000 commands wait already");
  await assert.rejects(members.request({ guildId: "1" }), refusal.error);
  refusal.error = null;
  await clock.advance(200_000);
  assert.deepEqual(sent, []);
});

Deno.test("ShardMembers asks for one turn per request, however long the shard is not ready", async () => {
  const { members, see, waiting, sent, enter, chunk } = setUp();
  enter("backing off");
  const answers = [members.request({ guildId: "1" }), members.request({ guildId: "2" })];
  for (let i = 0; i < 10; i++) see("GUILD_CREATE");
  assert.equal(waiting.length, 2);
  enter("ready");
  assert.equal(sent.length, 2);
  chunk("n1");
  chunk("n2");
  await Promise.all(answers);
});

Deno.test("ShardMembers does not send what has missed its deadline", async () => {
  const { clock, members, sent, enter } = setUp();
  enter("backing off");
  const late = members.request({ guildId: "1", deadlineMs: 100 });
  const refused = assert.rejects(late, {
    code: "not_ready",
    blame: "host",
    message: "Cannot request members of guild 1: after 100 ms the shard is backing off (because)",
  });
  await clock.advance(100);
  await refused;
  enter("ready");
  assert.deepEqual(sent, []);
});

/** The members of shards 0 and 1 of two, and what the shards have sent. */
function setUpWorker({ random = 0.5, cacheAllMembers = true } = {}) {
  const sent: { shardId: number; guildId: string; nonce: string }[] = [];
  const told: string[] = [];
  const members = new Members({
    worker: { totalShards: 2, cacheAllMembers } as WorkerOptions,
    clock: createVirtualClock(),
    random: () => random,
    log: silentLog,
    newest: (shardId) => 10 + shardId,
    complete: (shardId, cursor) => told.push(`${shardId} complete at ${cursor}`),
    cached: (shardId) => told.push(`${shardId} cached`),
  });
  for (const shardId of [0, 1]) {
    members.add(shardId, {
      status: { shardId, state: "ready", reason: "", sinceMs: 0, connection: 1 },
      intents: 3,
      turn(_, make) {
        const { guild_id, nonce } = make()?.d as { guild_id: string; nonce: string };
        sent.push({ shardId, guildId: guild_id, nonce });
      },
    });
  }
  return { members, sent, told };
}

/** The least guild id of a shard of two. */
const guildOf = (shardId: number) => String(BigInt(shardId) << 22n);
const NO_EVENT = new TextEncoder().encode("{}");

Deno.test("Members asks on the shard of a guild, and knows no other shard", () => {
  const { members, sent } = setUpWorker({ cacheAllMembers: false });
  for (const shardId of [1, 0]) {
    members.of(shardId)!.request({ guildId: guildOf(shardId) }).catch(() => {});
    members.of(shardId)!.stopped("the test is over");
  }
  assert.deepEqual(sent.map(({ shardId, guildId }) => [shardId, guildId]), [
    [1, guildOf(1)],
    [0, guildOf(0)],
  ]);
  assert.equal(members.of(2), undefined);
});

Deno.test("Members never uses a nonce twice, whatever the shard and the life of the worker", () => {
  const nonces = [0, 0.5, 0.999_999_999].flatMap((random) => {
    const { members, sent } = setUpWorker({ random, cacheAllMembers: false });
    for (const shardId of [0, 1, 0]) {
      members.of(shardId)!.request({ guildId: guildOf(shardId), userIds: ["5"] }).catch(() => {});
    }
    for (const shardId of [0, 1]) members.of(shardId)!.stopped("the test is over");
    return sent.map(({ nonce }) => nonce);
  });
  assert.equal(new Set(nonces).size, 9);
  for (const nonce of nonces) assert.ok(nonce.length <= 32, `Discord drops ${nonce}`);
});

Deno.test("Members tells which shard is complete, with its own newest cursor", () => {
  const { members, told } = setUpWorker();
  const { all } = members.of(1)!;
  all!.changed({ kind: "session", guildIds: [] });
  members.of(1)!.see("READY", NO_EVENT);
  assert.deepEqual(told, ["1 complete at 11"]);
  all!.acknowledged(11);
  assert.deepEqual(told, ["1 complete at 11", "1 cached"]);
});

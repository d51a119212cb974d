/** Members that libraries on `/gateway` ask for: each gets what it asked for, and nothing else. */

import assert from "node:assert/strict";
import { INTENTS } from "../../protocol/discord/intents.ts";
import { OP } from "../../protocol/discord/opcodes.ts";
import { memorySpool } from "../support/memory_spool.ts";
import { connect, type Library } from "../support/library.ts";
import { createRig, type Rig, type RigOptions } from "../support/rig.ts";

/** A bot and a logger on one shard, whose guilds have many members. */
async function started(options: RigOptions = {}): Promise<[Rig, Library, Library]> {
  const rig = await createRig({
    openSpool: memorySpool(),
    ...options,
    sim: { guilds: 2, membersPerGuild: 1_500, ...options.sim },
    config: { consumersPerShard: 2, ...options.config },
  });
  rig.gateway.pool.spawnShards();
  await rig.ready();
  const bot = connect(rig);
  const logger = connect(rig, false, "x:logger");
  for (const library of [bot, logger]) library.identify();
  await rig.clock.advance(3_000);
  return [rig, bot, logger];
}

const firstGuild = ({ sim }: Rig) => [...sim.world.guilds.keys()][0]!;

/** What each library got of members: the nonces of chunks, and of what was refused. */
function nonces(...libraries: Library[]): unknown[][] {
  return libraries.map(({ got }) =>
    got.flatMap(({ t, d }) =>
      t === "GUILD_MEMBERS_CHUNK" ? [d.nonce ?? null] : t === "RATE_LIMITED" ? [d.meta] : []
    )
  );
}

function ask(library: Library, guild_id: string, nonce?: string, more: object = {}): void {
  library.send(OP.REQUEST_GUILD_MEMBERS, { guild_id, query: "", limit: 0, nonce, ...more });
}

Deno.test("chunks come to who asked alone, with a nonce and without, and so does RATE_LIMITED", async () => {
  const [rig, bot, logger] = await started();
  const guildId = firstGuild(rig);
  ask(logger, guildId, "logger's");
  await rig.clock.advance(1_000);
  assert.deepEqual(nonces(bot, logger), [[], ["logger's", "logger's"]]);
  ask(bot, guildId, "bot's");
  await rig.clock.advance(1_000);
  const meta = { guild_id: guildId, nonce: "bot's" };
  assert.deepEqual(nonces(bot, logger), [[meta], ["logger's", "logger's"]]);
  ask(bot, guildId, undefined, { query: "ka", limit: 5 });
  await rig.clock.advance(1_000);
  assert.deepEqual(nonces(bot, logger), [[meta, null], ["logger's", "logger's"]]);
  rig.sim.world.emit("CHANNEL_UPDATE", guildId, { id: "1", guild_id: guildId });
  await rig.clock.advance(1_000);
  for (const { got } of [bot, logger]) {
    assert.equal(got.findLast(({ t }) => t !== null)!.t, "CHANNEL_UPDATE");
  }
  rig.assertNoViolations();
});

Deno.test("what Gatehouse asks for by itself, or for somebody else, comes to no library", async () => {
  const [rig, bot, logger] = await started({ cacheAllMembers: true });
  const guildId = firstGuild(rig);
  const answer = rig.gateway.pool.requestMembers(0, { guildId, query: "ka", limit: 3 });
  let found: unknown[] = [];
  void answer.then(({ members }) => found = [...members]);
  await rig.clock.advance(60_000);
  assert.equal(found.length, 3);
  const chunks = rig.sim.ledger.events.filter(({ t }) => t === "GUILD_MEMBERS_CHUNK");
  assert.equal(chunks.length, 5);
  assert.deepEqual(nonces(bot, logger), [[], []]);
});

Deno.test("what no library is given holds nothing up: many chunks of ours, and a RESUME afterwards", async () => {
  const [rig, bot, logger] = await started({
    cacheAllMembers: true,
    queueMemoryBytes: 4 * 1024 * 1024,
    sim: { guilds: 4, membersPerGuild: 12_000, memberChunkStepMs: 20 },
  });
  for (let beats = 0; beats < 12; beats++) {
    for (const library of [bot, logger]) library.acknowledge();
    await rig.clock.advance(10_000);
  }
  const guildId = firstGuild(rig);
  rig.sim.world.emit("CHANNEL_UPDATE", guildId, { id: "1", guild_id: guildId });
  await rig.clock.advance(1_000);
  assert.equal(bot.got.findLast(({ t }) => t !== null)!.t, "CHANNEL_UPDATE");
  const s = bot.last();
  bot.close(1006);
  await rig.clock.advance(1_000);
  const back = connect(rig);
  back.resume(bot.sessionId(), s);
  await rig.clock.advance(1_000);
  assert.equal(back.got.findLast(({ t }) => t !== null)!.t, "RESUMED");
});

/** Ids of the members of chunks, of those with this nonce. */
function idsIn(library: Library, nonce: string): string[] {
  return library.got.filter(({ t, d }) => t === "GUILD_MEMBERS_CHUNK" && d.nonce === nonce)
    .flatMap(({ d }) => d.members).map(({ user }) => user.id).sort();
}

const askedOf = ({ sim }: Rig) =>
  sim.ledger.sends.filter(({ op }) => op === OP.REQUEST_GUILD_MEMBERS).length;

Deno.test("with CACHE=members a guild of whom all are known is answered for without Discord, as it is now", async () => {
  const [rig, bot, logger] = await started({
    config: { cache: ["members"], consumersPerShard: 2 },
  });
  const guildId = firstGuild(rig);
  const guild = rig.sim.world.guilds.get(guildId)!;
  const truth = () => [...guild.members.keys()].sort();
  ask(bot, guildId, "first");
  await rig.clock.advance(1_000);
  assert.deepEqual([idsIn(bot, "first"), askedOf(rig)], [truth(), 1]);
  const [, gone, renamed] = [...guild.members.values()];
  rig.sim.world.emit("GUILD_MEMBER_REMOVE", guildId, { guild_id: guildId, user: gone!.user });
  const nick = "Zoë the second";
  rig.sim.world.emit("GUILD_MEMBER_UPDATE", guildId, { ...renamed, nick, guild_id: guildId });
  await rig.clock.advance(1_000);
  ask(logger, guildId, "second");
  ask(bot, guildId, "third", { query: "zoë", limit: 5 });
  ask(bot, guildId, "fourth", {
    query: undefined,
    user_ids: [gone!.user.id, renamed!.user.id],
    presences: true,
  });
  await rig.clock.advance(1_000);
  assert.deepEqual(idsIn(logger, "second"), truth().filter((id) => id !== gone!.user.id));
  assert.deepEqual(idsIn(bot, "third"), [renamed!.user.id]);
  // Presences are not kept: that is for Discord, who knows nothing of what this test has emitted.
  assert.deepEqual(idsIn(bot, "fourth"), [gone!.user.id, renamed!.user.id].sort());
  assert.equal(askedOf(rig), 2);
  const chunks = logger.got.filter(({ t }) => t === "GUILD_MEMBERS_CHUNK").map(({ d }) => d);
  assert.deepEqual(chunks.map((d) => [d.chunk_index, d.chunk_count]), [[0, 2], [1, 2]]);
  assert.ok(logger.got.filter(({ t }) => t === "RATE_LIMITED").length === 0);
  rig.assertNoViolations();
});

Deno.test("a guild whose members are not all known any more is asked of Discord again", async () => {
  const [rig, bot] = await started({
    config: { cache: ["members"], consumersPerShard: 2 },
  });
  const guildId = firstGuild(rig);
  ask(bot, guildId, "first");
  await rig.clock.advance(31_000);
  bot.acknowledge();
  rig.sim.faults.invalidate(false);
  await rig.clock.runUntil(() => rig.identifies() === 2 && rig.isReady(), 60_000);
  bot.acknowledge();
  await rig.clock.advance(5_000);
  ask(bot, guildId, "second");
  await rig.clock.advance(1_000);
  assert.equal(askedOf(rig), 2);
  assert.equal(idsIn(bot, "second").length, 1_501);
  ask(bot, guildId, "third");
  await rig.clock.advance(1_000);
  assert.deepEqual([askedOf(rig), idsIn(bot, "third").length], [2, 1_501]);
});

Deno.test("who has not the intent for all members gets none, as from Discord", async () => {
  const [rig] = await started({ config: { cache: ["members"], consumersPerShard: 3 } });
  const poor = connect(rig, false, "x:poor");
  poor.identify(undefined, [0, 1], INTENTS.GUILDS);
  await rig.clock.advance(1_000);
  ask(poor, firstGuild(rig), "poor");
  await rig.clock.advance(1_000);
  assert.deepEqual([askedOf(rig), nonces(poor)], [0, [[]]]);
});

import assert from "node:assert/strict";
import { ALL_INTENTS, INTENTS } from "../../../protocol/discord/intents.ts";
import { OP } from "../../../protocol/discord/opcodes.ts";
import { stage } from "./scripted_client.ts";

const rules = (sim: { ledger: { violations: { rule: string }[] } }) =>
  sim.ledger.violations.map(({ rule }) => rule);

Deno.test("C6.1 120 payloads pass in 60 s, the next is closed with 4008", async () => {
  const { ready, clock, sim } = stage();
  const client = await ready();
  for (let i = 0; i < 119; i++) client.beat();
  await clock.advance(50);
  assert.equal(client.closedWith, null);
  client.beat();
  await clock.advance(50);
  assert.equal(client.closedWith, 4008);
  assert.deepEqual(rules(sim), ["send limit"]);
});

Deno.test("C6.1 the window slides, and a new connection has its own", async () => {
  const { ready, clock, sim, connect } = stage();
  const client = await ready();
  for (let i = 0; i < 119; i++) {
    client.beat();
    await clock.advance(500);
  }
  await clock.advance(500);
  client.beat();
  const other = await connect();
  for (let i = 0; i < 120; i++) other.beat(null);
  await clock.advance(50);
  assert.deepEqual([client.closedWith, other.closedWith], [null, null]);
  assert.deepEqual(rules(sim), []);
});

Deno.test("C6.2 all members come in chunks of 1000 with index, count and nonce", async () => {
  const { ready, clock, sim } = stage({ guilds: 1, membersPerGuild: 2500 });
  const client = await ready();
  const guild_id = [...sim.world.guilds.keys()][0]!;
  client.send(OP.REQUEST_GUILD_MEMBERS, { guild_id, query: "", limit: 0, nonce: "n1" });
  await clock.advance(20);
  const chunks = client.events("GUILD_MEMBERS_CHUNK").map(({ d }) => d);
  assert.deepEqual(
    chunks.map((d) => [d.chunk_index, d.chunk_count, d.members.length, d.nonce]),
    [[0, 3, 1000, "n1"], [1, 3, 1000, "n1"], [2, 3, 501, "n1"]],
  );
  assert.equal("presences" in chunks[0], false);
});

Deno.test("C6.2 chunks come one after another where they are asked to, also past a lost connection", async () => {
  const { ready, clock, sim } = stage({ guilds: 1, membersPerGuild: 2500, memberChunkStepMs: 500 });
  const client = await ready();
  const guild_id = [...sim.world.guilds.keys()][0]!;
  const before = sim.ledger.sessions.values().next().value!.lastS;
  client.send(OP.REQUEST_GUILD_MEMBERS, { guild_id, query: "", limit: 0 });
  await clock.advance(520);
  assert.equal(client.events("GUILD_MEMBERS_CHUNK").length, 1);
  sim.faults.cut();
  await clock.advance(1_000);
  assert.equal(sim.ledger.sessions.values().next().value!.lastS, before + 3);
});

Deno.test("C6.2 by ids and by prefix at most 100 are found, missing ids are told, a long nonce is dropped", async () => {
  const { ready, clock, sim } = stage({ guilds: 1, membersPerGuild: 300 });
  const client = await ready();
  const guild = [...sim.world.guilds.values()][0]!;
  const known = [...guild.members.keys()].slice(1, 4);
  const ask = async (d: Record<string, unknown>) => {
    client.send(OP.REQUEST_GUILD_MEMBERS, { guild_id: guild.id, ...d });
    await clock.advance(20);
    return client.events("GUILD_MEMBERS_CHUNK").at(-1)!.d;
  };
  const byId = await ask({ user_ids: [...known, "1"], nonce: "x".repeat(33), presences: true });
  assert.deepEqual(byId.members.map((member: { user: { id: string } }) => member.user.id), known);
  assert.deepEqual(byId.not_found, ["1"]);
  assert.equal("nonce" in byId, false);
  assert.equal(byId.presences.length, 3);
  assert.equal((await ask({ query: "ka", limit: 5, nonce: "é".repeat(16) })).members.length, 5);
  assert.equal(client.events("GUILD_MEMBERS_CHUNK").at(-1)!.d.nonce.length, 16);
  assert.equal((await ask({ query: "", limit: 1000 })).members.length, 100);
});

Deno.test("C6.2 no answer for another shard's guild, 4002 for a list of several guilds", async () => {
  const { ready, clock, sim } = stage({ guilds: 2, shards: 2 });
  const client = await ready(0, 2);
  const [, other] = [...sim.world.guilds.keys()];
  client.send(OP.REQUEST_GUILD_MEMBERS, { guild_id: other, query: "", limit: 0 });
  await clock.advance(20);
  assert.equal(client.events("GUILD_MEMBERS_CHUNK").length, 0);
  client.send(OP.REQUEST_GUILD_MEMBERS, { guild_id: [other, other], query: "", limit: 0 });
  await clock.advance(20);
  assert.equal(client.closedWith, 4002);
});

Deno.test("C6.2 all members need GUILD_MEMBERS, presences need GUILD_PRESENCES", async () => {
  const { ready, clock, sim } = stage({ guilds: 1 });
  const client = await ready(0, 1, INTENTS.GUILDS);
  const guild_id = [...sim.world.guilds.keys()][0]!;
  client.send(OP.REQUEST_GUILD_MEMBERS, { guild_id, query: "", limit: 0 });
  client.send(OP.REQUEST_GUILD_MEMBERS, { guild_id, user_ids: ["1"], presences: true });
  await clock.advance(20);
  assert.equal(client.events("GUILD_MEMBERS_CHUNK").length, 0);
  assert.deepEqual(rules(sim), ["intents", "intents"]);
});

Deno.test("C6.3 a second request for all members within 30 s, on any session of the bot, is RATE_LIMITED", async () => {
  const { ready, clock, sim } = stage({ guilds: 1 });
  const one = await ready();
  await clock.advance(5000);
  const two = await ready(0, 1, ALL_INTENTS);
  const guild_id = [...sim.world.guilds.keys()][0]!;
  one.send(OP.REQUEST_GUILD_MEMBERS, { guild_id, query: "", limit: 0 });
  await clock.advance(10_000);
  two.send(OP.REQUEST_GUILD_MEMBERS, { guild_id, query: "", limit: 0, nonce: "again" });
  await clock.advance(20);
  assert.deepEqual(two.events("RATE_LIMITED").map(({ d }) => d), [
    { opcode: 8, retry_after: 20, meta: { guild_id, nonce: "again" } },
  ]);
  assert.equal(two.events("GUILD_MEMBERS_CHUNK").length, 0);
  assert.equal(two.closedWith, null);
  await clock.advance(20_000);
  two.send(OP.REQUEST_GUILD_MEMBERS, { guild_id, query: "", limit: 0 });
  await clock.advance(20);
  assert.equal(two.events("GUILD_MEMBERS_CHUNK").length, 1);
});

Deno.test("C6.4 ops 4, 31 and 43 are answered on the session, op 3 in silence", async () => {
  const { ready, clock, sim } = stage({ guilds: 1 });
  const client = await ready();
  const guild = [...sim.world.guilds.values()][0]!;
  const before = client.payloads.length;
  client.send(OP.PRESENCE_UPDATE, { since: null, activities: [], status: "idle", afk: false });
  await clock.advance(20);
  assert.equal(client.payloads.length, before);
  const place = { guild_id: guild.id, self_mute: false, self_deaf: true };
  client.send(OP.VOICE_STATE_UPDATE, { ...place, channel_id: guild.channels[0]!.id });
  client.send(OP.VOICE_STATE_UPDATE, { ...place, channel_id: null });
  client.send(OP.REQUEST_SOUNDBOARD_SOUNDS, { guild_ids: [guild.id, "1"] });
  client.send(OP.REQUEST_CHANNEL_INFO, { guild_id: guild.id, fields: ["status"] });
  await clock.advance(20);
  const names = client.payloads.slice(before).map(({ t }) => t);
  assert.deepEqual(names.slice(0, 2).sort(), ["VOICE_SERVER_UPDATE", "VOICE_STATE_UPDATE"]);
  assert.deepEqual(names.slice(2), ["VOICE_STATE_UPDATE", "SOUNDBOARD_SOUNDS", "CHANNEL_INFO"]);
  assert.equal(client.events("VOICE_STATE_UPDATE")[0]!.d.self_deaf, true);
  assert.deepEqual(
    client.events("CHANNEL_INFO")[0]!.d.channels,
    guild.channels.map(({ id }) => ({ id, status: null })),
  );
});

Deno.test("C6.4 more than 5 presence updates in 20 s are noted, and the connection stays", async () => {
  const { ready, clock, sim } = stage();
  const client = await ready();
  for (let i = 0; i < 6; i++) client.send(OP.PRESENCE_UPDATE, { status: "online" });
  await clock.advance(20);
  assert.deepEqual(rules(sim), ["presence pace"]);
  assert.equal(client.closedWith, null);
});

Deno.test("C6.4 a session shows the presence of IDENTIFY, then of the last op 3; a new one knows neither", async () => {
  const { ready, clock, sim } = stage();
  const client = await ready();
  const shown = () => [...sim.ledger.sessions.values()].map(({ presence }) => presence);
  client.send(OP.PRESENCE_UPDATE, { status: "idle" });
  await clock.advance(20);
  assert.deepEqual(shown(), [{ status: "idle" }]);
  client.send(OP.PRESENCE_UPDATE, { status: "dnd", activities: [{ name: "x", type: 0 }] });
  await clock.advance(20);
  assert.deepEqual(shown(), [{ status: "dnd", activities: [{ name: "x", type: 0 }] }]);
  client.send(OP.PRESENCE_UPDATE, { status: "idle", activities: "x" });
  await clock.advance(20);
  assert.equal(client.closedWith, 4002);
});

import assert from "node:assert/strict";
import { calculateShardId } from "../../../protocol/ids.ts";
import { ALL_INTENTS, INTENTS } from "../../../protocol/discord/intents.ts";
import { botJoins, botLeaves, guildComesBack, guildGoesDown } from "../../../sim/mod.ts";
import { stage } from "./scripted_client.ts";

const ids = (payloads: { d: { id: string } }[]) => payloads.map(({ d }) => d.id);

Deno.test("C5.1 READY lists this shard's guilds as unavailable; a GUILD_CREATE follows for each, shuffled", async () => {
  const { ready, clock, sim } = stage({ guilds: 60, shards: 2, maxConcurrency: 2 });
  const client = await ready(1, 2);
  await clock.advance(1000);
  const listed = client.events("READY")[0]!.d.guilds;
  const own = [...sim.world.guilds.keys()].filter((id) => calculateShardId(id, 2) === 1);
  assert.equal(own.length, 30);
  assert.deepEqual(listed, own.map((id) => ({ unavailable: true, id })));
  const created = ids(client.events("GUILD_CREATE"));
  assert.notDeepEqual(created, own);
  assert.deepEqual(created.toSorted(), own.toSorted());
});

Deno.test("C5.1 live events come in between the GUILD_CREATEs", async () => {
  const { connect, clock, sim } = stage({ guilds: 100 });
  sim.traffic.setMix({ MESSAGE_CREATE: 1 });
  sim.traffic.setRate(1000);
  const client = await connect();
  client.identify();
  await clock.advance(200);
  const names = client.names;
  const between = names.slice(names.indexOf("GUILD_CREATE"), names.lastIndexOf("GUILD_CREATE"));
  assert.ok(between.includes("MESSAGE_CREATE"));
});

Deno.test("C5.2 an outage is GUILD_DELETE with unavailable, later GUILD_CREATE; at startup GUILD_DELETE instead", async () => {
  const { ready, clock, sim } = stage({ guilds: 3 });
  const guild = [...sim.world.guilds.values()][1]!;
  guildGoesDown(sim.world, guild);
  const client = await ready();
  assert.deepEqual(client.events("GUILD_DELETE").map(({ d }) => d), [
    { id: guild.id, unavailable: true },
  ]);
  assert.equal(client.events("GUILD_CREATE").length, 2);
  guildComesBack(sim.world, guild);
  await clock.advance(10);
  assert.equal(client.events("GUILD_CREATE").at(-1)!.d.id, guild.id);
  assert.equal(client.events("GUILD_CREATE").at(-1)!.d.unavailable, false);
});

Deno.test("C5.3 leaving and joining are told without the key unavailable, and READY forgets a guild that was left", async () => {
  const { ready, clock, sim } = stage({ guilds: 3 });
  const client = await ready();
  const guild = [...sim.world.guilds.values()][1]!;
  botLeaves(sim.world, guild);
  await clock.advance(5000);
  assert.deepEqual(client.events("GUILD_DELETE").map(({ d }) => d), [{ id: guild.id }]);
  const later = await ready();
  assert.equal(later.events("READY")[0]!.d.guilds.length, 2);
  botJoins(sim.world, guild);
  await clock.advance(10);
  const join = client.events("GUILD_CREATE").at(-1)!.d;
  assert.equal(join.id, guild.id);
  assert.equal("unavailable" in join, false);
});

Deno.test("C5.4 members are listed by intent and size: the bot and who is in voice, everybody, or who is online", async () => {
  const sizes = async (members: number, intents: number) => {
    const client = await stage({ guilds: 1, membersPerGuild: members }).ready(0, 1, intents);
    const { members: listed, large, presences } = client.events("GUILD_CREATE")[0]!.d;
    return { listed: listed.length, large, presences: presences.length };
  };
  const without = ALL_INTENTS & ~INTENTS.GUILD_PRESENCES;
  assert.deepEqual(await sizes(20, without), { listed: 2, large: false, presences: 0 });
  assert.deepEqual(await sizes(20, ALL_INTENTS), { listed: 21, large: false, presences: 7 });
  assert.deepEqual(await sizes(400, ALL_INTENTS), { listed: 102, large: true, presences: 102 });
});

Deno.test("C5.4 a shard may have 2500 guilds, and a GUILD_CREATE megabytes", async () => {
  const burst = stage({ guilds: 2500, membersPerGuild: 1 });
  const client = await burst.ready();
  await burst.clock.advance(2000);
  assert.equal(client.events("GUILD_CREATE").length, 2500);
  const large = await stage({ guilds: 1, membersPerGuild: 60_000 }).ready();
  assert.ok(large.raw.at(-1)!.length > 5_000_000);
});

Deno.test("C5.5 events without a guild, and entitlements of any guild, come on shard 0 only", async () => {
  const { ready, clock, sim } = stage({ shards: 2, maxConcurrency: 2 });
  const clients = [await ready(0, 2), await ready(1, 2)];
  const odd = [...sim.world.guilds.keys()].find((id) => calculateShardId(id, 2) === 1)!;
  sim.world.emit("MESSAGE_CREATE", null, { id: "1", channel_id: sim.world.directChannel.id });
  sim.world.emit("ENTITLEMENT_CREATE", odd, { id: "2", guild_id: odd });
  sim.world.emit("SUBSCRIPTION_CREATE", null, { id: "3" });
  await clock.advance(10);
  const got = clients.map((client) =>
    client.names.filter((t) => t !== "READY" && t !== "GUILD_CREATE")
  );
  assert.deepEqual(got, [["MESSAGE_CREATE", "ENTITLEMENT_CREATE", "SUBSCRIPTION_CREATE"], []]);
});

Deno.test("C5.6 an event of an unknown name goes to everybody, whatever the intents", async () => {
  const { ready, clock, sim } = stage();
  const client = await ready(0, 1, 0);
  const guild = [...sim.world.guilds.keys()][0]!;
  sim.world.emit("SOMETHING_NEW", guild, { guild_id: guild, "new field": { a: [1] } });
  sim.world.emit("GUILD_BAN_ADD", guild, { guild_id: guild });
  await clock.advance(10);
  assert.deepEqual(client.names, ["READY", "SOMETHING_NEW"]);
});

Deno.test("without MESSAGE_CONTENT a message's content is empty, except the bot's own and those that mention it", async () => {
  const { ready, clock, sim } = stage({ guilds: 1 });
  const client = await ready(0, 1, INTENTS.GUILD_MESSAGES | INTENTS.DIRECT_MESSAGES);
  const guildId = [...sim.world.guilds.keys()][0]!;
  const message = { guild_id: guildId, content: "hi", embeds: [{}], poll: {}, author: { id: "7" } };
  sim.world.emit("MESSAGE_CREATE", guildId, message);
  sim.world.emit("MESSAGE_CREATE", guildId, { ...message, author: { id: sim.world.user.id } });
  sim.world.emit("MESSAGE_CREATE", guildId, { ...message, mentions: [{ id: sim.world.user.id }] });
  sim.world.emit("MESSAGE_CREATE", null, { content: "hi", author: { id: "7" } });
  sim.traffic.burst(2, "MESSAGE_CREATE");
  await clock.advance(10);
  const contents = client.events("MESSAGE_CREATE").map(({ d }) => d.content);
  assert.deepEqual(contents.slice(0, 4), ["", "hi", "hi", "hi"]);
  assert.deepEqual(client.events("MESSAGE_CREATE")[0]!.d.embeds, []);
  assert.equal("poll" in client.events("MESSAGE_CREATE")[0]!.d, false);
  assert.equal(contents[5], "");
});

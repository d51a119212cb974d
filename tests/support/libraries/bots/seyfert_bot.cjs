/** A bot made with seyfert, behind Gatehouse: see docs/libraries/seyfert.md. */
"use strict";

const { obey, say, fail, voiceOf } = require("./bot_words.cjs");
const { GATEHOUSE, TOKEN, TLS_PORT } = process.env;

// On Node it speaks wss:// to port 443 and nothing else. The test's server has another port.
require("node:https").globalAgent.defaultPort = Number(TLS_PORT);

// docs: begin
const { ApiHandler, Client, GatewayIntentBits } = require("seyfert");

const client = new Client({
  getRC: () => ({
    token: TOKEN,
    intents: Object.values(GatewayIntentBits).filter((bit) => typeof bit === "number"),
    locations: { base: "." },
  }),
});
client.setServices({ rest: new ApiHandler({ token: TOKEN, domain: GATEHOUSE }) });
client.start();
// docs: end

const hearing = new Set();
client.events.set([
  { data: { name: "botReady", once: true }, run: () => say("ready") },
  { data: { name: "messageCreate" }, run: ({ id }) => say("message", { id }) },
  { data: { name: "raw" }, run: ({ t, d }) => hearing.forEach((hear) => hear(t, d)) },
]);
client.events.onFail = (event, error) => fail(new Error(`in ${event}`, { cause: error }));

function listen(hear) {
  hearing.add(hear);
  return () => hearing.delete(hear);
}

const shardOf = (guild) => client.gateway.get(client.gateway.calculateShardId(guild));
const idsOf = (things) => (things ?? []).map(({ id }) => id);

obey({
  guilds: async () => ({
    guilds: await Promise.all((await client.cache.guilds.values()).map(async ({ id, name }) => ({
      id,
      name,
      channels: idsOf((await client.cache.channels.values(id)).filter((it) => !it.isThread())),
      roles: idsOf(await client.cache.roles.values(id)),
      members: idsOf(await client.cache.members.values(id)),
    }))),
  }),
  say: async ({ channel, content }) => {
    const { id } = await client.messages.write(channel, { content });
    return { id };
  },
  members: async ({ guild }) => {
    const { members } = await shardOf(guild).requestGuildMember({
      guild_id: guild,
      query: "",
      limit: 0,
    });
    return { ids: members.map(({ user }) => user.id) };
  },
  voice: ({ guild, channel }) =>
    voiceOf(listen, guild, () => client.botId, () => {
      shardOf(guild).send(false, {
        op: 4,
        d: { guild_id: guild, channel_id: channel, self_mute: false, self_deaf: false },
      });
    }),
  stop: () => client.gateway.disconnectAll(),
});

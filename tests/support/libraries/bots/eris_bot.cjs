/** A bot made with Eris, behind Gatehouse: see docs/libraries/eris.md. */
"use strict";

const { obey, say, fail, voiceOf } = require("./bot_words.cjs");
const { GATEHOUSE, TOKEN } = process.env;

// docs: begin
const Eris = require("eris");
const https = require("node:https");
const net = require("node:net");

// Eris speaks HTTPS only. Where Gatehouse is not behind TLS, its requests go over this agent.
const { hostname, port } = new URL(GATEHOUSE);
const agent = new https.Agent({ keepAlive: true });
agent.createConnection = () => net.connect({ host: hostname, port });

const client = new Eris.Client(`Bot ${TOKEN}`, {
  maxShards: "auto",
  intents: ["all"],
  rest: { domain: `${hostname}:${port}`, agent },
});
client.connect();
// docs: end

client.on("ready", () => say("ready"));
client.on("messageCreate", ({ id }) => say("message", { id }));
// It tells of every connection of a shard that ends; only what is of no shard is an error here.
client.on("error", (error, shard) => shard === undefined && fail(error));

/** Every dispatch, as Eris tells it. */
function listen(hear) {
  const take = ({ t, d }) => hear(t, d);
  client.on("rawWS", take);
  return () => client.off("rawWS", take);
}

obey({
  guilds: () => ({
    guilds: client.guilds.map((guild) => ({
      id: guild.id,
      name: guild.name,
      channels: guild.channels.map(({ id }) => id),
      roles: guild.roles.map(({ id }) => id),
      members: guild.members.map(({ id }) => id),
      threads: guild.threads.map(({ id }) => id),
      emojis: guild.emojis.map(({ id }) => id),
      voice: guild.voiceStates.filter(({ channelID }) => channelID).map(({ id }) => id),
    })),
  }),
  say: async ({ channel, content }) => {
    const { id } = await client.createMessage(channel, content);
    return { id };
  },
  members: async ({ guild }) => {
    const members = await client.guilds.get(guild).fetchMembers();
    return { ids: members.map(({ id }) => id) };
  },
  voice: ({ guild, channel }) =>
    voiceOf(listen, guild, () => client.user.id, () => {
      client.guilds.get(guild).shard.sendWS(4, {
        guild_id: guild,
        channel_id: channel,
        self_mute: false,
        self_deaf: false,
      });
    }),
  stop: () => client.disconnect({ reconnect: false }),
});

/** A bot made with discord.js, behind Gatehouse: see docs/libraries/discord.js.md. */
"use strict";

const { obey, say, fail, voiceOf } = require("./bot_words.cjs");
const { GATEHOUSE, TOKEN } = process.env;

// docs: begin
const { Client, GatewayIntentBits, Partials } = require("discord.js");

const client = new Client({
  shards: "auto",
  intents: Object.values(GatewayIntentBits).filter((bit) => typeof bit === "number"),
  partials: [Partials.Channel], // messages in direct channels
  rest: { api: `${GATEHOUSE}/api` },
});
client.login(TOKEN);
// docs: end

client.on("clientReady", () => say("ready"));
client.on("messageCreate", ({ id }) => say("message", { id }));
client.on("error", fail);

/** Every dispatch, as discord.js tells it. */
function listen(hear) {
  const take = ({ t, d }) => hear(t, d);
  client.on("raw", take);
  return () => client.off("raw", take);
}

obey({
  guilds: () => ({
    guilds: client.guilds.cache.map((guild) => ({
      id: guild.id,
      name: guild.name,
      channels: guild.channels.cache.filter((channel) => !channel.isThread()).map(({ id }) => id),
      roles: guild.roles.cache.map(({ id }) => id),
      members: guild.members.cache.map(({ id }) => id),
      threads: guild.channels.cache.filter((channel) => channel.isThread()).map(({ id }) => id),
      emojis: guild.emojis.cache.map(({ id }) => id),
      voice: guild.voiceStates.cache.filter(({ channelId }) => channelId).map(({ id }) => id),
    })),
  }),
  say: async ({ channel, content }) => {
    const { id } = await client.channels.cache.get(channel).send(content);
    return { id };
  },
  members: async ({ guild }) => {
    const members = await client.guilds.cache.get(guild).members.fetch();
    return { ids: members.map(({ id }) => id) };
  },
  voice: ({ guild, channel }) =>
    voiceOf(listen, guild, () => client.user.id, () => {
      client.guilds.cache.get(guild).shard.send({
        op: 4,
        d: { guild_id: guild, channel_id: channel, self_mute: false, self_deaf: false },
      });
    }),
  stop: () => client.destroy(),
});

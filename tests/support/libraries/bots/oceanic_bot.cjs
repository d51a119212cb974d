/** A bot made with Oceanic, behind Gatehouse: see docs/libraries/oceanic.md. */
"use strict";

const { obey, say, fail, voiceOf } = require("./bot_words.cjs");
const { GATEHOUSE, TOKEN } = process.env;

// docs: begin
const { Client } = require("oceanic.js");

const client = new Client({
  auth: `Bot ${TOKEN}`,
  gateway: { maxShards: "auto", intents: ["ALL"] },
  rest: { baseURL: `${GATEHOUSE}/api/v10` },
});
client.connect();
// docs: end

client.on("ready", () => say("ready"));
client.on("messageCreate", ({ id }) => say("message", { id }));
// It tells of every connection of a shard that ends; only what is of no shard is an error here.
client.on("error", (error, shard) => shard === undefined && fail(error));

/** Every dispatch, as Oceanic tells it. */
function listen(hear) {
  const take = ({ t, d }) => hear(t, d);
  client.on("packet", take);
  return () => client.off("packet", take);
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
    const { id } = await client.rest.channels.createMessage(channel, { content });
    return { id };
  },
  members: async ({ guild }) => {
    const members = await client.guilds.get(guild).fetchMembers();
    return { ids: members.map(({ id }) => id) };
  },
  voice: ({ guild, channel }) =>
    voiceOf(listen, guild, () => client.user.id, () => {
      client.guilds.get(guild).shard.updateVoiceState(guild, channel);
    }),
  stop: () => client.disconnect(false),
});

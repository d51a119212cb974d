/** A bot made with Discordeno, behind Gatehouse: see docs/libraries/discordeno.md. */
"use strict";

const { obey, say, fail, voiceOf } = require("./bot_words.cjs");
const { GATEHOUSE, TOKEN } = process.env;

// docs: begin
const { ChannelTypes, createBot, Intents } = require("@discordeno/bot");

const bot = createBot({
  token: TOKEN,
  intents: Object.values(Intents).filter((bit) => typeof bit === "number").reduce((a, b) => a | b),
  rest: { proxy: { baseUrl: `${GATEHOUSE}/api`, authorization: `Bot ${TOKEN}` } },
  gateway: { cache: { requestMembers: { enabled: true } } },
  desiredProperties: {
    guild: { id: true, name: true, channels: true, roles: true, members: true },
    channel: { id: true, type: true },
    role: { id: true },
    member: { id: true },
    message: { id: true },
    user: { id: true },
  },
  events: {},
});
bot.start();
// docs: end

/** It has no cache: what it is told is kept here. */
const guilds = new Map();
const ready = new Set();
const hearing = new Set();
let botId = "";

bot.events.ready = ({ shardId, user }) => {
  botId = String(user.id);
  if (ready.add(shardId).size === bot.gateway.totalShards) say("ready");
};
bot.events.messageCreate = ({ id }) => say("message", { id: String(id) });
bot.events.guildCreate = (guild) => guilds.set(guild.id, guild);
bot.events.raw = ({ t, d }) => hearing.forEach((hear) => hear(t, d));
bot.logger.error = (...words) => fail(words.join(" "));

function listen(hear) {
  hearing.add(hear);
  return () => hearing.delete(hear);
}

const THREADS = [
  ChannelTypes.AnnouncementThread,
  ChannelTypes.PrivateThread,
  ChannelTypes.PublicThread,
];
const idsOf = (things) => [...things.keys()].map(String);

obey({
  guilds: () => ({
    guilds: [...guilds.values()].map(({ id, name, channels, roles, members }) => ({
      id: String(id),
      name,
      channels: idsOf(channels.filter(({ type }) => !THREADS.includes(type))),
      roles: idsOf(roles),
      members: idsOf(members),
    })),
  }),
  say: async ({ channel, content }) => {
    const { id } = await bot.helpers.sendMessage(channel, { content });
    return { id: String(id) };
  },
  members: async ({ guild }) => {
    const members = await bot.gateway.requestMembers(guild, { query: "", limit: 0 });
    return { ids: members.map(({ user }) => user.id) };
  },
  voice: ({ guild, channel }) =>
    voiceOf(listen, guild, () => botId, () => bot.gateway.joinVoiceChannel(guild, channel)),
  stop: () => bot.shutdown(),
});

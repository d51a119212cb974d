/** A bot made with @discordjs/ws and @discordjs/rest, behind Gatehouse: see docs/libraries/discordjs-ws.md. */
"use strict";

const { obey, say, fail, voiceOf } = require("./bot_words.cjs");
const { GATEHOUSE, TOKEN } = process.env;
const INTENTS = 0x331_ffff;

// docs: begin
const { REST } = require("@discordjs/rest");
const { WebSocketManager } = require("@discordjs/ws");

const rest = new REST({ api: `${GATEHOUSE}/api` }).setToken(TOKEN);
const manager = new WebSocketManager({ token: TOKEN, intents: INTENTS, rest });
manager.connect();
// docs: end

const guilds = new Map();
const listeners = new Set();
let me;
let shardsReady = 0;
let toldReady = false;

manager.on("error", fail);
manager.on("dispatch", ({ t, d }) => {
  listeners.forEach((hear) => hear(t, d));
  if (t === "READY") {
    me = d.user.id;
    shardsReady += 1;
  }
  if (t === "GUILD_CREATE") guilds.set(d.id, d);
  if (t === "MESSAGE_CREATE") say("message", { id: d.id });
  ready();
});

/** Every shard is ready; whether the guilds come the test sees. */
async function ready() {
  if (toldReady || shardsReady < await manager.getShardCount()) return;
  if (toldReady) return;
  toldReady = true;
  say("ready");
}

/** Every dispatch. */
function listen(hear) {
  listeners.add(hear);
  return () => listeners.delete(hear);
}

async function send(guild, op, d) {
  const count = await manager.getShardCount();
  await manager.send(Number((BigInt(guild) >> 22n) % BigInt(count)), { op, d });
}

obey({
  guilds: () => ({
    guilds: [...guilds.values()].map(({ id, name, channels, roles, members, ...more }) => ({
      id,
      name,
      channels: channels.map((channel) => channel.id),
      roles: roles.map((role) => role.id),
      members: members.map(({ user }) => user.id),
      threads: more.threads.map((thread) => thread.id),
      emojis: more.emojis.map((emoji) => emoji.id),
      voice: more.voice_states.map((state) => state.user_id),
    })),
  }),
  say: async ({ channel, content }) => {
    const { id } = await rest.post(`/channels/${channel}/messages`, { body: { content } });
    return { id };
  },
  members: ({ guild }) =>
    new Promise((resolve) => {
      const nonce = `${Date.now()}`;
      const ids = [];
      const hangUp = listen((t, d) => {
        if (t !== "GUILD_MEMBERS_CHUNK" || d.nonce !== nonce) return;
        ids.push(...d.members.map(({ user }) => user.id));
        if (d.chunk_index + 1 < d.chunk_count) return;
        hangUp();
        resolve({ ids });
      });
      send(guild, 8, { guild_id: guild, query: "", limit: 0, nonce });
    }),
  voice: ({ guild, channel }) =>
    voiceOf(listen, guild, () => me, () => {
      send(guild, 4, { guild_id: guild, channel_id: channel, self_mute: false, self_deaf: false });
    }),
  stop: () => manager.destroy(),
});

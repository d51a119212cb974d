/**
 * A bot of one shard, made with the library that LIBRARY names: it says of each dispatch that matters
 * what came, as it came, so that nothing depends on what the library has in its caches.
 */
"use strict";

const { obey, say } = require("./bot_words.cjs");
const { GATEHOUSE, TOKEN, LIBRARY } = process.env;
const [shard, total] = [Number(process.env.SHARD), Number(process.env.TOTAL)];
const INTENTS = 0x331_ffff;
const api = `${GATEHOUSE}/api`;

/** Logs in by each library, and shows it every payload. */
const LIBRARIES = {
  async "discord.js"() {
    const { Client } = require("discord.js");
    const client = new Client({
      intents: INTENTS,
      shards: [shard],
      shardCount: total,
      rest: { api },
    });
    client.on("raw", see);
    client.on("shardError", hear);
    await client.login(TOKEN);
  },
  async "@discordjs/ws"() {
    const { REST } = require("@discordjs/rest");
    const { WebSocketManager } = require("@discordjs/ws");
    const rest = new REST({ api }).setToken(TOKEN);
    const shards = { shardIds: [shard], shardCount: total };
    const manager = new WebSocketManager({ token: TOKEN, intents: INTENTS, rest, ...shards });
    manager.on("dispatch", see);
    manager.on("error", hear);
    await manager.connect();
  },
  async "Eris"() {
    const Eris = require("eris");
    const client = new Eris.Client(`Bot ${TOKEN}`, {
      intents: INTENTS,
      ...{ firstShardID: shard, lastShardID: shard, maxShards: total, shardConcurrency: 1 },
    });
    // It asks for the address over HTTPS only.
    client.getGateway = () => Promise.resolve({ url: GATEHOUSE.replace("http", "ws") });
    client.on("rawWS", see);
    client.on("error", hear);
    await client.connect();
  },
  async "Oceanic"() {
    const { Client } = require("oceanic.js");
    const client = new Client({
      auth: `Bot ${TOKEN}`,
      gateway: {
        intents: INTENTS,
        ...{ firstShardID: shard, lastShardID: shard, maxShards: total, concurrency: 1 },
      },
      rest: { baseURL: `${api}/v10` },
    });
    client.on("packet", see);
    client.on("error", hear);
    await client.connect();
  },
  async "@discordeno/bot"() {
    const { createBot } = require("@discordeno/bot");
    const bot = createBot({
      token: TOKEN,
      intents: INTENTS,
      rest: { proxy: { baseUrl: api, authorization: `Bot ${TOKEN}` } },
      gateway: { firstShardId: shard, lastShardId: shard, totalShards: total },
      desiredProperties: {},
      events: {},
    });
    bot.events.raw = see;
    bot.logger.error = hear;
    await bot.start();
  },
};

function see({ t, s, d }) {
  if (t === "READY") say("session");
  if (t === "MESSAGE_CREATE") say("numbered", { id: d.id, s });
  if (t === "GATEHOUSE_REPEAT") say("repeat", { from: d.from, to: d.to });
}

/** Connections end here again and again: what counts is what becomes of them. */
function hear() {}

obey({});
LIBRARIES[LIBRARY]();

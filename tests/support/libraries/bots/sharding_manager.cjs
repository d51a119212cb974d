/** discord.js' ShardingManager behind Gatehouse, and, started by it, the bot of each shard: see docs/migration.md. */
"use strict";

const { Client, GatewayIntentBits, ShardingManager } = require("discord.js");
const { GATEHOUSE, TOKEN, SHARDS } = process.env;

if (SHARDS === undefined) manage();
else {
  const client = new Client({
    intents: [GatewayIntentBits.Guilds],
    rest: { api: `${GATEHOUSE}/api` },
  });
  client.login(TOKEN);
}

function manage() {
  const { fail, obey, say } = require("./bot_words.cjs");
  const manager = new ShardingManager(__filename, { token: TOKEN, totalShards: 2, respawn: false });
  manager.spawn({ delay: 0 }).then(() => say("ready"), fail);
  obey({
    guilds: async () => {
      const seen = await manager.broadcastEval((client) =>
        client.guilds.cache.map((guild) => ({
          id: guild.id,
          name: guild.name,
          channels: guild.channels.cache.filter((each) => !each.isThread()).map(({ id }) => id),
          roles: guild.roles.cache.map(({ id }) => id),
          members: [],
        }))
      );
      return { guilds: seen.flat() };
    },
    stop: () => manager.shards.forEach((shard) => shard.kill()),
  });
}

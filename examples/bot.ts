/**
 * The example bot: answers a message and an interaction. Run it with `BOT_MODULE=./examples/bot.ts`.
 *
 * @module
 */

import { defineBot } from "gatehouse";

/** Interaction type and callback type of [Discord Docs/Interactions](https://discord.com/developers/docs/interactions/receiving-and-responding). */
const APPLICATION_COMMAND = 2;
const CHANNEL_MESSAGE_WITH_SOURCE = 4;

export default defineBot({
  events: {
    async MESSAGE_CREATE(message, { rest, log, shardId }) {
      if (message.author.bot || message.content !== "!ping") return;
      await rest.post(`/channels/${message.channel_id}/messages`, { content: "pong" });
      log.info("answered a message", { shardId, channelId: message.channel_id });
    },

    async INTERACTION_CREATE(interaction, { rest, log, shardId }) {
      const { id, token, application_id, type, gatehouse } = interaction;
      if (type !== APPLICATION_COMMAND) return;
      const message = { content: "pong" };
      if (gatehouse?.answered === "deferred") {
        // I was away, and it was deferred for me: the answer replaces the deferral.
        await rest.patch(`/webhooks/${application_id}/${token}/messages/@original`, message);
      } else {
        const response = { type: CHANNEL_MESSAGE_WITH_SOURCE, data: message };
        await rest.post(`/interactions/${id}/${token}/callback`, response);
      }
      log.info("answered an interaction", { shardId, late: gatehouse?.answered !== undefined });
    },

    GATEHOUSE_GAP(gap, { log, shardId }) {
      log.warn("I will never see some events", { shardId, ...gap });
    },

    GATEHOUSE_GUILD_MOVED({ guildId, mayRepeat }, { log, shardId, totalShards }) {
      log.debug("a guild comes by another shard now", { guildId, shardId, totalShards, mayRepeat });
    },
  },

  shutdown() {
    console.log("example bot: goodbye");
  },
});

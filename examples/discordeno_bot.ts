/**
 * The example bot with Discordeno: answers a message and an interaction. Run it with
 * `BOT_MODULE=./examples/discordeno_bot.ts`.
 *
 * @module
 */

import { createBot } from "@discordeno/bot";
import { discordenoBot, NO_TOKEN } from "gatehouse";

/** Callback type of [Discord Docs/Interactions](https://discord.com/developers/docs/interactions/receiving-and-responding). */
const CHANNEL_MESSAGE_WITH_SOURCE = 4;

const bot = createBot({
  token: NO_TOKEN,
  desiredProperties: {
    interaction: { id: true, token: true },
    message: { author: true, channelId: true, content: true, id: true },
    user: { id: true, toggles: true },
  },
  events: {
    async messageCreate(message) {
      if (message.author.bot || message.content !== "!ping") return;
      await bot.helpers.sendMessage(message.channelId, { content: "pong" });
    },

    async interactionCreate(interaction) {
      await bot.helpers.sendInteractionResponse(interaction.id, interaction.token, {
        type: CHANNEL_MESSAGE_WITH_SOURCE,
        data: { content: "pong" },
      });
    },
  },
});

export default discordenoBot(bot);

/**
 * The bot part of Discordeno's big-bot template on Gatehouse: its `bot.ts`, `commands/ping.ts`,
 * `events/interactions/create.ts` and `register-commands.ts` in one file. The unit is its REST process,
 * its gateway process and its RabbitMQ. Against the simulator, without a token:
 *
 * ```sh
 * BOT_MODULE=examples/bigbot/bot.ts TOTAL_CLUSTERS=2 deno task demo
 * ```
 *
 * @module
 */

import {
  ActivityTypes,
  type CreateApplicationCommand,
  createBot,
  InteractionTypes,
} from "@discordeno/bot";
import { type BotContext, discordenoBot, type Hooks, NO_TOKEN } from "gatehouse";

// No `intents` and no `rest.proxy`: intents are the unit's setting, and REST goes through it anyway.
const bot = createBot({
  token: NO_TOKEN,
  desiredProperties: {
    interaction: { data: true, guildId: true, id: true, token: true, type: true, user: true },
    message: { author: true, channelId: true, content: true, id: true },
    user: { id: true, toggles: true, username: true },
  },
});

type Interaction = typeof bot.transformers.$inferredTypes.interaction;

type Command = CreateApplicationCommand & {
  readonly run: (interaction: Interaction) => Promise<unknown>;
};

const commands = new Map<string, Command>();
let commandsRun = 0;
/** What the unit gives: set before the first event. */
let unit: BotContext;

function createCommand(command: Command): void {
  commands.set(command.name, command);
}

createCommand({
  name: "ping",
  description: "Check whether the bot is online and responsive.",
  async run(interaction) {
    const { shardId, rtt } = await getShardInfoFromGuild(interaction.guildId);
    const shardPing = rtt === null ? "*Not yet available*" : `${Math.round(rtt)} ms`;
    await interaction.respond(`🏓 Pong! Gateway latency of shard ${shardId}: ${shardPing}`);
  },
});

createCommand({
  name: "usage",
  description: "How many commands all clusters have run.",
  async run(interaction) {
    const { results } = await unit.ipc.sendClusterCommand(
      { all: true },
      { type: "CommandsRun" },
      { receptive: true, timeout: 2_000 },
    );
    const sum = (results as number[]).reduce((before, each) => before + each, 0);
    await interaction.respond(`${sum} commands on ${results.length} clusters`);
  },
});

bot.events.messageCreate = async (message) => {
  if (message.author.bot || message.content !== "!ping") return;
  await bot.helpers.sendMessage(message.channelId, { content: "🏓 Try /ping" });
};

// One that was deferred while the bot was away comes here too; `respond()` edits it then.
bot.events.interactionCreate = async (interaction) => {
  if (interaction.type !== InteractionTypes.ApplicationCommand || !interaction.data) return;
  const { name } = interaction.data;
  try {
    const command = commands.get(name);
    if (!command) {
      await interaction.respond("❌ Something went wrong. I was not able to find this command.");
      return;
    }
    await command.run(interaction);
    commandsRun += 1;
    unit.log.info("command was run", { name, user: interaction.user.username });
  } catch (error) {
    unit.log.error("command failed", { name, error: String(error) });
    await interaction.respond(
      "❌ Something went wrong. The command execution has thrown an error.",
    );
  }
};

/** What the template asks its gateway process for. */
async function getShardInfoFromGuild(
  guildId = 0n,
): Promise<{ shardId: number; rtt: number | null }> {
  const shardId = bot.gateway.calculateShardId(guildId);
  const { baseUrl, authorization } = unit.rest;
  const url = new URL(`/control/shards/${shardId}`, baseUrl);
  const response = await fetch(url, { headers: { authorization } });
  const info = await response.json();
  if (!response.ok) throw new Error(`Cannot tell about shard ${shardId}: ${info.error}`);
  return { shardId, rtt: info.counters.latencyMs };
}

/** All of it may be left out: `export default discordenoBot(bot)` is a bot, too. */
const hooks: Hooks = {
  start(context) {
    unit = context;
  },

  async allClustersReady({ cluster }) {
    // Each cluster is told, and could do this for all.
    if (cluster.id !== 0) return;
    await bot.helpers.upsertGlobalApplicationCommands([...commands.values()]);
    await bot.gateway.editBotStatus({
      status: "online",
      activities: [{ name: "/ping", type: ActivityTypes.Listening }],
    });
  },

  handleCommand(data, _receptive, { asResponse, asError }) {
    const { type } = data as { type: string };
    return type === "CommandsRun" ? asResponse(commandsRun) : asError(new Error("Unknown command"));
  },

  getStats: () => ({ commandsRun }),

  shutdown() {
    console.log("big bot: goodbye");
  },
};

export default discordenoBot(bot, hooks);

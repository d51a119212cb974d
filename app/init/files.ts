/**
 * The files of a new bot's folder.
 *
 * @module
 */

import type { GatehousePlace } from "./place.ts";

/** A file to be written. */
export interface NewFile {
  readonly name: string;
  /** What it is for, in a few words. */
  readonly means: string;
  readonly text: string;
  /** Whether only its owner is to read it, and so who copies it gets a file that nobody else reads. Default: no. */
  readonly isPrivate?: boolean;
}

const BOT = `import { defineBot } from "gatehouse";

export default defineBot({
  events: {
    // Every dispatch of Discord's by its name; its data is typed.
    async MESSAGE_CREATE(message, { rest, log }) {
      if (message.content !== "!ping") return;
      await rest.post(\`/channels/\${message.channel_id}/messages\`, { content: "pong" });
      log.info("answered a message", { channel: message.channel_id });
    },
  },
});
`;

const ENVIRONMENT =
  `# Copy this to .env. Gatehouse reads it; your bot's process never sees the token.
# Every setting: docs/operations.md of Gatehouse. What is missing tells: deno task doctor

# From https://discord.com/developers/applications, page "Bot"
DISCORD_TOKEN=

# What Discord is to send. MESSAGE_CONTENT has to be switched on there, too
INTENTS=GUILDS,GUILD_MESSAGES,MESSAGE_CONTENT

# What the bot's process may do beside talking to Gatehouse, such as
# CLUSTER_PERMISSIONS=--allow-net=db.internal:5432 --allow-env=DATABASE_URL
`;

const IGNORED = `# The token
.env
# Sessions and events that wait
.gatehouse/
`;

const TASKS = {
  dev: ["dev ./bot.ts", "Run the bot, and anew whenever its files change"],
  start: ["start ./bot.ts", "Run the bot; with nothing set, against the simulator"],
  doctor: ["doctor ./bot.ts", "Check what a start needs, before anything is spent"],
  status: ["status", "How it stands"],
  gatehouse: ["", "Any subcommand: deno task gatehouse top"],
} as const;

/** The files of a folder in which Gatehouse is at `place`. */
export function filesOf({ module, command }: GatehousePlace): NewFile[] {
  const tasks = Object.entries(TASKS).map(([name, [subcommand, description]]) =>
    [name, { description, command: `${command} ${subcommand}`.trimEnd() }] as const
  );
  const config = { imports: { gatehouse: module }, tasks: Object.fromEntries(tasks) };
  return [
    { name: "bot.ts", means: "a bot that answers !ping", text: BOT },
    {
      name: "deno.json",
      means: `where Gatehouse is, and the tasks ${Object.keys(TASKS).join(", ")}`,
      text: `${JSON.stringify(config, null, 2)}\n`,
    },
    {
      name: ".env.example",
      means: "the settings that it takes with Discord",
      text: ENVIRONMENT,
      isPrivate: true,
    },
    { name: ".gitignore", means: "keeps the token out of Git", text: IGNORED },
  ];
}

/**
 * Libraries of npm, where this machine has Node: they are made for it.
 *
 * @module
 */

import type { BotCommand } from "./bot.ts";
import { BOTS, installed, lacking } from "./installed.ts";

/** What is installed, each at one version. */
const PACKAGES = [
  "discord.js@14.28.1",
  "@discordjs/ws@2.0.4",
  "eris@0.18.0",
  "oceanic.js@1.15.0",
  "seyfert@5.1.0",
  "@discordeno/bot@21.0.0",
];

/** What this machine lacks for them, in words; `null`: nothing. */
export const LACKS_NODE: string | null = await lacking("node", "node", ["--version"]) ??
  await lacking("npm", "npm", ["--version"]);

/** Installs the libraries where they are not yet, and gives the bot of that file, with `more` in its environment. */
export async function npmBot(
  file: string,
  more: Readonly<Record<string, string>> = {},
): Promise<BotCommand> {
  const folder = await installed("npm", PACKAGES.join("\n"), "npm", (target) => [
    ...["install", "--prefix", target, "--no-audit", "--no-fund", "--ignore-scripts", "--silent"],
    ...PACKAGES,
  ]);
  const env = { NODE_PATH: `${folder}/node_modules`, ...more };
  return { program: "node", args: [`${BOTS}/${file}`], env };
}

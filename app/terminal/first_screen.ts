/**
 * The first that somebody at a terminal sees of a unit: what runs, where to look, what to type.
 *
 * @module
 */

import type { Config } from "../../config/config.ts";
import { isDiscord } from "../../config/rules.ts";
import { plainUrl } from "../../ports/redact.ts";
import { VERSION } from "../../protocol/discord/user_agent.ts";

/** What the screen tells of. */
export interface FirstScreenOptions {
  readonly config: Config;
  /** `http://host:port` of the unit. */
  readonly url: string;
  /** What stands before a subcommand. */
  readonly command: string;
  /** Where the documents are. */
  readonly docs: string;
  /** Makes a title of a text. */
  readonly bold: (text: string) => string;
}

/** Its lines, the last one empty. */
export function firstScreen(options: FirstScreenOptions): string[] {
  const { config, url, command, docs, bold } = options;
  const at = (config.publicUrl ?? url).replace(/^ws/, "http");
  const rows: [string, string][][] = [
    [
      ["Bot", botWords(config)],
      ["Shards", shardWords(config)],
      ["State", config.mode === "simulator" ? "none is kept" : config.stateDir],
    ],
    [
      ["Dashboard", `${at}/dashboard`],
      ["REST", `${at}/api`],
      ["Gateway", `${at.replace(/^http/, "ws")}/gateway`],
      ["Docs", docs],
    ],
    nextRows(config, command),
  ];
  const width = Math.max(...rows.flat().map(([name]) => name.length));
  const blocks = rows.map((block) =>
    block.map(([name, text]) => `  ${bold(name.padEnd(width))}  ${text}`)
  );
  return [
    `${bold(`Gatehouse ${VERSION}`)} ${modeWords(config)}`,
    "",
    ...blocks.flatMap((block) => [...block, ""]),
  ];
}

function modeWords(config: Config): string {
  if (config.mode === "simulator") {
    return "plays against a Discord of its own: no token, nothing is real";
  }
  const fleet = config.natsUrls.length === 0 ? "" : ", as a unit of a fleet";
  return `runs with ${isDiscord(config) ? "Discord" : config.discordApiUrl}${fleet}`;
}

/** The example's module is ours, wherever we are. */
const EXAMPLE = new URL("../../examples/bot.ts", import.meta.url).href;

function botWords({ botModule, eventHandlerUrls, services, totalClusters }: Config): string {
  const more = services.length === 0
    ? ""
    : `; services ${services.map((it) => it.name).join(", ")}`;
  if (eventHandlerUrls.length > 0) return `at ${eventHandlerUrls.map(plainUrl).join(", ")}${more}`;
  if (botModule === null) return `none here: events wait for who takes them${more}`;
  if (botModule === EXAMPLE) return `an example, which answers !ping${more}`;
  const clusters = totalClusters === 1 ? "one cluster" : `${totalClusters} clusters`;
  return `${botModule} in ${clusters}${more}`;
}

function shardWords(config: Config): string {
  const { firstShardId, lastShardId, totalShards, natsUrls } = config;
  if (natsUrls.length > 0) return "those that the fleet gives it";
  const total = totalShards ?? (config.mode === "simulator" ? "4" : null);
  const all = total === null ? "as many as Discord recommends" : `${total}`;
  if (firstShardId === 0 && lastShardId === null) return all;
  return `${firstShardId} to ${lastShardId ?? "the last"} of ${all}`;
}

function nextRows({ mode, botModule }: Config, command: string): [string, string][] {
  const stop: [string, string] = ["Stop", "Ctrl-C"];
  if (mode === "discord") return [["Next", `${command} status`], stop];
  const settings = botModule === EXAMPLE ? "DISCORD_TOKEN and BOT_MODULE" : "DISCORD_TOKEN";
  return [["Next", `write ${settings} into .env`], ["Then", `${command} doctor`], stop];
}

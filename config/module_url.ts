/**
 * Modules that a setting names, and what shard workers read to load theirs.
 *
 * @module
 */

import { dirname, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Config, Settings } from "./config.ts";

/** A path or an address as an address. */
export function moduleUrl(module: string): string {
  return isAddress(module) ? module : pathToFileURL(resolve(module)).href;
}

/** A module on this machine, as a path; none where it comes from elsewhere. */
export function moduleFile(module: string): string[] {
  if (module.startsWith("file:")) return [fileURLToPath(module)];
  return isAddress(module) ? [] : [module];
}

/** The folder of a module on this machine; none where it comes from elsewhere. */
export function moduleFolder(module: string): string[] {
  return moduleFile(module).map((path) => dirname(path));
}

/** The bot that plays against the simulator where none is set. */
export const EXAMPLE_BOT: string = new URL("../examples/bot.ts", import.meta.url).href;

/** Whether `EDITED_MESSAGES` names a module. */
export function isModule(editedMessages: string): boolean {
  return editedMessages !== "all" && editedMessages !== "filter";
}

/** The modules that clusters and services run. */
export function botModules(
  { botModule, services }: Pick<Config, "botModule" | "services">,
): string[] {
  const bots = botModule === null ? [] : [botModule];
  return [...bots, ...services.map(({ module }) => module)];
}

/** The modules that shard workers load. */
export function workerModules(
  { editedMessages, workerModule }: Pick<Settings, "editedMessages" | "workerModule">,
): string[] {
  const filter = isModule(editedMessages) ? [editedMessages] : [];
  return workerModule === null ? filter : [...filter, workerModule];
}

function isAddress(module: string): boolean {
  return /^[a-z][a-z+]+:/i.test(module);
}

/** What `mod.ts` is made of, and the bot of the first run. The whole folder is too much: `.env` may be in it. */
const CODE = [
  "mod.ts",
  "events.ts",
  "protocol.ts",
  "deps.ts",
  "discord.ts",
  "app",
  "bot",
  "clusters",
  "config",
  "dashboard",
  "downstream",
  "examples/bot.ts",
  "fleet",
  "gateway",
  "guilds",
  "intake",
  "link",
  "ports",
  "protocol",
  "queue",
  "rest",
  "sim",
  "store",
  "unit",
  "workers",
];

/** The folders and files that shard workers load modules from, where they are on this machine. */
export function workerFolders(config: Config): string[] {
  const folders = workerModules(config).flatMap(moduleFolder).map((folder) => resolve(folder));
  // `defineWorker` comes from our `mod.ts`, with all that it imports.
  return config.workerModule === null ? folders : [...folders, ...ownCode()];
}

/** The folders and files of Gatehouse's own code; none where it is not on this machine. */
export function ownCode(): string[] {
  const root = new URL("../", import.meta.url);
  if (root.protocol !== "file:") return [];
  return CODE.map((name) => fileURLToPath(new URL(name, root)));
}

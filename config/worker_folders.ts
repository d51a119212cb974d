/**
 * What shard workers read: the modules of the user's that they load, and of ours what those import.
 *
 * @module
 */

import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Config } from "./config.ts";
import { moduleFolder, workerModules } from "./module_url.ts";

/** What `mod.ts` is made of. The whole folder is too much: `.env` may be in it. */
const CODE = [
  "mod.ts",
  "deps.ts",
  "app",
  "bot",
  "clusters",
  "config",
  "downstream",
  "gateway",
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

function ownCode(): string[] {
  const root = new URL("../", import.meta.url);
  if (root.protocol !== "file:") return [];
  return CODE.map((name) => fileURLToPath(new URL(name, root)));
}

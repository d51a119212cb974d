/**
 * Modules that a setting names.
 *
 * @module
 */

import { dirname, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Settings } from "./config.ts";

/** A path or an address as an address. */
export function moduleUrl(module: string): string {
  return isAddress(module) ? module : pathToFileURL(resolve(module)).href;
}

/** The folder of a module on this machine; none where it comes from elsewhere. */
export function moduleFolder(module: string): string[] {
  if (module.startsWith("file:")) return [dirname(fileURLToPath(module))];
  return isAddress(module) ? [] : [dirname(module)];
}

/** Whether `EDITED_MESSAGES` names a module. */
export function isModule(editedMessages: string): boolean {
  return editedMessages !== "all" && editedMessages !== "filter";
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

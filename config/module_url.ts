/**
 * Modules that a setting names.
 *
 * @module
 */

import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

/** A path or an address as an address. */
export function moduleUrl(module: string): string {
  return /^[a-z][a-z+]+:/i.test(module) ? module : pathToFileURL(resolve(module)).href;
}

/** Whether `EDITED_MESSAGES` names a module. */
export function isModule(editedMessages: string): boolean {
  return editedMessages !== "all" && editedMessages !== "filter";
}

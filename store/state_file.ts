/**
 * What is written into a file of the state folder: the value, the version of our format, the bot that
 * it belongs to.
 *
 * @module
 */

import { messageOf } from "../protocol/errors.ts";
import { isCount } from "../protocol/record.ts";

/**
 * Version of the format that we write. 1 is read as well: it had other files for the same facts, so
 * that a Gatehouse of its time has to refuse ours, or it would identify every shard anew.
 */
export const STATE_VERSION = 2;

/** What a file of the state folder turns out to be. */
export type StateFile =
  | { readonly kind: "value"; readonly value: unknown }
  /** Written by a Gatehouse that knows more than we do. */
  | { readonly kind: "newer"; readonly version: number }
  /** The state of another bot. */
  | { readonly kind: "foreign"; readonly bot: string }
  /** Not what any version that we know wrote. */
  | { readonly kind: "unknown"; readonly reason: string };

/** The text of a file. */
export function stateFileText(bot: string, value: unknown): string {
  return JSON.stringify({ version: STATE_VERSION, bot, value });
}

/** Reads the text of a file as `bot`. */
export function readStateFile(bot: string, text: string): StateFile {
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch (error) {
    return { kind: "unknown", reason: messageOf(error) };
  }
  const { version, bot: owner, value } = Object(file) as Record<string, unknown>;
  if (!isCount(version)) return { kind: "unknown", reason: "it has no version" };
  if (version > STATE_VERSION) return { kind: "newer", version };
  if (version === 0 || typeof owner !== "string" || value === undefined) {
    return { kind: "unknown", reason: `it is not what version ${version} is` };
  }
  return owner === bot ? { kind: "value", value } : { kind: "foreign", bot: owner };
}

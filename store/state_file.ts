/**
 * A file of the state folder, as bytes: JSON that begins with the checksum of what follows it, and says
 * of which version it is and whose.
 *
 * ```
 * {"crc32":"9ae0daaf","version":3,"bot":"1234","value":…}
 * ```
 *
 * Every version from 3 on begins like this, so that a newer version is told from a bit that has flipped.
 * Nothing here reads or writes a file.
 *
 * @module
 */

import { crc32 } from "node:zlib";
import { messageOf } from "../protocol/errors.ts";
import { parseExact, writeExact } from "../protocol/json.ts";
import { isCount } from "../protocol/record.ts";

/**
 * Version of the format that we write. 1 and 2 are read as well; they had no checksum, and 1 had other
 * files for the same facts. A Gatehouse of their time refuses ours: it would identify every shard anew.
 */
export const STATE_VERSION = 3;

const FIRST_WITH_CHECKSUM = 3;
/** Before what the checksum is of. */
const HEAD_BYTES = '{"crc32":"00000000",'.length;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * What a file holds; or why nothing can be read of it; or why it is whole and not ours to touch, in words
 * that follow its name.
 */
export type StateFile =
  | { readonly value: unknown }
  | { readonly damaged: string }
  | { readonly foreign: string };

/** The file of a value of a bot's. A whole number that is too large for a `number` is a `bigint` in it. */
export function encodeStateFile(bot: string, value: unknown): Uint8Array<ArrayBuffer> {
  const fields = writeExact({ version: STATE_VERSION, bot, value });
  const bytes = encoder.encode(head(0) + fields.slice(1));
  encoder.encodeInto(head(crc32(bytes.subarray(HEAD_BYTES))), bytes);
  return bytes;
}

/** Reads a file, of this version or an earlier one, that is to be this bot's. */
export function readStateFile(bytes: Uint8Array, bot: string): StateFile {
  const checksum = head(crc32(bytes.subarray(HEAD_BYTES)));
  const isChecked = decoder.decode(bytes.subarray(0, HEAD_BYTES)) === checksum;
  let file: unknown;
  try {
    file = parseExact(decoder.decode(bytes));
  } catch (error) {
    return { damaged: messageOf(error) };
  }
  const { version, bot: owner, value, crc32: told } = Object(file) as Record<string, unknown>;
  if (!isCount(version)) return { damaged: "it has no version" };
  if (!isChecked && (version >= FIRST_WITH_CHECKSUM || told !== undefined)) {
    return { damaged: "its checksum is not that of what it holds" };
  }
  if (version > STATE_VERSION) {
    return {
      foreign: `has version ${version}, this Gatehouse knows ${STATE_VERSION}; ` +
        "start the newer Gatehouse again, or set another STATE_DIR to begin anew",
    };
  }
  if (version === 0 || typeof owner !== "string" || value === undefined) {
    return { damaged: `it is not what version ${version} is` };
  }
  if (owner === bot) return { value };
  return {
    foreign: `is the state of bot ${owner}, the token is that of bot ${bot}; ` +
      "set another STATE_DIR for this bot",
  };
}

function head(checksum: number): string {
  return `{"crc32":"${checksum.toString(16).padStart(8, "0")}",`;
}

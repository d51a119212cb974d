/**
 * A part of one of our shards: what a client has that goes by a multiple of our total. Its guilds are those with
 * `(guild_id >> 22) % total` equal to its id; what is of no guild is for the first part of the shard.
 *
 * @module
 */

import { textField } from "../../protocol/discord/body.ts";
import { readEnvelope } from "../../protocol/discord/envelope.ts";
import { type EventRecord, RECORD } from "../../protocol/event_frame.ts";
import { calculateShardId, readId } from "../../protocol/ids.ts";

/** Dispatches that are about a guild, whose id is their own. */
const OF_A_GUILD: ReadonlySet<string> = new Set([
  "GUILD_CREATE",
  "GUILD_LOADED_DD",
  "GUILD_UPDATE",
  "GUILD_DELETE",
]);

/**
 * Which part of a shard gets a record; `null`: all of them, as with a GAP, and with what cannot be read.
 *
 * @param total That the parts go by.
 *
 * @example
 * ```ts
 * import { RECORD } from "../../protocol/event_frame.ts";
 * import { partOf } from "./part.ts";
 * const text = `{"t":"TYPING_START","s":1,"op":0,"d":{"guild_id":"${3n << 22n}"}}`;
 * const body = new TextEncoder().encode(text);
 * console.assert(partOf({ shardId: 0, kind: RECORD.DISPATCH, cursor: 1, body }, 4) === 3);
 * ```
 */
export function partOf({ shardId, kind, body }: EventRecord, total: number): number | null {
  if (kind !== RECORD.DISPATCH) return null;
  try {
    const { t } = readEnvelope(body);
    if (t === "READY") return null;
    const guildId = readId(textField(body, t !== null && OF_A_GUILD.has(t) ? "id" : "guild_id"));
    return guildId === null ? shardId : calculateShardId(guildId, total);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/**
 * Which shard a client's command goes up through, where its session is made of several.
 *
 * @module
 */

import { OP } from "../../protocol/discord/opcodes.ts";
import { calculateShardId, readId } from "../../protocol/ids.ts";
import { isRecord } from "../../protocol/record.ts";
import type { ShardPayload } from "../../protocol/worker_message.ts";

/** A command, and the shard that it is for. */
export type Route = readonly [shardId: number, payload: ShardPayload];

/**
 * What is of the whole bot goes to all shards of a session, what is of a guild to that guild's; what names
 * several guilds (op 31) to the shard of each, with its own. Where no guild is meant, or one that is not
 * the session's, the first one: Discord answers.
 *
 * @param shardIds Of the session, one at least.
 * @param total Number of the unit's shards.
 *
 * @example
 * ```ts
 * import { routesOf } from "./routes.ts";
 * const d = { guild_ids: [String(1n << 22n), String(2n << 22n)] };
 * const shards = routesOf({ op: 31, d }, [0, 1, 2], 3).map(([shardId]) => shardId);
 * console.assert(shards.join() === "1,2");
 * ```
 */
export function routesOf(
  payload: ShardPayload,
  shardIds: readonly number[],
  total: number,
): readonly Route[] {
  const { op, d } = payload;
  if (shardIds.length === 1) return [[shardIds[0]!, payload]];
  if (op === OP.PRESENCE_UPDATE) return shardIds.map((id) => [id, payload]);
  const { guild_id, guild_ids } = isRecord(d) ? d : {};
  if (op !== OP.REQUEST_SOUNDBOARD_SOUNDS || !Array.isArray(guild_ids)) {
    return [[shardOf(guild_id, shardIds, total), payload]];
  }
  const byShard = Map.groupBy(guild_ids, (id) => shardOf(id, shardIds, total));
  return [...byShard].map((
    [id, own],
  ) => [id, { ...payload, d: { ...d as object, guild_ids: own } }]);
}

/** The shard of a session that has a guild; its first where the guild is no such, or not its own. */
export function shardOf(guildId: unknown, shardIds: readonly number[], total: number): number {
  const guild = readId(guildId);
  const home = guild === null ? null : calculateShardId(guild, total);
  return shardIds.find((id) => id === home) ?? shardIds[0]!;
}

/**
 * Which shard a client's command goes up through, where its session is made of several.
 *
 * @module
 */

import { OP } from "../../protocol/discord/opcodes.ts";
import { calculateShardId, readId, type ShardKey } from "../../protocol/ids.ts";
import { isRecord } from "../../protocol/record.ts";
import type { ShardPayload } from "../../protocol/worker_message.ts";

/** A command, and the shard that it is for. */
export type Route = readonly [shard: ShardKey, payload: ShardPayload];

/**
 * What is of the whole bot goes to all shards of a session, what is of a guild to that guild's; what names
 * several guilds (op 31) to the shard of each, with its own. Where no guild is meant, or one that is not
 * the session's, the first one: Discord answers.
 *
 * @param shards Of the session, one at least.
 *
 * @example
 * ```ts
 * import { routesOf } from "./routes.ts";
 * const d = { guild_ids: [String(1n << 22n), String(2n << 22n)] };
 * const shards = [0, 1, 2].map((id) => ({ id, total: 3 }));
 * const ids = routesOf({ op: 31, d }, shards).map(([{ id }]) => id);
 * console.assert(ids.join() === "1,2");
 * ```
 */
export function routesOf(
  payload: ShardPayload,
  shards: readonly ShardKey[],
): readonly Route[] {
  const { op, d } = payload;
  if (shards.length === 1) return [[shards[0]!, payload]];
  if (op === OP.PRESENCE_UPDATE) return shards.map((shard) => [shard, payload]);
  const { guild_id, guild_ids } = isRecord(d) ? d : {};
  if (op !== OP.REQUEST_SOUNDBOARD_SOUNDS || !Array.isArray(guild_ids)) {
    return [[shardOf(guild_id, shards), payload]];
  }
  const byShard = Map.groupBy(guild_ids, (id) => shardOf(id, shards));
  return [...byShard].map((
    [shard, own],
  ) => [shard, { ...payload, d: { ...d as object, guild_ids: own } }]);
}

/** The shard of a session that has a guild; its first where the guild is no such, or not its own. */
export function shardOf(guildId: unknown, shards: readonly ShardKey[]): ShardKey {
  const guild = readId(guildId);
  const isHome = ({ id, total }: ShardKey) =>
    guild !== null && calculateShardId(guild, total) === id;
  return shards.find(isHome) ?? shards[0]!;
}

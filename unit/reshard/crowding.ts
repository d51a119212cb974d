/**
 * Guilds per shard, against the number that Discord allows. Beyond it a shard cannot identify (4011), and
 * before that the bot cannot be added to further guilds of the shard; resharding takes time, so that it is
 * told early.
 * See [Discord Docs/Sharding](https://discord.com/developers/docs/events/gateway#sharding).
 *
 * @module
 */

import type { Config } from "../../config/config.ts";
import type { GuildLimit } from "../../protocol/status.ts";

/** Guilds that a shard may have. */
export const MOST_GUILDS = 2_500;
/** From so many on it is told a last time, wherever `RESHARD_AT` is. */
const LAST_WARNING = MOST_GUILDS * 0.95;

/** A shard, as far as it counts here. */
export interface ShardGuilds {
  readonly shardId: number;
  /** `null`: not known yet. */
  readonly guilds: number | null;
}

/**
 * The limit, and from how many guilds on there are to be more shards.
 *
 * @param isWhole Whether the unit runs all shards of the bot: only then it can have more of them by itself.
 */
export function guildLimit(
  { reshardAtPercent, reshardCheckMs }: Pick<Config, "reshardAtPercent" | "reshardCheckMs">,
  isWhole: boolean,
): GuildLimit {
  return {
    most: MOST_GUILDS,
    reshardAt: Math.ceil(MOST_GUILDS * reshardAtPercent / 100),
    isAutomatic: isWhole && reshardCheckMs > 0,
  };
}

/** The shard with the most guilds; `null` where of none it is known how many it has. */
export function fullestShard<Shard extends ShardGuilds>(shards: readonly Shard[]): Shard | null {
  return shards.reduce<Shard | null>(
    (most, shard) => (shard.guilds ?? -1) > (most?.guilds ?? -1) ? shard : most,
    null,
  );
}

/** Shards that are crowded, the fullest first. */
export function crowdedShards<Shard extends ShardGuilds>(
  shards: readonly Shard[],
  { reshardAt }: Pick<GuildLimit, "reshardAt">,
): Shard[] {
  const from = Math.min(reshardAt, LAST_WARNING);
  return shards.filter(({ guilds }) => guilds !== null && guilds >= from)
    .sort((a, b) => b.guilds! - a.guilds!);
}

/** What there is to do about it. */
export function crowdingAdvice({ isAutomatic }: Pick<GuildLimit, "isAutomatic">): string {
  return isAutomatic
    ? "the unit reshards by itself"
    : "reshard: POST /control/reshard, or another TOTAL_SHARDS for all units";
}

/**
 * What is to be told now, and what has been told after that: of the fullest shard, once when it comes to
 * `reshardAt`, and once more at 95 percent of the limit. Pure.
 *
 * @param told What the call before gave; 0 at first.
 */
export function lookForCrowding<Shard extends ShardGuilds>(
  shards: readonly Shard[],
  limit: Pick<GuildLimit, "reshardAt">,
  told: number,
): { readonly told: number; readonly fullest: Shard | null } {
  const [fullest] = crowdedShards(shards, limit);
  if (!fullest) return { told: 0, fullest: null };
  const level = [limit.reshardAt, LAST_WARNING].filter((from) => fullest.guilds! >= from).length;
  return { told: Math.max(told, level), fullest: level > told ? fullest : null };
}

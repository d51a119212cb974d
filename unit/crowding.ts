/**
 * Guilds per shard, against the number that Discord allows. Beyond it a shard cannot identify (4011), and
 * before that the bot cannot be added to further guilds of the shard; resharding takes an operator and
 * time, so that it is told early.
 * See [Discord Docs/Sharding](https://discord.com/developers/docs/events/gateway#sharding).
 *
 * @module
 */

/** Guilds that a shard may have. */
export const MOST_GUILDS = 2_500;
/** From so many on a shard is crowded. */
export const CROWDED_GUILDS: number = MOST_GUILDS * 0.8;
/** It is told again when the fullest shard has so many more. */
const STEP = MOST_GUILDS * 0.05;

/** A shard, as far as it counts here. */
export interface ShardGuilds {
  readonly shardId: number;
  /** `null`: not known yet. */
  readonly guilds: number | null;
}

/** Shards that are crowded, the fullest first. */
export function crowdedShards<Shard extends ShardGuilds>(shards: readonly Shard[]): Shard[] {
  return shards.filter(({ guilds }) => (guilds ?? 0) >= CROWDED_GUILDS)
    .sort((a, b) => b.guilds! - a.guilds!);
}

/**
 * What is to be told now, and what has been told after that: of the fullest shard, once, and again with
 * each twentieth of the limit that it comes nearer. Pure.
 *
 * @param told What the call before gave; 0 at first.
 */
export function lookForCrowding(
  shards: readonly ShardGuilds[],
  told: number,
): { readonly told: number; readonly fullest: ShardGuilds | null } {
  const [fullest] = crowdedShards(shards);
  if (!fullest) return { told: 0, fullest: null };
  const level = Math.floor((fullest.guilds! - CROWDED_GUILDS) / STEP) + 1;
  return { told: Math.max(told, level), fullest: level > told ? fullest : null };
}

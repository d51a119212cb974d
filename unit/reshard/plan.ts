/**
 * Whether a unit is to have more shards by itself, and how many: the decision of automatic resharding.
 * See [Discord Docs/Sharding](https://discord.com/developers/docs/events/gateway#sharding) and
 * [Sharding for Large Bots](https://discord.com/developers/docs/events/gateway#sharding-for-large-bots).
 *
 * @module
 */

import { MOST_SHARDS } from "../../protocol/ids.ts";
import { lotsOf } from "../../protocol/reshard.ts";
import { counted } from "../../protocol/rounded.ts";
import type { GuildLimit, IdentifySnapshot } from "../../protocol/status.ts";
import { fullestShard, type ShardGuilds } from "./crowding.ts";

/** All that is looked at. */
export interface Standing {
  readonly totalShards: number;
  /** Whether this unit runs all of them. */
  readonly isWhole: boolean;
  /** The shards that serve. */
  readonly shards: readonly ShardGuilds[];
  readonly guildLimit: Pick<GuildLimit, "most" | "reshardAt">;
  /** A shard that Discord has closed because it has too many guilds (4011); `null`: none. */
  readonly closed: number | null;
  /** Shards that Discord recommends. */
  readonly recommended: number;
  /** The day's identifies. */
  readonly identify: Pick<
    IdentifySnapshot,
    "maxConcurrency" | "remaining" | "reserve" | "total" | "resetAfterMs"
  >;
  /** Whether a reshard is under way. */
  readonly isRunning: boolean;
  /** Whether the last one was taken back: who did so may want none. */
  readonly isCancelled: boolean;
}

/** What is to be done, and why, in a person's words. */
export type ReshardPlan =
  | { readonly act: "reshard"; readonly to: number; readonly why: string }
  /** There are shards enough, or more are on their way. */
  | { readonly act: "none"; readonly why: string }
  /** More are needed, and there are too few identifies today. */
  | { readonly act: "wait"; readonly to: number; readonly why: string; readonly afterMs: number }
  /** More are needed, and somebody has to do something about it. */
  | { readonly act: "cannot"; readonly why: string };

/** After a reshard the fullest shard has no more than this share of what asks for the next. */
const ROOM = 3 / 4;

/**
 * Decides. Pure. Never fewer shards; and never a reshard that could not begin, because the identifies that
 * are left today, less the reserve, do not do for its first lot.
 *
 * @example
 * ```ts
 * import { planReshard } from "./plan.ts";
 * const plan = planReshard({
 *   totalShards: 2,
 *   isWhole: true,
 *   shards: [{ shardId: 0, guilds: 2_010 }, { shardId: 1, guilds: 1_950 }],
 *   guildLimit: { most: 2_500, reshardAt: 2_000 },
 *   closed: null,
 *   recommended: 2,
 *   identify: { maxConcurrency: 1, remaining: 900, reserve: 100, total: 1_000, resetAfterMs: 0 },
 *   isRunning: false,
 *   isCancelled: false,
 * });
 * console.assert(plan.act === "reshard" && plan.to === 4);
 * ```
 */
export function planReshard(standing: Standing): ReshardPlan {
  const { totalShards, isWhole, isRunning, isCancelled, closed } = standing;
  if (isRunning) return { act: "none", why: "a reshard is under way" };
  const need = needOf(standing);
  if (need === null) return { act: "none", why: enough(standing) };
  const { why } = need;
  if (isCancelled && closed === null) {
    return {
      act: "none",
      why: `${why}, and the last reshard was cancelled: the next is an operator's`,
    };
  }
  const to = targetOf(totalShards, need.least, multipleOf(standing));
  if (to > MOST_SHARDS) {
    return {
      act: "cannot",
      why: `${why}, and no unit has ${to} shards: ${MOST_SHARDS} are the most`,
    };
  }
  if (!isWhole) {
    const how = `give all units TOTAL_SHARDS=${to} and restart them`;
    return { act: "cannot", why: `${why}, and this unit runs a part of the shards only: ${how}` };
  }
  return affordable(standing, to, why);
}

/** How many shards there are to be at least, and why; `null`: those that there are do. */
function needOf(standing: Standing): { readonly least: number; readonly why: string } | null {
  const { totalShards, recommended, closed } = standing;
  const why = reasonOf(standing);
  if (why === null) return null;
  const { most, reshardAt } = standing.guildLimit;
  const known = fullestShard(standing.shards)?.guilds ?? 0;
  // Of a shard that could not identify nobody knows how many guilds it has, but that they are too many.
  const guilds = closed === null ? known : Math.max(known, most + 1);
  const forGuilds = Math.ceil(totalShards * guilds / (reshardAt * ROOM));
  return { least: Math.max(totalShards + 1, recommended, forGuilds), why };
}

function reasonOf(
  { totalShards, shards, guildLimit, recommended, closed }: Standing,
): string | null {
  if (closed !== null) return `Discord has closed shard ${closed} for its number of guilds (4011)`;
  const fullest = fullestShard(shards);
  if (fullest && fullest.guilds! >= guildLimit.reshardAt) {
    return `shard ${fullest.shardId} has ${fullest.guilds} of ${guildLimit.most} guilds`;
  }
  return recommended > totalShards ? `Discord recommends ${recommended} shards` : null;
}

function enough({ shards, guildLimit, recommended, totalShards }: Standing): string {
  const guilds = fullestShard(shards)?.guilds ?? "an unknown number";
  const of = `of ${guildLimit.most} guilds`;
  return `${totalShards} shards do: the fullest has ${guilds} ${of}, Discord recommends ${recommended}`;
}

/**
 * Of what the number of shards has to be a multiple. For large bots Discord has such a number, and closes any
 * other total with 4010; nothing tells it, but it has been `max_concurrency` so far, and what Discord
 * recommends keeps to it: where that does not, there is no such number.
 */
function multipleOf({ recommended, identify: { maxConcurrency } }: Standing): number {
  return recommended % maxConcurrency === 0 ? maxConcurrency : 1;
}

/** The smallest factor of the total that does; any other total where that were more than twice what is needed. */
function targetOf(total: number, least: number, multiple: number): number {
  let to = total * 2;
  while (to < least || to % multiple !== 0) to += total;
  return to <= 2 * least ? to : Math.ceil(least / multiple) * multiple;
}

function affordable({ totalShards, identify }: Standing, to: number, why: string): ReshardPlan {
  const { remaining, reserve, total, resetAfterMs } = identify;
  const needed = lotsOf(totalShards, to)[0]!.to.length;
  const takes = `to begin takes ${counted(needed, "identify", "identifies")}`;
  if (needed > total - reserve) {
    const kept = `Discord allows ${total} a day, of which IDENTIFY_RESERVE keeps ${reserve}`;
    return { act: "cannot", why: `${why}, and ${takes}: ${kept}` };
  }
  if (needed > remaining - reserve) {
    const left = `${remaining} are left today, IDENTIFY_RESERVE keeps ${reserve}`;
    return { act: "wait", to, why: `${why}, and ${takes}: ${left}`, afterMs: resetAfterMs };
  }
  return { act: "reshard", to, why };
}

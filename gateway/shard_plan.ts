/**
 * Which worker, which cluster has which shard: consecutive ranges, as even as they can be.
 *
 * @module
 */

import { MOST_WORKERS } from "../protocol/ids.ts";

/**
 * Cuts `shardIds` into `count` consecutive parts whose sizes differ by at most one.
 *
 * @example
 * ```ts
 * import { partition } from "./shard_plan.ts";
 * const parts = partition(Array.from({ length: 100 }, (_, id) => id), 4);
 * console.assert(parts.every((part) => part.length === 25) && parts[3]![0] === 75);
 * ```
 */
export function partition(shardIds: readonly number[], count: number): number[][] {
  return Array.from({ length: count }, (_, part) =>
    shardIds.slice(
      Math.floor(part * shardIds.length / count),
      Math.floor((part + 1) * shardIds.length / count),
    ));
}

/** Shards that one worker serves with ease; another thread would only be one more to wake. */
const SHARDS_PER_WORKER = 256;

/**
 * How many workers to start: `totalWorkers` where it is given, else as many as `shardsPerWorker`
 * asks for, else one per 256 shards, and one per core at most; never more than there are shards, nor
 * than {@linkcode MOST_WORKERS}.
 */
export function workerCount(
  shards: number,
  settings: {
    readonly totalWorkers?: number | undefined;
    readonly shardsPerWorker?: number | undefined;
    readonly cores: number;
  },
): number {
  const { totalWorkers, shardsPerWorker, cores } = settings;
  const most = shardsPerWorker === undefined ? cores : Infinity;
  const wanted = totalWorkers ??
    Math.min(most, Math.ceil(shards / (shardsPerWorker ?? SHARDS_PER_WORKER)));
  return Math.max(1, Math.min(wanted, shards, MOST_WORKERS));
}

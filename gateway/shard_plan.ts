/**
 * Which worker, which cluster has which shard: consecutive ranges, as even as they can be.
 *
 * @module
 */

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

/**
 * How many workers to start: `totalWorkers` where it is given, else as many as `shardsPerWorker`
 * asks for, else one per core; never more than there are shards.
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
  const wanted = totalWorkers ?? (shardsPerWorker ? Math.ceil(shards / shardsPerWorker) : cores);
  return Math.max(1, Math.min(wanted, shards));
}

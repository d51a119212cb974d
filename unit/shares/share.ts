/**
 * Which shards of the bot a unit has. By itself it has a range of them, for as long as it lives; one of a fleet
 * has what it was given, and that changes.
 *
 * @module
 */

import type { EventStream } from "../../ports/fleet/event_stream.ts";
import type { ShardKey } from "../../protocol/ids.ts";
import { partition } from "../../gateway/shard_plan.ts";

/** Who has which shards, as far as the parts of one unit want to know it. */
export interface Share {
  /** Whether it stays as it is for as long as the unit lives. */
  readonly isFixed: boolean;
  /** Whether this unit has a shard now, of those that its generations are made of. */
  has(shard: ShardKey): boolean;
  /** The unit that has a shard which this one has not; `null`: none that is known. */
  whereIs(shard: ShardKey): string | null;
  /** Where the events of its shards are kept for whoever reads them; without it they are not. */
  readonly events?: EventStream | null;
  /** Deals the shards of a generation to so many workers. */
  deal(shardIds: readonly number[], workers: number): number[][];
}

/** A unit by itself: all that its generations are made of, in consecutive ranges. */
export const ALONE: Share = {
  isFixed: true,
  has: () => true,
  whereIs: () => null,
  deal: partition,
};

/**
 * Deals shards so that whichever of them a unit has are spread over its workers: `id % workers`.
 *
 * @example
 * ```ts
 * import { dealtInTurn } from "./share.ts";
 * console.assert(JSON.stringify(dealtInTurn([0, 1, 2, 3, 4], 2)) === "[[0,2,4],[1,3]]");
 * ```
 */
export function dealtInTurn(shardIds: readonly number[], workers: number): number[][] {
  const dealt: number[][] = Array.from({ length: workers }, () => []);
  for (const id of shardIds) dealt[id % workers]!.push(id);
  return dealt;
}

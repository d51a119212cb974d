/**
 * The seats of a unit that has so many shards, all of them or some.
 *
 * @module
 */

import type { ShardKey } from "../../protocol/ids.ts";
import { Seats } from "../../unit/consumers/seats.ts";
import { Owners } from "../../unit/reshard/owners.ts";

/** Seats over a total of shards; the lots that have moved to another are named by their rests. */
export function seatsOver(
  total: number,
  to: number | null = null,
  moved: readonly number[] = [],
  runs: (shard: ShardKey) => boolean = () => true,
): Seats {
  return new Seats(ownersOf(total, to, moved), runs);
}

/** Who serves what, where these lots have moved to another total. */
export function ownersOf(
  total: number,
  to: number | null = null,
  moved: readonly number[] = [],
): Owners {
  return new Owners({ total, move: to === null ? null : { to, moved } });
}

/**
 * Sessions that are told of what happens later than others.
 *
 * @module
 */

import { seededRandom } from "../../../ports/random.ts";
import { shardKeyText } from "../../../protocol/ids.ts";
import type { SimSettings } from "../../../sim/mod.ts";

/** Each session is late by a time of its own, and by some more for each event: `mostMs` at the most. */
export function lateByChance(mostMs: number, seed: number): SimSettings["lateMs"] {
  const random = seededRandom(seed + 99);
  const own = new Map<string, number>();
  return ({ shardId, totalShards }) => {
    const key = shardKeyText({ total: totalShards, id: shardId });
    const leastMs = own.getOrInsertComputed(key, () => mostMs * random());
    return leastMs + (mostMs - leastMs) * random();
  };
}

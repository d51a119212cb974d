/**
 * Which ids the clusters have that are a unit's own.
 *
 * @module
 */

import type { ClusterIds, UnitCard } from "../protocol/fleet.ts";
import { define } from "../protocol/record.ts";
import { isSameRecord } from "./same_record.ts";

/** Ids are kept for so many units that are away; whoever has the highest ones loses them first. */
export const MOST_AWAY = 100;

/**
 * Each unit keeps its ids; one that comes, or has more clusters than before, gets the lowest that are free. The
 * same object where nothing changes.
 */
export function planClusters(
  now: Readonly<Record<string, ClusterIds>>,
  cards: readonly UnitCard[],
): Readonly<Record<string, ClusterIds>> {
  const next = new Map(Object.entries(now));
  for (const { unit, clusters: count } of cards.toSorted((a, b) => a.unit < b.unit ? -1 : 1)) {
    const before = next.get(unit);
    if (before?.count === count) continue;
    next.delete(unit);
    const taken = [...next.values()];
    const first = before && isFree({ first: before.first, count }, taken)
      ? before.first
      : lowestFree(count, taken);
    next.set(unit, { first, count });
  }
  const living = new Set(cards.map(({ unit }) => unit));
  const away = [...next].filter(([unit]) => !living.has(unit))
    .toSorted(([, a], [, b]) => a.first - b.first);
  for (const [unit] of away.slice(MOST_AWAY)) next.delete(unit);
  const record: Record<string, ClusterIds> = {};
  for (const [unit, ids] of next) define(record, unit, ids, true);
  const isSame = (a: ClusterIds, b: ClusterIds) => a.first === b.first && a.count === b.count;
  return isSameRecord(now, record, isSame) ? now : record;
}

function isFree({ first, count }: ClusterIds, taken: readonly ClusterIds[]): boolean {
  return taken.every((each) => first + count <= each.first || each.first + each.count <= first);
}

function lowestFree(count: number, taken: readonly ClusterIds[]): number {
  const candidates = [0, ...taken.map((each) => each.first + each.count)].toSorted((a, b) => a - b);
  return candidates.find((first) => isFree({ first, count }, taken))!;
}

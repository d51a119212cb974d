/**
 * What is told to whoever leads, done to the assignment.
 *
 * @module
 */

import type { Assignment } from "../protocol/fleet.ts";
import type { ShardKey } from "../protocol/ids.ts";
import { unowned } from "./assignment.ts";

/**
 * A shard was given away by who had it: it is the next one's now. `null`: that one did not have it, or it is not to go
 * there any more: then it goes on where it was.
 */
export function withGiven(
  now: Assignment,
  { total, id }: ShardKey,
  from: string,
  to: string,
): Assignment | null {
  const shares = now.totals.find((each) => each.total === total);
  if (!shares || shares.owners[id] !== from || shares.moves.get(id) !== to) return null;
  const moves = new Map(shares.moves);
  moves.delete(id);
  const given = { ...shares, owners: shares.owners.with(id, to), moves };
  return { ...now, totals: now.totals.map((each) => each === shares ? given : each) };
}

/**
 * These totals are to be there from now on, the first of which serves what has not moved, and the shards of a lot
 * on one unit.
 *
 * @param lots `null`: each shard by itself.
 */
export function withTotals(
  now: Assignment,
  totals: readonly number[],
  lots: number | null,
): Assignment {
  const { lots: _, ...rest } = now;
  const shares = totals.map((total) =>
    now.totals.find((each) => each.total === total) ?? unowned(total)
  );
  return { ...rest, totals: shares, ...lots !== null && { lots } };
}

/** Whether every shard is where it is to stay: owned, and with all of its lot. */
export function isGathered({ totals, lots }: Assignment): boolean {
  const units = new Map<number, string>();
  return totals.every(({ owners, moves }) =>
    moves.size === 0 && owners.every((unit, id) => {
      if (unit === null || lots === undefined) return unit !== null;
      const first = units.get(id % lots);
      units.set(id % lots, first ?? unit);
      return (first ?? unit) === unit;
    })
  );
}

/**
 * The next assignment, by the one that holds and who lives: a pure function, so that whoever leads says the same.
 *
 * @module
 */

import type { Assignment, TotalShares } from "../protocol/fleet.ts";
import { planClusters } from "./cluster_ids.ts";
import { deal, type Lot, type Taker } from "./deal.ts";
import { planServices } from "./services.ts";
import type { Society } from "./society.ts";

/** So many shards of a unit are being given away at a time. */
export const MOST_MOVES = 16;

/**
 * The assignment that is to hold next; the same object where none is due. The epoch is for the caller.
 *
 * - What nobody has, or somebody who is dead, goes to another one at once: to whom it was to move, if that one lives.
 * - What somebody has who lives moves: at most {@linkcode MOST_MOVES} at a time of each, the lowest ids first.
 * - Each has its share by `cores`, rounded up or down, in runs; no more moves than that takes.
 * - Those of one lot are on one unit, or move there.
 * - Who leaves gives all away; where all do, everything stays.
 */
export function plan(now: Assignment, society: Society): Assignment {
  const standing = standingOf(society);
  const totals = planTotals(now, standing);
  const services = planServices(now.services, society);
  const clusters = planClusters(now.clusters, society.cards);
  const isSame = totals.every((shares, at) => shares === now.totals[at]) &&
    services === now.services && clusters === now.clusters;
  return isSame ? now : { ...now, totals, services, clusters };
}

interface Standing {
  readonly takers: readonly Taker[];
  readonly taking: ReadonlySet<string>;
  /** Who can give something away. */
  readonly living: ReadonlySet<string>;
  readonly unheard: ReadonlySet<string>;
}

function standingOf({ cards, unheard }: Society): Standing {
  const staying = cards.filter(({ isLeaving }) => !isLeaving);
  return {
    takers: staying.map(({ unit, cores }) => ({ unit, weight: Math.max(1, cores) })),
    taking: new Set(staying.map(({ unit }) => unit)),
    living: new Set(cards.map(({ unit }) => unit)),
    unheard,
  };
}

function planTotals({ totals, lots }: Assignment, standing: Standing): readonly TotalShares[] {
  if (standing.takers.length === 0) return totals.map((shares) => withoutMoves(shares));
  const aims = lots === undefined
    ? totals.map((shares) => {
      const places = shares.owners.map((_, id) => [placeOf(shares, id, standing)]);
      return aimOf(shares, dealt(places, standing), standing);
    })
    : aimsByLot(totals, lots, standing);
  const room = new Map<string, number>();
  for (const { owners, kept } of aims) {
    for (const id of kept.keys()) room.set(owners[id]!, (room.get(owners[id]!) ?? MOST_MOVES) - 1);
  }
  return aims.map((aim) => begun(aim, room));
}

function aimsByLot(totals: readonly TotalShares[], lots: number, standing: Standing): Aim[] {
  const places = Array.from(
    { length: lots },
    (_, rest) =>
      totals.flatMap((shares) =>
        Array.from(
          { length: shares.total / lots },
          (_, at) => placeOf(shares, rest + at * lots, standing),
        )
      ),
  );
  const units = dealt(places, standing);
  return totals.map((shares) =>
    aimOf(shares, shares.owners.map((_, id) => units[id % lots]!), standing)
  );
}

/** Who has a shard, or is about to, as far as it counts. */
function placeOf({ owners, moves }: TotalShares, id: number, { taking, unheard }: Standing): Lot {
  const [owner, next] = [owners[id] ?? null, moves.get(id) ?? null];
  if (next !== null && taking.has(next)) return { units: [next], isFresh: true };
  const counts = owner !== null && (unheard.has(owner) || taking.has(owner));
  return { units: counts ? [owner] : [], isFresh: false };
}

/** Who is to have each lot, by where its shards are. */
function dealt(places: readonly (readonly Lot[])[], { takers, unheard }: Standing): string[] {
  const lots = places.map(lotOf);
  // Nothing can be taken from who was not heard, nor given to it: it is no part of what is dealt.
  const open = lots.flatMap(({ units: [unit] }, at) =>
    unit !== undefined && unheard.has(unit) ? [] : [at]
  );
  const units = deal(open.map((at) => lots[at]!), takers);
  const all = lots.map(({ units: [unit] }) => unit!);
  for (const [nth, at] of open.entries()) all[at] = units[nth]!;
  return all;
}

/** Where the shards of a lot are, who has most of them first. */
function lotOf(places: readonly Lot[]): Lot {
  if (places.length === 1) return places[0]!;
  const counts = new Map<string, number>();
  for (const unit of places.flatMap(({ units }) => units)) {
    counts.set(unit, (counts.get(unit) ?? 0) + 1);
  }
  const units = [...counts.keys()].toSorted((a, b) =>
    counts.get(b)! - counts.get(a)! || (a < b ? -1 : 1)
  );
  return { units, isFresh: places.some((each) => each.isFresh && each.units[0] === units[0]) };
}

/** What is to come of a total. */
interface Aim {
  readonly shares: TotalShares;
  /** Who has each shard from now on. */
  readonly owners: readonly string[];
  /** Moves that are under way and go on. */
  readonly kept: ReadonlyMap<number, string>;
  /** Moves that are to begin, the lowest ids first. */
  readonly wanted: readonly (readonly [id: number, unit: string])[];
}

function aimOf(shares: TotalShares, units: readonly string[], standing: Standing): Aim {
  const { living, taking, unheard } = standing;
  const owners = shares.owners.map((owner, id) =>
    owner !== null && (living.has(owner) || unheard.has(owner)) ? owner : units[id]!
  );
  const kept = new Map<number, string>();
  const wanted: [number, string][] = [];
  for (const [id, unit] of units.entries()) {
    const owner = owners[id]!;
    if (owner === unit) continue;
    if (shares.moves.get(id) === unit) kept.set(id, unit);
    else if (living.has(owner) && taking.has(unit)) wanted.push([id, unit]);
  }
  return { shares, owners, kept, wanted };
}

/** As many moves begin as there is room for. The same object where nothing changes. */
function begun({ shares, owners, kept, wanted }: Aim, room: Map<string, number>): TotalShares {
  const moves = new Map(kept);
  for (const [id, unit] of wanted) {
    const left = room.get(owners[id]!) ?? MOST_MOVES;
    if (left <= 0) continue;
    room.set(owners[id]!, left - 1);
    moves.set(id, unit);
  }
  const isSame = owners.every((owner, id) => owner === shares.owners[id]) &&
    moves.size === shares.moves.size &&
    [...moves].every(([id, unit]) => shares.moves.get(id) === unit);
  return isSame ? shares : { ...shares, owners, moves };
}

function withoutMoves(shares: TotalShares): TotalShares {
  return shares.moves.size === 0 ? shares : { ...shares, moves: new Map() };
}

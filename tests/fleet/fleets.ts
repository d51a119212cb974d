/** Units and assignments for tests, drawn at random. */

import fc from "fast-check";
import { firstAssignment } from "../../fleet/assignment.ts";
import { plan } from "../../fleet/plan.ts";
import { withGiven } from "../../fleet/changes.ts";
import type { Assignment, TotalShares, UnitCard } from "../../protocol/fleet.ts";

/** A unit's card. */
export function card(unit: string, more: Partial<UnitCard> = {}): UnitCard {
  return {
    unit,
    life: "1-0",
    beat: 0,
    cores: 1,
    clusters: 1,
    services: [],
    isLeaving: false,
    epoch: 0,
    ...more,
  };
}

/** Nobody. */
export const NONE: ReadonlySet<string> = new Set();

/** Cards of one to twelve units. */
export const CARDS: fc.Arbitrary<UnitCard[]> = fc.uniqueArray(
  fc.record({
    unit: fc.integer({ min: 0, max: 20 }).map((n) => `unit-${n}`),
    cores: fc.integer({ min: 1, max: 8 }),
    clusters: fc.integer({ min: 0, max: 3 }),
    services: fc.subarray(["counter", "images", "jobs"]),
    isLeaving: fc.integer({ min: 0, max: 5 }).map((n) => n === 0),
  }),
  { minLength: 1, maxLength: 12, selector: ({ unit }) => unit },
).map((cards) => cards.map(({ unit, ...more }) => card(unit, more)));

/** Any assignment: owners and moves as they may be after whatever has happened. */
export const ASSIGNMENTS: fc.Arbitrary<Assignment> = fc.record({
  total: fc.integer({ min: 1, max: 200 }),
  units: fc.uniqueArray(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 8 }),
  seed: fc.array(fc.integer({ min: 0, max: 1_000 }), { minLength: 1, maxLength: 50 }),
}).map(({ total, units, seed }) => {
  const draw = (id: number, salt: number) => seed[(id * 7 + salt) % seed.length]! + id;
  const owners = Array.from({ length: total }, (_, id) => {
    const at = draw(id, 0) % (units.length + 1);
    return at === units.length ? null : `unit-${units[at]}`;
  });
  const moves = new Map(owners.flatMap((owner, id): [number, string][] => {
    const to = `unit-${units[draw(id, 3) % units.length]}`;
    return owner !== null && to !== owner && draw(id, 5) % 4 === 0 ? [[id, to]] : [];
  }));
  return { ...firstAssignment(total, "stream"), epoch: 1, totals: [{ total, owners, moves }] };
});

/** An assignment as it is once every move has ended, and how many it took. */
export function ended(
  now: Assignment,
  cards: readonly UnitCard[],
): { assignment: Assignment; moved: number } {
  let assignment = plan(now, { cards, unheard: NONE });
  for (let moved = 0;; moved++) {
    const [move] = movesOf(assignment);
    if (!move) return { assignment, moved };
    if (moved > 100_000) throw new Error("Cannot end the moves: there are always more");
    const given = withGiven(assignment, move.shard, move.from, move.to);
    assignment = plan(given!, { cards, unheard: NONE });
  }
}

/** Every move that is under way. */
export function movesOf({ totals }: Assignment) {
  return totals.flatMap(({ total, owners, moves }) =>
    [...moves].map(([id, to]) => ({ shard: { total, id }, from: owners[id]!, to }))
  );
}

/** How many shards of a total each unit has. */
export function countsOf({ owners }: TotalShares): Map<string | null, number> {
  const counts = new Map<string | null, number>();
  for (const owner of owners) counts.set(owner, (counts.get(owner) ?? 0) + 1);
  return counts;
}

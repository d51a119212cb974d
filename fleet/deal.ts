/**
 * Who is to have what: as few as can be change hands, and everybody has its share.
 *
 * @module
 */

/** Somebody among whom things are dealt out. */
export interface Taker {
  readonly unit: string;
  /** How much it gets, against the others; above 0. */
  readonly weight: number;
}

/** One thing to deal out. */
export interface Lot {
  /** Who has it, or is about to, who has most of it first; somebody who is no taker counts as nobody. */
  readonly units: readonly string[];
  /** It has just been moved there: others move first. */
  readonly isFresh: boolean;
}

/**
 * How many of `count` each is to have: its share, rounded up or down. Up first for those who have more already, so
 * that as little as can be changes hands; then by what the share is short of, and by name.
 *
 * @example
 * ```ts
 * import { sharesOf } from "./deal.ts";
 * const takers = [{ unit: "a", weight: 1 }, { unit: "b", weight: 1 }];
 * console.assert(sharesOf(3, takers, new Map([["b", 3]])).get("b") === 2);
 * ```
 */
export function sharesOf(
  count: number,
  takers: readonly Taker[],
  has: ReadonlyMap<string, number>,
): Map<string, number> {
  const weights = takers.reduce((sum, { weight }) => sum + weight, 0);
  const exact = takers.map(({ unit, weight }) => {
    const share = count * weight / weights;
    const least = Math.floor(share);
    return { unit, least, part: share - least, hasMore: (has.get(unit) ?? 0) > least };
  });
  const left = count - exact.reduce((sum, { least }) => sum + least, 0);
  const byClaim = exact.toSorted((a, b) =>
    Number(b.hasMore) - Number(a.hasMore) || b.part - a.part || (a.unit < b.unit ? -1 : 1)
  );
  return new Map(byClaim.map(({ unit, least }, at) => [unit, at < left ? least + 1 : least]));
}

/**
 * Deals lots out among takers, of whom there is at least one: who has no more than its share keeps it all, what is
 * over goes on in runs, in the order of names. The same gives the same, and dealing again changes nothing.
 *
 * @returns For each lot who is to have it.
 */
export function deal(lots: readonly Lot[], takers: readonly Taker[]): string[] {
  const has = new Map(takers.map(({ unit }) => [unit, 0]));
  for (const { units: [unit] } of lots) {
    if (unit !== undefined && has.has(unit)) has.set(unit, has.get(unit)! + 1);
  }
  const room = sharesOf(lots.length, takers, has);
  const dealt: (string | null)[] = Array<null>(lots.length).fill(null);
  for (const isFresh of [true, false]) {
    for (const [at, lot] of lots.entries()) {
      if (lot.isFresh !== isFresh) continue;
      const unit = lot.units.find((each) => (room.get(each) ?? 0) > 0);
      if (unit === undefined) continue;
      room.set(unit, room.get(unit)! - 1);
      dealt[at] = unit;
    }
  }
  const names = takers.map(({ unit }) => unit).toSorted();
  let next = 0;
  return dealt.map((unit) => {
    if (unit !== null) return unit;
    while (room.get(names[next]!) === 0) next++;
    room.set(names[next]!, room.get(names[next]!)! - 1);
    return names[next]!;
  });
}

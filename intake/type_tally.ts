/**
 * How many events of each type came. Discord may send any name, so that the names that are kept have
 * a bound: a label of a metric for each would cost its reader more than it tells.
 *
 * @module
 */

/** Names that are kept, at most; Discord knows about 80. */
export const MOST_TYPES = 200;
/** What counts every other name. No event is called so: theirs are capitals. */
const OTHER = "other";
const NAME = /^[A-Z][A-Z0-9_]{0,63}$/;

/**
 * Counts events by type.
 *
 * @example
 * ```ts
 * import { TypeTally } from "./type_tally.ts";
 * const tally = new TypeTally();
 * tally.count("MESSAGE_CREATE");
 * tally.add({ MESSAGE_CREATE: 2 });
 * console.assert(tally.totals.MESSAGE_CREATE === 3);
 * ```
 */
export class TypeTally {
  readonly #counts = new Map<string, number>();
  #others = 0;

  /** What was counted. */
  get totals(): Record<string, number> {
    const totals = Object.fromEntries(this.#counts);
    if (this.#others > 0) totals[OTHER] = this.#others;
    return totals;
  }

  /** An event came, or `events` of them. */
  count(t: string, events = 1): void {
    const before = this.#counts.get(t);
    if (before !== undefined) this.#counts.set(t, before + events);
    else if (this.#counts.size < MOST_TYPES && NAME.test(t)) this.#counts.set(t, events);
    else this.#others += events;
  }

  /** Adds what another has counted. */
  add(counted: Readonly<Record<string, number>>): void {
    for (const [t, events] of Object.entries(counted)) this.count(t, events);
  }

  /** What was counted since the last call. */
  take(): Record<string, number> {
    const taken = this.totals;
    this.#counts.clear();
    this.#others = 0;
    return taken;
  }
}

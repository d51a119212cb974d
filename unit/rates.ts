/**
 * Counts, as something per second.
 *
 * @module
 */

/**
 * What came per second between two looks at counts that only grow.
 *
 * @example
 * ```ts
 * import { Rates } from "./rates.ts";
 * const rates = new Rates<string>();
 * rates.since([["MESSAGE_CREATE", 100]], 10);
 * console.assert(rates.since([["MESSAGE_CREATE", 130]], 10).get("MESSAGE_CREATE") === 3);
 * ```
 */
export class Rates<Key> {
  /** Counts at the last time. */
  #before: ReadonlyMap<Key, number> = new Map();

  /**
   * Per second, over the `seconds` since the last time. A count that fell began anew: with a worker
   * that was replaced, say.
   */
  since(counts: Iterable<readonly [Key, number]>, seconds: number): Map<Key, number> {
    const now = new Map(counts);
    const before = this.#before;
    this.#before = now;
    return new Map([...now].map(([key, count]) => {
      const then = before.get(key) ?? 0;
      const came = count < then ? count : count - then;
      return [key, seconds > 0 ? came / seconds : 0];
    }));
  }
}

/**
 * What comes per second, of late.
 *
 * @module
 */

import { rounded } from "../protocol/rounded.ts";

/** What came so long ago counts for a third of what comes now: workers report once a second, not at one moment. */
const LATE_MS = 5_000;

interface Seen {
  count: number;
  perSecond: number;
  look: number;
}

/** Rates of counts that only grow, smoothed over some seconds. */
export class LateRates<Key> {
  readonly #seen = new Map<Key, Seen>();
  #lookedMs: number | null = null;
  #looks = 0;

  /**
   * To be called about once a second with all counts. Those that are new have a rate of 0, those that are no more
   * are forgotten. A count that fell began anew: with a worker that was replaced, say.
   */
  look(nowMs: number, counts: Iterable<readonly [Key, number]>): void {
    const sinceMs = nowMs - (this.#lookedMs ?? nowMs);
    this.#lookedMs = nowMs;
    this.#looks++;
    const weight = 1 - Math.exp(-sinceMs / LATE_MS);
    for (const [key, count] of counts) {
      const seen = this.#seen.get(key);
      if (!seen) {
        this.#seen.set(key, { count, perSecond: 0, look: this.#looks });
        continue;
      }
      const came = count < seen.count ? count : count - seen.count;
      if (sinceMs > 0) seen.perSecond += (came / sinceMs * 1000 - seen.perSecond) * weight;
      seen.count = count;
      seen.look = this.#looks;
    }
    for (const [key, { look }] of this.#seen) if (look !== this.#looks) this.#seen.delete(key);
  }

  /** Per second; 0 where it is not known. */
  of(key: Key): number {
    return tenths(this.#seen.get(key)?.perSecond ?? 0);
  }

  /** Of these together. */
  sum(keys: Iterable<Key>): number {
    let sum = 0;
    for (const key of keys) sum += this.#seen.get(key)?.perSecond ?? 0;
    return tenths(sum);
  }
}

/** What nobody can read is no news. */
function tenths(figure: number): number {
  return rounded(Math.round(figure * 10) / 10);
}

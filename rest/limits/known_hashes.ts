/**
 * What is known of one route's buckets, whatever its top-level resource: under which names its
 * answers have shown them. One route may show several in turn, and change them at any time.
 *
 * @module
 */

import type { Report } from "./rate_report.ts";

/** A name that was not shown for so long, while others were, is history. */
const FORGET_MS = 10 * 60_000;

/** The names of one route's buckets. */
export class KnownHashes {
  /** When each was last seen. */
  readonly #seenMs = new Map<string, number>();
  #isLimitless = false;

  /** Every name that the next request may count under. */
  get hashes(): readonly string[] {
    return [...this.#seenMs.keys()];
  }

  /** Whether the route has answered, and named no bucket: it has no limit of its own. */
  get isLimitless(): boolean {
    return this.#isLimitless && this.#seenMs.size === 0;
  }

  /** Learns from an answer; whether anything is new. */
  learn({ bucket, isLimitless }: Report, nowMs: number): boolean {
    if (bucket === null) {
      const isNews = isLimitless && !this.#isLimitless && this.#seenMs.size === 0;
      this.#isLimitless ||= isLimitless;
      return isNews;
    }
    const isNew = !this.#seenMs.has(bucket.hash);
    this.#seenMs.set(bucket.hash, nowMs);
    return this.#forget(nowMs) || isNew;
  }

  #forget(nowMs: number): boolean {
    let forgot = false;
    for (const [hash, seenMs] of this.#seenMs) {
      if (nowMs - seenMs > FORGET_MS) forgot = this.#seenMs.delete(hash) || forgot;
    }
    return forgot;
  }
}

/**
 * Which buckets a request has to pass: first a bucket of its route's own, then those that answers
 * have named. Keeps every bucket of one credential, and what is known of its routes.
 *
 * @module
 */

import { Bucket } from "./bucket.ts";
import { KnownHashes } from "./known_hashes.ts";
import { type Gate, placeOf } from "./line.ts";
import type { Report } from "./rate_report.ts";

/** A bucket is kept for so long after it was restored: its limit need not be learnt anew. */
const KEEP_MS = 60_000;
/** Discord has a few hundred; a caller that makes up paths must not fill the memory. */
const MOST_ROUTES = 2_000;

/** The buckets of one credential. */
export class Gates {
  readonly #gates = new Map<string, Gate>();
  readonly #routes = new Map<string, KnownHashes>();

  /** How many there are. */
  get size(): number {
    return this.#gates.size;
  }

  /** Whether nothing is spent. */
  isIdle(nowMs: number): boolean {
    return [...this.#gates.values()].every(({ bucket }) => bucket.isIdle(nowMs));
  }

  /** Those that a request has to pass. None: the route has no limit. */
  of(route: string, major: string): Gate[] {
    const known = this.#known(route);
    const ownKey = placeOf({ route, major });
    if (known.hashes.length === 0) return known.isLimitless ? [] : [this.#gate(ownKey)];
    const named = known.hashes.map((hash) => this.named(hash, major));
    const own = this.#gates.get(ownKey);
    // Requests from before the name was known may count in it, too.
    return own && own.bucket.inFlight > 0 ? [...named, own] : named;
  }

  /** The one that an answer has named. */
  named(hash: string, major: string): Gate {
    return this.#gate(`#${hash} ${major}`);
  }

  /** Learns from an answer; whether the route's requests have to pass others from now on. */
  learn(route: string, report: Report, nowMs: number): boolean {
    return this.#known(route).learn(report, nowMs);
  }

  /** Forgets what is spent no more and has nobody waiting. */
  sweep(nowMs: number): void {
    for (const [key, { bucket, lines }] of this.#gates) {
      if (lines.size === 0 && bucket.isIdle(nowMs - KEEP_MS)) this.#gates.delete(key);
    }
    for (const route of this.#routes.keys()) {
      if (this.#routes.size <= MOST_ROUTES) break;
      this.#routes.delete(route);
    }
  }

  #known(route: string): KnownHashes {
    let known = this.#routes.get(route);
    if (!known) this.#routes.set(route, known = new KnownHashes());
    return known;
  }

  #gate(key: string): Gate {
    let gate = this.#gates.get(key);
    if (!gate) this.#gates.set(key, gate = { key, bucket: new Bucket(), lines: new Set() });
    return gate;
  }
}

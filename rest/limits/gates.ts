/**
 * What requests wait in, and what they have to pass. Lines are of the same kind of request, each in
 * the order of arrival; gates are the buckets of one credential: first one of a route's own, then those
 * that answers have named. When the first of a line goes is decided in `buckets.ts`.
 *
 * @module
 */

import type { Cancel } from "../../ports/clock.ts";
import { Bucket } from "./bucket.ts";
import type { Ask } from "./permits.ts";
import type { Report } from "./rate_report.ts";
import type { Shape } from "./sub_limits.ts";

/** A bucket is kept for so long after it was restored: its limit need not be learnt anew. */
const KEEP_MS = 60_000;
/** A name that was not shown for so long, while others were, is history. */
const FORGET_MS = 10 * 60_000;
/** Discord has a few hundred; a caller that makes up paths must not fill the memory. */
const MOST_ROUTES = 2_000;

/** A request that waits. */
export interface Waiter {
  readonly ask: Ask;
  /** Number in the order of arrival; a request that is tried again keeps its number. */
  readonly arrival: number;
  /** When it has asked. */
  readonly sinceMs: number;
  /** Where it waits for its buckets; `null` once it has passed them, or does not want any more. */
  line?: Line | null;
}

/** A bucket and the lines that have to pass it. */
export interface Gate {
  readonly key: string;
  readonly bucket: Bucket;
  readonly lines: Set<Line>;
}

/** Where a line leads: what its requests have in common. */
export interface Destination {
  /** Method and template. */
  readonly route: string;
  /** Top-level resource. */
  readonly major: string;
  /** Fields of the body, where they matter. */
  readonly shape: Shape;
  readonly lane: number;
}

/**
 * What is known of one route's buckets, whatever its top-level resource. One route may show several
 * names in turn, and change them at any time.
 */
interface KnownRoute {
  /** When each name was last seen. */
  readonly seenMs: Map<string, number>;
  /** Only refusals have named buckets so far: they may be of another limit than what counts. */
  isGuess: boolean;
  /** It has answered, and named no bucket. */
  isLimitless: boolean;
}

/** The buckets of one credential. */
export class Gates {
  readonly #gates = new Map<string, Gate>();
  readonly #routes = new Map<string, KnownRoute>();

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
    const { seenMs, isLimitless } = this.#known(route);
    const ownKey = placeOf({ route, major });
    if (seenMs.size === 0) return isLimitless ? [] : [this.#gate(ownKey)];
    const named = [...seenMs.keys()].map((hash) => this.named(hash, major));
    const own = this.#gates.get(ownKey);
    // Requests from before the name was known may count in it, too.
    return own && own.bucket.inFlight > 0 ? [...named, own] : named;
  }

  /** The one that an answer has named. */
  named(hash: string, major: string): Gate {
    return this.#gate(`#${hash} ${major}`);
  }

  /**
   * Whether an answer refuses by another limit than what counts the route's requests: it names a bucket
   * that none which was carried out has named.
   */
  isOther(route: string, { bucket, refusal }: Report): boolean {
    const { seenMs, isGuess, isLimitless } = this.#known(route);
    if (refusal === null || bucket === null) return false;
    return seenMs.size === 0 ? isLimitless : !isGuess && !seenMs.has(bucket.hash);
  }

  /** Learns from an answer; whether the route's requests have to pass others from now on. */
  learn(route: string, report: Report, nowMs: number): boolean {
    const { bucket, isLimitless } = report;
    const known = this.#known(route);
    const { seenMs } = known;
    if (bucket === null) {
      const isNews = isLimitless && !known.isLimitless && seenMs.size === 0;
      known.isLimitless ||= isLimitless;
      return isNews;
    }
    if (this.isOther(route, report)) return false;
    if (report.refusal === null && known.isGuess) seenMs.clear();
    known.isGuess = report.refusal !== null && (known.isGuess || seenMs.size === 0);
    let isNews = !seenMs.has(bucket.hash);
    seenMs.set(bucket.hash, nowMs);
    for (const [hash, ms] of seenMs) {
      if (nowMs - ms > FORGET_MS) isNews = seenMs.delete(hash);
    }
    return isNews;
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

  #known(route: string): KnownRoute {
    let known = this.#routes.get(route);
    if (!known) {
      this.#routes.set(route, known = { seenMs: new Map(), isGuess: false, isLimitless: false });
    }
    return known;
  }

  #gate(key: string): Gate {
    let gate = this.#gates.get(key);
    if (!gate) this.#gates.set(key, gate = { key, bucket: new Bucket(), lines: new Set() });
    return gate;
  }
}

/** Requests with the same destination. */
export class Line {
  readonly waiters: Waiter[] = [];
  /** What it has to pass. */
  gates: readonly Gate[] = [];
  /** Requests of this line that are under way. */
  inFlight = 0;
  /** The timer for when its first may go. */
  #cancelWake: Cancel | null = null;

  /** @param key Tells it from all others. */
  constructor(readonly key: string, readonly to: Destination) {}

  /** Method, path and top-level resource: what hidden limits are learnt for. */
  get place(): string {
    return placeOf(this.to);
  }

  /** Adds a request at its place in the order of arrival: nearly always at the end. */
  add(waiter: Waiter): void {
    const at = this.waiters.findLastIndex(({ arrival }) => arrival <= waiter.arrival);
    this.waiters.splice(at + 1, 0, waiter);
  }

  /** Takes a request out; whether it was there. */
  remove(waiter: Waiter): boolean {
    const at = this.waiters.indexOf(waiter);
    if (at >= 0) this.waiters.splice(at, 1);
    return at >= 0;
  }

  /** Changes what it has to pass. */
  passBy(gates: readonly Gate[]): void {
    for (const gate of this.gates) gate.lines.delete(this);
    this.gates = gates;
    for (const gate of gates) gate.lines.add(this);
  }

  /** Whether its first goes before the first of `other`: by lane, then by arrival. */
  isBefore(other: Line): boolean {
    if (this.to.lane !== other.to.lane) return this.to.lane < other.to.lane;
    return this.waiters[0]!.arrival < other.waiters[0]!.arrival;
  }

  /** Sets its one timer, in place of an earlier one. */
  wakeBy(cancel: Cancel | null): void {
    this.#cancelWake?.();
    this.#cancelWake = cancel;
  }
}

/** Method, path and top-level resource in one text. */
export function placeOf({ route, major }: Pick<Destination, "route" | "major">): string {
  return `${route} ${major}`;
}

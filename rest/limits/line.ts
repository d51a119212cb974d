/**
 * Requests that wait: lines of the same kind of request, each in the order of arrival. When the first
 * of a line goes is decided in `buckets.ts`.
 *
 * @module
 */

import type { Cancel } from "../../ports/clock.ts";
import type { Bucket } from "./bucket.ts";
import type { Ask } from "./permits.ts";
import type { Shape } from "./sub_limits.ts";

/** A request that waits. */
export interface Waiter {
  readonly ask: Ask;
  /** Number in the order of arrival; a request that is tried again keeps its number. */
  readonly arrival: number;
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

/** Requests with the same destination. */
export class Line implements Destination {
  readonly route: string;
  readonly major: string;
  readonly shape: Shape;
  readonly lane: number;
  readonly waiters: Waiter[] = [];
  /** What it has to pass. */
  gates: readonly Gate[] = [];
  /** Requests of this line that are under way. */
  inFlight = 0;
  /** The timer for when its first may go. */
  #cancelWake: Cancel | null = null;

  /** @param key Tells it from all others. */
  constructor(readonly key: string, { route, major, shape, lane }: Destination) {
    this.route = route;
    this.major = major;
    this.shape = shape;
    this.lane = lane;
  }

  /** Method, path and top-level resource: what hidden limits are learnt for. */
  get place(): string {
    return placeOf(this);
  }

  /** Adds a request at its place in the order of arrival: nearly always at the end. */
  add(waiter: Waiter): void {
    let at = this.waiters.length;
    while (at > 0 && this.waiters[at - 1]!.arrival > waiter.arrival) at--;
    this.waiters.splice(at, 0, waiter);
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
    if (this.lane !== other.lane) return this.lane < other.lane;
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

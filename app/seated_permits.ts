/**
 * Permits of a unit that is one of a fleet, made when the first is asked for: before that it has no seat.
 *
 * @module
 */

import type { FleetPermits } from "../rest/limits/fleet/fleet_permits.ts";
import type { Ask, CountedPermits, LimitsSnapshot, Permit } from "../rest/limits/permits.ts";

/** What {@linkcode FleetPermits} does, from the first request on. */
export class SeatedPermits implements CountedPermits {
  readonly #make: () => FleetPermits;
  #made: FleetPermits | null = null;

  constructor(make: () => FleetPermits) {
    this.#make = make;
  }

  get snapshot(): LimitsSnapshot {
    return this.#made?.snapshot ?? NOTHING;
  }

  acquire(ask: Ask): Promise<Permit> {
    return (this.#made ??= this.#make()).acquire(ask);
  }

  /** Leaves the say over what it keeps to others. */
  leave(): void {
    this.#made?.leave();
  }

  /** Who waits is sent away. */
  close(): void {
    this.#made?.close();
  }
}

const NOTHING: LimitsSnapshot = {
  credentials: 0,
  waiting: 0,
  inFlight: 0,
  buckets: 0,
  waits: [],
};

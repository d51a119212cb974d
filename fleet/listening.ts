/**
 * How long a unit has listened to the others: the time that leases are measured by.
 *
 * @module
 */

import type { Clock } from "../ports/clock.ts";
import { BEAT_MS } from "../protocol/fleet.ts";

/** After one beat of its own that came back a unit counts as listening for so long. */
const HEARING_MS = 1.5 * BEAT_MS;

/**
 * Time that passes only while this unit sees its own beats come back: so it is connected, what it writes arrives,
 * and it does not stand still. Whoever was not heard of for a while of it was silent indeed.
 */
export class Listening {
  readonly #clock: Clock;
  #ms = 0;
  /** When its own beat came back last, by the clock; `null`: it does not hear. */
  #heardAtMs: number | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How long it has listened, ms since it began. */
  get ms(): number {
    if (this.#heardAtMs === null) return this.#ms;
    return this.#ms + Math.min(HEARING_MS, this.#clock.now() - this.#heardAtMs);
  }

  /** Its own beat has come back. */
  heard(): void {
    this.#ms = this.ms;
    this.#heardAtMs = this.#clock.now();
  }

  /** It hears nothing until its beats come back again. */
  deaf(): void {
    this.#ms = this.ms;
    this.#heardAtMs = null;
  }
}

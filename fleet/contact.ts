/**
 * Whether this unit is in touch with its fleet, and what the log says of it.
 *
 * @module
 */

import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import { LEASE_MS } from "../protocol/fleet.ts";

/** Watches the line, and whether what this unit says of itself comes back. */
export class Contact {
  readonly #clock: Clock;
  readonly #log: Log;
  /** When its own beat came back last, or it began. */
  #echoMs: number;
  #downMs: number | null = null;
  #wasCutOff = false;

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
    this.#echoMs = clock.now();
  }

  /** The line is down, or nothing that it says arrives, for longer than others wait for that. */
  get isCutOff(): boolean {
    return this.#clock.now() - this.#echoMs > LEASE_MS;
  }

  /** The line came up or went down. */
  connected(isUp: boolean): void {
    const nowMs = this.#clock.now();
    if (!isUp) {
      this.#downMs = nowMs;
      this.#log.warn("line to the fleet is down, this unit goes on with what it has");
    } else if (this.#downMs !== null) {
      const afterMs = Math.round(nowMs - this.#downMs);
      this.#log.info("line to the fleet is up again", { afterMs });
      this.#downMs = null;
    }
  }

  /** Its own beat came back. */
  echo(): void {
    const afterMs = Math.round(this.#clock.now() - this.#echoMs);
    if (this.#wasCutOff) this.#log.info("this unit is back in the fleet", { afterMs });
    this.#echoMs = this.#clock.now();
    this.#wasCutOff = false;
  }

  /** Time has passed; gives whether it is cut off now, and was not before. */
  tick(): boolean {
    if (this.#wasCutOff || !this.isCutOff) return false;
    this.#wasCutOff = true;
    const sinceMs = Math.round(this.#clock.now() - this.#echoMs);
    this.#log.warn("this unit is cut off from the fleet, others may take what it has", { sinceMs });
    return true;
  }
}

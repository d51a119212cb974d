/**
 * Where requests wait for what slows down this host by itself (`Brake`), before they ask whoever has the say over
 * their limits: by lane, then in the order of arrival. While nothing slows it down nobody waits.
 *
 * @module
 */

import type { Cancel, Clock } from "../../../ports/clock.ts";
import type { Brake } from "../permits.ts";
import { type Turn, Waiting } from "../turns.ts";

/** One that waits. */
export interface Braked extends Pick<Turn, "lane" | "arrival" | "brake"> {
  /** It may go on. */
  go(): void;
}

/** The line of one host. */
export class BrakeLine {
  readonly #clock: Clock;
  readonly #waiting = new Waiting<Braked>();
  #cancelWake: Cancel | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Wants to go on, perhaps within the call. */
  enter(braked: Braked): void {
    this.#waiting.add(braked);
    this.#pump();
  }

  /** Does not want any more. */
  leave(braked: Braked): void {
    this.#waiting.remove(braked);
  }

  /** How long one that comes now would have to wait at least. */
  foreseeMs(brake: Brake): number {
    return brake.waitMs(this.#clock.now());
  }

  #pump(): void {
    for (let first = this.#waiting.first(); first; first = this.#waiting.first()) {
      const nowMs = this.#clock.now();
      const waitMs = first.brake.waitMs(nowMs);
      if (waitMs > 0) {
        this.#cancelWake?.();
        this.#cancelWake = this.#clock.after(waitMs, () => this.#pump());
        return;
      }
      this.#waiting.remove(first);
      first.brake.take(nowMs);
      first.go();
    }
  }
}

/**
 * How long a shard waits at least before it resumes a session that another unit may have resumed meanwhile: while its
 * unit is cut off from the others, and after the process has stood still for about as long as others wait for a word
 * of it. Two who resume one session at once take it from each other, again and again.
 *
 * @module
 */

import type { Clock } from "../ports/clock.ts";
import { BEAT_MS, LEASE_MS } from "../protocol/fleet.ts";

/** Time for the unit to hear whose the shard is. */
export const HESITATE_MS = 20_000;
/** Who has stood still for so long may be held for dead. */
export const STALL_MS = LEASE_MS - BEAT_MS - 1_000;

/** The doubts of one worker. */
export class Hesitation {
  readonly #clock: Pick<Clock, "now">;
  readonly #hasOthers: boolean;
  #isDoubted = false;
  #lookedMs: number;
  #wokeMs = -Infinity;

  /** @param hasOthers Whether there are other units; a unit by itself never waits. */
  constructor(clock: Pick<Clock, "now">, hasOthers: boolean) {
    this.#clock = clock;
    this.#hasOthers = hasOthers;
    this.#lookedMs = clock.now();
  }

  /** The unit is cut off from the others, or not any more. */
  doubt(isDoubted: boolean): void {
    this.#isDoubted = isDoubted;
  }

  /** To be called once a second: that it was not says that the process stood still. */
  look(): void {
    const nowMs = this.#clock.now();
    if (nowMs - this.#lookedMs >= STALL_MS) this.#wokeMs = nowMs;
    this.#lookedMs = nowMs;
  }

  /** The least time before a session is resumed. */
  get leastPauseMs(): number {
    if (!this.#hasOthers) return 0;
    this.look();
    const isAwake = this.#clock.now() - this.#wokeMs >= HESITATE_MS;
    return this.#isDoubted || !isAwake ? HESITATE_MS : 0;
  }
}

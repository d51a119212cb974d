/**
 * The events whose handlers are still at work, each with a deadline: one that hangs must not hold
 * the queue of its shard for ever.
 *
 * @module
 */

import { type Cancel, type Clock, HELD_UP_MS } from "../../ports/clock.ts";

/** Deliveries under way, whatever tells one from another. All have the same deadline, so the oldest is always the first due. */
export class Unsettled<Delivery> {
  readonly #clock: Clock;
  readonly #deadlineMs: number;
  readonly #onLate: (delivery: Delivery) => void;
  readonly #dueMs = new Map<Delivery, number>();
  readonly #waiting: (() => void)[] = [];
  #cancel: Cancel | undefined;
  #ringsMs = 0;

  /** `onLate` is called once for each delivery that is not removed within `deadlineMs`. */
  constructor(clock: Clock, deadlineMs: number, onLate: (delivery: Delivery) => void) {
    this.#clock = clock;
    this.#deadlineMs = deadlineMs;
    this.#onLate = onLate;
  }

  /** Deliveries under way. */
  get size(): number {
    return this.#dueMs.size;
  }

  /** A handler begins. */
  add(delivery: Delivery): void {
    this.#dueMs.set(delivery, this.#clock.now() + this.#deadlineMs);
    if (!this.#cancel) this.#ringIn(this.#deadlineMs);
  }

  /** A handler is done. */
  remove(delivery: Delivery): void {
    this.#dueMs.delete(delivery);
    if (this.#dueMs.size === 0) this.#waiting.splice(0).forEach((resolve) => resolve());
  }

  /** Resolves when no delivery is under way. */
  empty(): Promise<void> {
    if (this.#dueMs.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #ringIn(delayMs: number): void {
    this.#ringsMs = this.#clock.now() + delayMs;
    this.#cancel = this.#clock.after(delayMs, () => this.#expire());
  }

  #expire(): void {
    this.#cancel = undefined;
    const now = this.#clock.now();
    // A process that stood still has worked on none of them meanwhile.
    if (now - this.#ringsMs > HELD_UP_MS) {
      for (const delivery of this.#dueMs.keys()) this.#dueMs.set(delivery, now + this.#deadlineMs);
    }
    for (const [delivery, dueMs] of this.#dueMs) {
      if (dueMs > now) {
        return this.#ringIn(dueMs - now);
      }
      this.remove(delivery);
      this.#onLate(delivery);
    }
  }
}

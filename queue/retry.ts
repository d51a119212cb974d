/**
 * What is tried again after a pause, until nobody wants it any more.
 *
 * @module
 */

import type { Cancel, Clock } from "../ports/clock.ts";

/** How long after a failed write or read it is tried again. */
export const RETRY_MS = 1_000;

/** One step that is tried again when it has failed. */
export class Retry {
  readonly #clock: Pick<Clock, "after">;
  #cancel: Cancel | null = null;
  #isOver = false;

  constructor(clock: Pick<Clock, "after">) {
    this.#clock = clock;
  }

  /** Whether it waits to be tried again. */
  get isPending(): boolean {
    return this.#cancel !== null;
  }

  /** Whether it is never tried again. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Tries again after {@linkcode RETRY_MS}; not once it is over. */
  later(again: () => void): void {
    this.#cancel?.();
    this.#cancel = this.#isOver ? null : this.#clock.after(RETRY_MS, () => {
      this.#cancel = null;
      again();
    });
  }

  /** Nothing is tried again from here on. */
  end(): void {
    this.#isOver = true;
    this.#cancel?.();
    this.#cancel = null;
  }
}

/**
 * Whether the sockets to Discord are to be left unread until the disk has caught up. What is not read
 * is not lost: TCP holds it, and then Discord does. But a disk that is full, or has been silent for
 * long, must not make a bot deaf.
 *
 * @module
 */

import type { Cancel, Clock } from "../ports/clock.ts";

/** A disk that takes nothing for so long while it is waited for is not waited for any more. */
export const DISK_PATIENCE_MS = 30_000;

/** What {@linkcode Backpressure} works with. */
export interface BackpressureOptions {
  readonly clock: Clock;
  /** Leaves all sockets unread, or reads on (`false`). */
  readonly pause: (isPaused: boolean) => void;
}

/** The wait for a disk. */
export class Backpressure {
  /** Whether the sockets are left unread. */
  isOn = false;
  /** Whether the disk can be expected to take what it is given. */
  isOfUse = true;
  readonly #options: BackpressureOptions;
  #cancelPatience: Cancel = () => {};

  constructor(options: BackpressureOptions) {
    this.#options = options;
  }

  /** Waits, where that is of use, until {@linkcode Backpressure.end}, or until the disk is given up. */
  begin(): void {
    if (this.isOn || !this.isOfUse) return;
    this.isOn = true;
    this.#watch();
    this.#options.pause(true);
  }

  /** Reads on. */
  end(): void {
    if (!this.isOn) return;
    this.isOn = false;
    this.#cancelPatience();
    this.#options.pause(false);
  }

  /** The disk has taken something. */
  stored(): void {
    this.isOfUse = true;
    if (this.isOn) this.#watch();
  }

  /** The disk has failed; one that is full is not waited for, any other may recover. */
  failed(isFull: boolean): void {
    if (isFull) this.#giveUp();
  }

  #watch(): void {
    this.#cancelPatience();
    this.#cancelPatience = this.#options.clock.after(DISK_PATIENCE_MS, () => this.#giveUp());
  }

  #giveUp(): void {
    this.isOfUse = false;
    this.end();
  }
}

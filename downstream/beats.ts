/**
 * The heartbeats of one connection on `/gateway`: their deadline, and when one is asked for. A
 * heartbeat carries the last number that the client has, which is its acknowledgement; a client that
 * is sent much in a short time is therefore asked (op 1) for one, and what it has is freed.
 *
 * @module
 */

import type { Cancel, Clock } from "../ports/clock.ts";

/** How late a heartbeat may be. Discord's own interval is 41 s: a client busy with its start is not cut off here either. */
export const HEARTBEAT_PATIENCE_MS = 35_000;
/** A heartbeat is asked for once so many bytes are unacknowledged. */
export const ASK_AFTER_BYTES = 1024 * 1024;
/** Shortest time between two that are asked for. */
export const ASK_EVERY_MS = 1_000;

/** What {@linkcode Beats} works with. */
export interface BeatsOptions {
  readonly clock: Clock;
  /** As HELLO told the client. */
  readonly intervalMs: number;
  /** Asks the client for a heartbeat. */
  readonly ask: () => void;
  /** None came in time. Called once. */
  readonly silent: () => void;
}

/** Heartbeats of one connection, from HELLO on. */
export class Beats {
  readonly #options: BeatsOptions;
  #cancelDeadline: Cancel;
  #cancelAsk: Cancel | null = null;
  #askedMs = -Infinity;
  #isAsked = false;
  #bytes = 0;

  constructor(options: BeatsOptions) {
    this.#options = options;
    this.#cancelDeadline = this.#deadline();
  }

  /** A heartbeat came: whether it is one that was asked for. */
  beat(): boolean {
    const wasAsked = this.#isAsked;
    this.#isAsked = false;
    this.#bytes = 0;
    this.#cancelDeadline();
    this.#cancelDeadline = this.#deadline();
    return wasAsked;
  }

  /** So many bytes were sent to the client. */
  sent(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes < ASK_AFTER_BYTES || this.#isAsked || this.#cancelAsk) return;
    const { clock } = this.#options;
    const waitMs = this.#askedMs + ASK_EVERY_MS - clock.now();
    if (waitMs <= 0) this.#ask();
    else this.#cancelAsk = clock.after(waitMs, () => this.#ask());
  }

  /** The connection is over. */
  stop(): void {
    this.#cancelDeadline();
    this.#cancelAsk?.();
  }

  #ask(): void {
    this.#cancelAsk = null;
    this.#askedMs = this.#options.clock.now();
    this.#isAsked = true;
    this.#options.ask();
  }

  #deadline(): Cancel {
    const { clock, intervalMs, silent } = this.#options;
    return clock.after(intervalMs + HEARTBEAT_PATIENCE_MS, silent);
  }
}

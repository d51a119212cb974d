/**
 * The heartbeats of one connection on `/gateway`: their deadline, and when one is asked for. A
 * heartbeat carries the last number that the client has, which is its acknowledgement. A client is
 * therefore asked (op 1) for one soon after it was sent something: what it has is freed, and should we
 * be killed, what may come to it twice is what was sent since.
 *
 * @module
 */

import type { Cancel, Clock } from "../ports/clock.ts";

/** How late a heartbeat may be. Discord's own interval is 41 s: a client busy with its start is not cut off here either. */
export const HEARTBEAT_PATIENCE_MS = 35_000;
/** Shortest time between two that are asked for. */
export const ASK_EVERY_MS = 1_000;
/**
 * The same while half of what may be unacknowledged is; else the least that goes by between an event and
 * the question, so that what comes together is asked for together.
 */
export const ASK_SOON_MS = 250;
/** How many may be asked for so soon in a row: some libraries count them among the 120 messages of a minute. */
export const ASKS_IN_A_ROW = 30;

/** What {@linkcode Beats} works with. */
export interface BeatsOptions {
  readonly clock: Clock;
  /** As HELLO told the client. */
  readonly intervalMs: number;
  /** Bytes that may be unacknowledged: at so many nothing more is sent. */
  readonly windowBytes: number;
  /** Asks the client for a heartbeat. */
  readonly ask: () => void;
  /** None came in time. Called once. */
  readonly silent: () => void;
}

/** Heartbeats of one connection, from HELLO on. */
export class Beats {
  readonly #options: BeatsOptions;
  #cancelDeadline: Cancel;
  #cancelAsk: Cancel = () => {};
  /** When one will be asked for; `Infinity`: nobody knows yet. */
  #askAtMs = Infinity;
  #askedMs = -Infinity;
  /** When the next one would be due, had each waited for {@linkcode ASK_EVERY_MS}. */
  #paceMs = -Infinity;
  #isAsked = false;
  /** Bytes that may be unacknowledged, and those of them that were sent after the last ask. */
  #bytes = 0;
  #bytesSinceAsk = 0;

  constructor(options: BeatsOptions) {
    this.#options = options;
    this.#cancelDeadline = this.#deadline();
  }

  /** A heartbeat came: whether it is one that was asked for. */
  beat(): boolean {
    const wasAsked = this.#isAsked;
    this.#isAsked = false;
    this.#cancelDeadline();
    this.#cancelDeadline = this.#deadline();
    // Who answers has read what came before the question; what one by itself has in mind nobody knows.
    if (wasAsked) this.#bytes = this.#bytesSinceAsk;
    // It may be so much that nothing more is sent before the next one.
    this.sent(0);
    return wasAsked;
  }

  /** So many bytes were sent to the client. */
  sent(bytes: number): void {
    this.#bytes += bytes;
    this.#bytesSinceAsk += bytes;
    if (this.#isAsked || this.#bytes === 0) return;
    const { clock, windowBytes } = this.#options;
    const isHalfFull = this.#bytes >= windowBytes / 2;
    if (!isHalfFull && this.#askAtMs < Infinity) return;
    const soonMs = Math.max(
      this.#askedMs + ASK_SOON_MS,
      this.#paceMs - ASKS_IN_A_ROW * ASK_EVERY_MS,
    );
    const atMs = isHalfFull
      ? soonMs
      : Math.max(this.#askedMs + ASK_EVERY_MS, clock.now() + ASK_SOON_MS);
    if (atMs >= this.#askAtMs) return;
    this.#cancelAsk();
    this.#askAtMs = atMs;
    if (atMs <= clock.now()) this.#ask();
    else this.#cancelAsk = clock.after(atMs - clock.now(), () => this.#ask());
  }

  /** Asks now, whenever that was done last. */
  ask(): void {
    this.#cancelAsk();
    this.#ask();
  }

  /** The connection is over. */
  stop(): void {
    this.#cancelDeadline();
    this.#cancelAsk();
  }

  #ask(): void {
    this.#askAtMs = Infinity;
    this.#askedMs = this.#options.clock.now();
    this.#paceMs = Math.max(this.#paceMs, this.#askedMs) + ASK_EVERY_MS;
    this.#isAsked = true;
    this.#bytesSinceAsk = 0;
    this.#options.ask();
  }

  #deadline(): Cancel {
    const { clock, intervalMs, silent } = this.#options;
    return clock.after(intervalMs + HEARTBEAT_PATIENCE_MS, silent);
  }
}

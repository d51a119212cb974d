/**
 * Cursors that are safe, collected and reported together: up to which the bot is done with everything,
 * and up to which everything is on disk.
 *
 * @module
 */

import type { FromWorker } from "../protocol/worker_message.ts";
import type { Clock } from "../ports/clock.ts";

/** Safe cursors are reported together, this long after the first. */
export const SAFE_AFTER_MS = 100;

type Safe = Extract<FromWorker, { type: "SAFE" }>;

/** What is safe and not reported yet. */
export class SafeReport {
  readonly #clock: Clock;
  readonly #report: () => void;
  #safe: { acknowledged: Record<string, number>; stored: Record<string, number> } | null = null;

  /** @param report Called when it is time to {@linkcode SafeReport.take}. */
  constructor(clock: Clock, report: () => void) {
    this.#clock = clock;
    this.#report = report;
  }

  /** A cursor of a shard is safe. */
  note(how: "acknowledged" | "stored", shardId: number, cursor: number): void {
    if (!this.#safe) this.#clock.after(SAFE_AFTER_MS, this.#report);
    this.#safe ??= { acknowledged: {}, stored: {} };
    this.#safe[how][shardId] = cursor;
  }

  /** What has become safe since the last call; `null`: nothing. */
  take(): Safe | null {
    const safe = this.#safe;
    this.#safe = null;
    return safe && { type: "SAFE", ...safe };
  }
}

/**
 * What the log takes: an event's name in plain words and its facts.
 *
 * @module
 */

import type { Clock } from "./clock.ts";

/** Facts of a log line. Values under a key that names a secret are redacted on the way out. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Levels, from the one nobody reads to the one that wakes somebody. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** A log. `event` is a constant sentence, so that it can be searched for; what varies is a field. */
export interface Log {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

/** A log that hands each line to one function: how a worker's lines reach the main thread. */
export function logTo(
  write: (level: LogLevel, event: string, fields: LogFields) => void,
): Log {
  return {
    debug: (event, fields = {}) => write("debug", event, fields),
    info: (event, fields = {}) => write("info", event, fields),
    warn: (event, fields = {}) => write("warn", event, fields),
    error: (event, fields = {}) => write("error", event, fields),
  };
}

/** A log that nobody reads. */
export const silentLog: Log = logTo(() => {});

/** Lines within each {@linkcode WHILE_MS}. */
const MOST = 10;
const WHILE_MS = 10_000;

/**
 * Makes the judge of lines that anybody can make us write: who asks in vain ten thousand times a second must
 * not fill the disk. Asked for each, it gives `null` where that is left out, else how many were left out since
 * the last that was written.
 *
 * @example
 * ```ts
 * import { seldom } from "./log.ts";
 * const isSaid = seldom({ now: () => 0 });
 * const said = Array.from({ length: 20 }, isSaid).filter((left) => left !== null);
 * console.assert(said.length === 10);
 * ```
 */
export function seldom(clock: Pick<Clock, "now">): () => number | null {
  let startedMs = -Infinity;
  let said = 0;
  let left = 0;
  return () => {
    const nowMs = clock.now();
    if (nowMs - startedMs >= WHILE_MS) [startedMs, said] = [nowMs, 0];
    if (said === MOST) {
      left++;
      return null;
    }
    said++;
    const before = left;
    left = 0;
    return before;
  };
}

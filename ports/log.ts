/**
 * What the log takes: an event's name in plain words and its facts.
 *
 * @module
 */

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

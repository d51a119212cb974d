/**
 * What nobody caught: a promise that was rejected and that nobody waits for, an error out of a callback.
 *
 * @module
 */

import { messageOf } from "../protocol/errors.ts";
import type { Cancel } from "./clock.ts";
import type { Log } from "./log.ts";

/** From now on such a mistake is a line of the log, and not the end of the process. */
export function surviveMistakes(log: Log): Cancel {
  const rejected = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    const { reason } = event;
    log.error("rejection without a handler", { error: messageOf(reason), ...stackOf(reason) });
  };
  const thrown = (event: ErrorEvent) => {
    event.preventDefault();
    const error = messageOf(event.error ?? event.message);
    log.error("uncaught error", { error, ...stackOf(event.error) });
  };
  globalThis.addEventListener("unhandledrejection", rejected);
  globalThis.addEventListener("error", thrown);
  return () => {
    globalThis.removeEventListener("unhandledrejection", rejected);
    globalThis.removeEventListener("error", thrown);
  };
}

/** Where an error was thrown, as a field of the log. */
export function stackOf(thrown: unknown): { stack?: string } {
  return thrown instanceof Error && thrown.stack ? { stack: thrown.stack } : {};
}

/**
 * The signals by which a program is asked to stop.
 *
 * @module
 */

import { type Clock, systemClock } from "../../ports/clock.ts";

/**
 * Signals within this time are one. Under `deno task` a Ctrl-C comes twice within a millisecond: from the
 * terminal, which sends it to all of the group, and from the task runner, which passes it on.
 */
export const ONE_SIGNAL_MS = 500;

/** Signals as they come. */
export class Signals {
  readonly #clock: Pick<Clock, "now">;
  #lastMs = -Infinity;
  #next = Promise.withResolvers<string>();

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
  }

  /** One has come. */
  take(name: string): void {
    const nowMs = this.#clock.now();
    if (nowMs - this.#lastMs < ONE_SIGNAL_MS) return;
    this.#lastMs = nowMs;
    this.#next.resolve(name);
    this.#next = Promise.withResolvers();
  }

  /** Resolves with the name of the next one. */
  next(): Promise<string> {
    return this.#next.promise;
  }
}

/** SIGINT and SIGTERM from now on: neither ends the process by itself any more. */
export function stopSignals(): Signals {
  const signals = new Signals(systemClock);
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(name, () => signals.take(name));
  }
  return signals;
}

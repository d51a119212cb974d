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

/** Set where a launcher has started us: our input is a pipe that it never writes to. */
export const LAUNCHED = "GATEHOUSE_LAUNCHED";

/**
 * What asks us to stop, from now on: SIGINT, SIGTERM, the end of our terminal, the end of our launcher. None of
 * them ends the process by itself any more.
 */
export function stopSignals(): Signals {
  const signals = new Signals(systemClock);
  const names: Deno.Signal[] = ["SIGINT", "SIGTERM"];
  // Who has no terminal has been told by `nohup`, which leads all three elsewhere, not to heed its end.
  if (hasTerminal()) names.push("SIGHUP");
  for (const name of names) Deno.addSignalListener(name, () => signals.take(name));
  if (Deno.env.get(LAUNCHED)) {
    inputEnds().then(() => signals.take("the launcher is gone"));
  }
  return signals;
}

/** Whether there is a terminal that may end. */
export function hasTerminal(): boolean {
  return [Deno.stdin, Deno.stdout, Deno.stderr].some((stream) => stream.isTerminal());
}

async function inputEnds(): Promise<void> {
  for await (const _ of Deno.stdin.readable);
}

/**
 * A permit to identify in the hand of its shard: it may be used for a while only.
 *
 * @module
 */

import type { Clock } from "../ports/clock.ts";
import type { Input, State } from "./session/words.ts";

/**
 * For so long after it was told a permit may be used. More than a shard waits for HELLO, and less than it takes
 * until whoever gave it lets another shard use its key: a process that was stopped in between asks anew.
 */
export const PERMIT_USABLE_MS = 20_000;

/** What becomes of a connection whose HELLO comes too late for its permit. */
const ASK_ANEW: Input = { kind: "restart", session: "end" };

/** The newest permit of a shard. */
export class Permit {
  readonly #clock: Pick<Clock, "now">;
  #number = 0;
  #untilMs = -Infinity;

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
  }

  /** What the gate knows it by. */
  get number(): number {
    return this.#number;
  }

  /** The shard may identify from now on. */
  take(number: number): void {
    this.#number = number;
    this.#untilMs = this.#clock.now() + PERMIT_USABLE_MS;
  }

  /** The input as it came; another one where it would have the shard identify with a permit that is too old. */
  judge(state: State, input: Input): Input {
    const isUsed = input.kind === "hello" && state.kind === "hello" && state.goal === "identify";
    return isUsed && this.#clock.now() > this.#untilMs ? ASK_ANEW : input;
  }
}

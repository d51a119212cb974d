/**
 * An authority that waits, before it gives anything of a key that is new to it.
 *
 * @module
 */

import type { Cancel, Clock } from "../../../ports/clock.ts";
import type { Report } from "../rate_report.ts";
import type { Answer, Authority, Claim, PermitWant, Want } from "./authority.ts";

/** How long nothing is given of a key yet. */
export type HeldMs = (key: string) => number;

interface Held {
  readonly want: Want;
  readonly answer: Answer;
  claim: Claim | null;
}

/** What is asked meanwhile is asked for later, in the order of arrival; what is told is told at once. */
export class HeldAuthority implements Authority {
  readonly #clock: Clock;
  readonly #authority: Authority;
  readonly #heldMs: HeldMs;
  readonly #held = new Set<Held>();
  #cancel: Cancel | null = null;

  constructor(clock: Clock, authority: Authority, heldMs: HeldMs) {
    this.#clock = clock;
    this.#authority = authority;
    this.#heldMs = heldMs;
  }

  /** See {@linkcode Authority.epoch}. */
  get epoch(): number {
    return this.#authority.epoch;
  }

  /** See {@linkcode Authority.ask}. */
  ask(want: Want, answer: Answer): Claim {
    const heldMs = this.#heldMs(want.key);
    if (heldMs <= 0) return this.#authority.ask(want, answer);
    const held: Held = { want, answer, claim: null };
    this.#held.add(held);
    this.#wake(heldMs);
    return {
      leave: () => this.#held.delete(held) ? undefined : held.claim?.leave(),
      over: (outcome) => held.claim?.over(outcome),
    };
  }

  /** See {@linkcode Authority.adopt}. */
  adopt(want: Want): Claim {
    return this.#authority.adopt(want);
  }

  /** See {@linkcode Authority.recall}. */
  recall(want: PermitWant, report: Report): void {
    this.#authority.recall(want, report);
  }

  /** See {@linkcode Authority.pause}. */
  pause(credential: string, forMs: number): void {
    this.#authority.pause(credential, forMs);
  }

  #wake(heldMs: number): void {
    this.#cancel ??= this.#clock.after(heldMs, () => {
      this.#cancel = null;
      let nextMs = Infinity;
      for (const held of [...this.#held].sort((a, b) => a.want.arrival - b.want.arrival)) {
        const leftMs = this.#heldMs(held.want.key);
        if (leftMs > 0) {
          nextMs = Math.min(nextMs, leftMs);
          continue;
        }
        this.#held.delete(held);
        held.claim = this.#authority.ask(held.want, held.answer);
      }
      if (nextMs < Infinity) this.#wake(nextMs);
    });
  }
}

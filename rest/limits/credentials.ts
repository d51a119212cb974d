/**
 * The limits of all credentials: each bot, each Bearer token and those without any have their own.
 * What is not used is forgotten, so that memory is bounded.
 *
 * @module
 */

import type { RestSnapshot } from "../../protocol/status.ts";
import { Limits, type LimitsOptions } from "./limits.ts";
import { type Ask, type Permit, type Permits, TooLong } from "./permits.ts";

/** Credentials that are remembered though nothing of theirs is spent. */
const MOST_IDLE = 1_024;
/** Credentials with something under way or spent, at most. */
const MOST = 10_000;

/** The limits of all credentials, made as they appear. */
export class Credentials implements Permits {
  readonly #options: LimitsOptions;
  /** In the order of their last use. */
  readonly #limits = new Map<string, Limits>();

  /** @param options Of each credential's limits: what all share. */
  constructor(options: LimitsOptions) {
    this.#options = options;
  }

  /** See {@linkcode Permits.acquire}. */
  // deno-lint-ignore require-await -- what is thrown becomes a rejection
  async acquire(ask: Ask): Promise<Permit> {
    return this.#of(ask.credential).acquire(ask);
  }

  /** Sums over all. */
  get snapshot(): Pick<RestSnapshot, "credentials" | "waiting" | "inFlight" | "buckets"> {
    const all = [...this.#limits.values()];
    const sum = (count: (limits: Limits) => number) =>
      all.reduce((total, limits) => total + count(limits), 0);
    return {
      credentials: all.length,
      waiting: sum(({ waiting }) => waiting),
      inFlight: sum(({ inFlight }) => inFlight),
      buckets: sum(({ buckets }) => buckets),
    };
  }

  #of(credential: string): Limits {
    const found = this.#limits.get(credential);
    const limits = found ?? new Limits(this.#options);
    if (!found && this.#limits.size >= MOST_IDLE) this.#forgetOne(this.#options.clock.now());
    this.#limits.delete(credential);
    this.#limits.set(credential, limits);
    return limits;
  }

  /** Forgets the one that was not used for the longest time, of those that can be forgotten. */
  #forgetOne(nowMs: number): void {
    for (const [credential, limits] of this.#limits) {
      if (!limits.isIdle(nowMs)) continue;
      this.#limits.delete(credential);
      return;
    }
    if (this.#limits.size >= MOST) throw new TooLong("too many credentials are in use", 1000);
  }
}

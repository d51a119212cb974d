/**
 * The limits of all credentials: each bot, each Bearer token and those without any have their own.
 * What is not used is forgotten, so that memory is bounded.
 *
 * @module
 */

import type { Clock } from "../../ports/clock.ts";
import { type Brake, Limits } from "./limits.ts";
import { type Ask, type Permit, type Permits, TooLong } from "./permits.ts";

/** What all limits share. */
export interface CredentialsOptions {
  readonly clock: Clock;
  /** Requests per second of each credential; asked with each request. */
  readonly perSecond: () => number;
  readonly brake: Brake;
}

/** Credentials that are remembered though nothing of theirs is spent. */
const MOST_IDLE = 1_024;
/** Credentials with something under way or spent, at most. */
const MOST = 10_000;

/** Sums over all credentials. */
export interface CredentialsSnapshot {
  readonly credentials: number;
  readonly waiting: number;
  readonly inFlight: number;
  readonly buckets: number;
}

/** The limits of all credentials, made as they appear. */
export class Credentials implements Permits {
  readonly #options: CredentialsOptions;
  /** In the order of their last use. */
  readonly #limits = new Map<string, Limits>();

  constructor(options: CredentialsOptions) {
    this.#options = options;
  }

  /** See {@linkcode Permits.acquire}. */
  // deno-lint-ignore require-await -- what is thrown becomes a rejection
  async acquire(ask: Ask): Promise<Permit> {
    return this.#of(ask.credential).acquire(ask);
  }

  /** Sums over all. */
  get snapshot(): CredentialsSnapshot {
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
    const { clock, perSecond, brake } = this.#options;
    const found = this.#limits.get(credential);
    const limits = found ?? new Limits({ clock, brake, perSecond });
    if (!found && this.#limits.size >= MOST_IDLE) this.#forgetOne(clock.now());
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

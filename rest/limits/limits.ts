/**
 * The limits of each credential: of every bot, every Bearer token, and of those without any. A request
 * passes the buckets that it may be counted in, then the credential's requests per second. It waits as
 * long as it is willing to, and leaves when its caller does.
 *
 * What follows an interaction passes the second gate at once: Discord does not count it. So do requests
 * by a webhook's token, which never wait behind those of the bot.
 * See [Discord Docs/Rate Limits](https://discord.com/developers/docs/topics/rate-limits).
 *
 * @module
 */

import type { Clock } from "../../ports/clock.ts";
import type { RestWait } from "../../protocol/status.ts";
import { Buckets, type Forecast, type Hold } from "./buckets.ts";
import type { Waiter } from "./gates.ts";
import {
  type Ask,
  type CountedPermits,
  type LimitsSnapshot,
  type Permit,
  TooLong,
} from "./permits.ts";
import type { Report } from "./rate_report.ts";
import { PaceTurns, type Taken, type Turn, type Turns } from "./turns.ts";
import { longestWaits } from "./waits.ts";

/** What the limits of a credential need. */
export interface LimitsOptions {
  readonly clock: Clock;
  /** Requests per second; asked with each request. */
  readonly perSecond: () => number;
  /** Who gives turns under a credential's global limit. Default: it is kept here. */
  readonly turns?: (credential: string) => Turns;
}

/** A credential's requests wait in here, at most. */
export const MOST_WAITING = 50_000;
/** Credentials that are remembered though nothing of theirs is spent. */
const MOST_IDLE = 1_024;
/** Credentials with something under way or spent, at most. */
const MOST = 10_000;

/** Each request that waits, and how it is told. */
interface Caller {
  readonly grant: (permit: Permit) => void;
  /** Ends the timer and stops listening for the caller's leave. */
  done: () => void;
}

interface Ready {
  readonly hold: Hold;
  readonly turn: Turn;
}

/** The limits of one credential. */
export class Limits {
  readonly #clock: Clock;
  readonly #turns: Turns;
  readonly #buckets: Buckets;
  /** What has passed its buckets and waits for its turn. */
  readonly #ready = new Map<Waiter, Ready>();
  readonly #callers = new Map<Waiter, Caller>();
  #arrivals = 0;
  #inFlight = 0;

  /** @param credential Whose they are. */
  constructor({ clock, perSecond, turns }: LimitsOptions, credential = "") {
    this.#clock = clock;
    this.#turns = turns?.(credential) ?? new PaceTurns(clock, perSecond);
    this.#buckets = new Buckets(clock, (hold) => this.#afterBuckets(hold));
  }

  /** See {@linkcode Buckets.waits}. */
  waits(): Iterable<RestWait> {
    return this.#buckets.waits();
  }

  /** Requests that wait and that are under way, and how many buckets are known. */
  get snapshot(): Omit<LimitsSnapshot, "credentials" | "waits"> {
    const { size: waiting } = this.#callers;
    return { waiting, inFlight: this.#inFlight, buckets: this.#buckets.size };
  }

  /** Whether forgetting it loses nothing that holds. */
  isIdle(nowMs: number): boolean {
    const isQuiet = this.#callers.size === 0 && this.#inFlight === 0;
    return isQuiet && this.#turns.isIdle() && this.#buckets.isIdle(nowMs);
  }

  /** See {@linkcode Permits.acquire}. */
  acquire(ask: Ask): Promise<Permit> {
    ask.signal.throwIfAborted();
    if (this.#callers.size >= MOST_WAITING) throw new TooLong("too many requests wait", 1000);
    const waiter = this.#waiter(ask);
    return new Promise((grant, refuse) => {
      const caller: Caller = { grant, done: () => {} };
      this.#callers.set(waiter, caller);
      this.#buckets.enter(waiter);
      // Most need not wait: then there is nothing to give up.
      if (this.#callers.has(waiter)) caller.done = this.#bound(waiter, refuse);
    });
  }

  /** A permit for what is under way already, by somebody else's leave: it counts, and waits for nothing. */
  adopt(ask: Ask): Permit {
    const hold = this.#buckets.adopt(this.#waiter(ask));
    return this.#permit(hold, isExempt(ask) && !isCounted(ask) ? null : this.#turns.beside());
  }

  /** What Discord has answered to such a request a while ago, when somebody else gave leave. */
  recall(ask: Ask, report: Report): void {
    this.#buckets.recall(ask, report);
  }

  /** A route (method and template) counts in the bucket of this name, as somebody else has seen. */
  learnName(route: string, hash: string): void {
    this.#buckets.learnName(route, hash);
  }

  #waiter(ask: Ask): Waiter {
    return { ask, arrival: ask.arrival ?? this.#arrivals++, sinceMs: this.#clock.now() };
  }

  /**
   * Sees to it that a request waits no longer than it wants to, and not at all where that would be in
   * vain. Gives what ends that.
   */
  #bound(waiter: Waiter, refuse: (reason: unknown) => void): () => void {
    const { ask } = waiter;
    const { waitMs, why } = this.#foresee(ask);
    const giveUp = (reason: unknown) => {
      done();
      this.#leave(waiter);
      refuse(reason);
    };
    let done = () => {};
    if (waitMs > ask.patienceMs) {
      giveUp(new TooLong(why, waitMs));
      return done;
    }
    const cancel = this.#clock.after(ask.patienceMs, () => {
      const { waitMs, why } = this.#foresee(ask);
      giveUp(new TooLong(why, Math.max(waitMs, 1000)));
    });
    const abort = () => giveUp(ask.signal.reason);
    ask.signal.addEventListener("abort", abort, { once: true });
    done = () => {
      cancel();
      ask.signal.removeEventListener("abort", abort);
    };
    return done;
  }

  #foresee(ask: Ask): Forecast {
    const byBucket = this.#buckets.foresee(ask);
    if (isExempt(ask)) return byBucket;
    const nowMs = this.#clock.now();
    return [
      byBucket,
      this.#turns.foresee(),
      { waitMs: ask.brake.waitMs(nowMs), why: "too many requests of late were invalid" },
    ].reduce((longest, each) => each.waitMs > longest.waitMs ? each : longest);
  }

  #leave(waiter: Waiter): void {
    this.#callers.delete(waiter);
    if (this.#buckets.leave(waiter)) return;
    const ready = this.#ready.get(waiter);
    if (!ready || !this.#turns.leave(ready.turn)) return;
    this.#ready.delete(waiter);
    this.#buckets.giveBack(ready.hold);
  }

  #afterBuckets(hold: Hold): void {
    const { waiter } = hold;
    const { ask, arrival } = waiter;
    if (isExempt(ask)) return this.#grant(hold, isCounted(ask) ? this.#turns.beside() : null);
    const turn: Turn = {
      lane: ask.lane,
      arrival,
      brake: ask.brake,
      isCurrent: () => this.#buckets.isCurrent(hold),
      stale: () => {
        // Something was learnt of its limits while it waited: back to its line, at its old place.
        this.#ready.delete(waiter);
        this.#buckets.takeBack(hold);
      },
      go: (taken) => {
        this.#ready.delete(waiter);
        this.#grant(hold, taken);
      },
    };
    this.#ready.set(waiter, { hold, turn });
    this.#turns.enter(turn);
  }

  #grant(hold: Hold, taken: Taken | null): void {
    const { waiter } = hold;
    const { grant, done } = this.#callers.get(waiter)!;
    this.#callers.delete(waiter);
    done();
    grant(this.#permit(hold, taken));
  }

  #permit(hold: Hold, taken: Taken | null): Permit {
    this.#inFlight++;
    const end = (leave: () => void) => {
      this.#inFlight--;
      leave();
      taken?.end();
    };
    return {
      arrival: hold.waiter.arrival,
      settle: (report) => {
        const { refusal } = report;
        if (refusal?.scope === "global") this.#turns.pause(refusal.retryAfterMs);
        else if (isDiscords(report)) taken?.pass();
        // What was refused before it came to the buckets is in none of them.
        const isOutside = refusal?.scope === "global" || refusal?.scope === "address";
        end(() => isOutside ? this.#buckets.giveBack(hold) : this.#buckets.settle(hold, report));
      },
      lose: () => end(() => this.#buckets.lose(hold)),
      giveBack: () => end(() => this.#buckets.giveBack(hold)),
    };
  }
}

/** Whether an answer shows that the global limit was passed; an error may come from before it. */
function isDiscords({ refusal, bucket, isLimitless }: Report): boolean {
  return refusal === null ? bucket !== null || isLimitless : refusal.scope !== "address";
}

/**
 * Whether the global limit does not hold for it. What comes by a webhook's token and without a
 * credential counts for this machine's address, with the other requests that have none.
 */
export function isExempt({ route: { kind }, credential }: Ask): boolean {
  return kind === "interaction" || (kind === "webhook" && credential !== "");
}

/** Whether it counts for the others all the same: where the credential is a bot's, they make room for it. */
function isCounted({ route: { kind }, credential }: Ask): boolean {
  return kind === "webhook" && credential !== "";
}

/**
 * The limits of all credentials, made as they appear. What is not used is forgotten, so that memory is
 * bounded.
 */
export class Credentials implements CountedPermits {
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

  /**
   * See {@linkcode Limits.adopt}.
   *
   * @throws {TooLong} when there are too many credentials.
   */
  adopt(ask: Ask): Permit {
    return this.#of(ask.credential).adopt(ask);
  }

  /**
   * See {@linkcode Limits.recall}.
   *
   * @throws {TooLong} when there are too many credentials.
   */
  recall(ask: Ask, report: Report): void {
    this.#of(ask.credential).recall(ask, report);
  }

  /**
   * See {@linkcode Limits.learnName}.
   *
   * @throws {TooLong} when there are too many credentials.
   */
  learnName(credential: string, route: string, hash: string): void {
    this.#of(credential).learnName(route, hash);
  }

  /** Sums over all. */
  get snapshot(): LimitsSnapshot {
    const limits = [...this.#limits.values()];
    const all = limits.map(({ snapshot }) => snapshot);
    const sum = (of: keyof typeof all[number]) => all.reduce((total, each) => total + each[of], 0);
    return {
      credentials: all.length,
      waiting: sum("waiting"),
      inFlight: sum("inFlight"),
      buckets: sum("buckets"),
      waits: longestWaits(limits.flatMap((each) => [...each.waits()])),
    };
  }

  #of(credential: string): Limits {
    const found = this.#limits.get(credential);
    const limits = found ?? new Limits(this.#options, credential);
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

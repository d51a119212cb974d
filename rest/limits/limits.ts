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

import type { Cancel, Clock } from "../../ports/clock.ts";
import type { RestSnapshot } from "../../protocol/status.ts";
import { Buckets, type Forecast, type Hold } from "./buckets.ts";
import type { Waiter } from "./gates.ts";
import { GlobalPace, type Place } from "./global_pace.ts";
import { type Ask, LANES, type Permit, type Permits, TooLong } from "./permits.ts";
import type { Report } from "./rate_report.ts";

/** What the limits of a credential need. */
export interface LimitsOptions {
  readonly clock: Clock;
  /** Requests per second; asked with each request. */
  readonly perSecond: () => number;
}

/** A credential's requests wait in here, at most. */
export const MOST_WAITING = 50_000;
/** Credentials that are remembered though nothing of theirs is spent. */
const MOST_IDLE = 1_024;
/** Credentials with something under way or spent, at most. */
const MOST = 10_000;

type LimitsSnapshot = Pick<RestSnapshot, "credentials" | "waiting" | "inFlight" | "buckets">;

/** Each request that waits, and how it is told. */
interface Caller {
  readonly grant: (permit: Permit) => void;
  /** Ends the timer and stops listening for the caller's leave. */
  done: () => void;
}

/** The limits of one credential. */
export class Limits {
  readonly #clock: Clock;
  readonly #pace: GlobalPace;
  readonly #buckets: Buckets;
  /** What has passed its buckets: by lane, each in the order of arrival. */
  readonly #ready = Object.values(LANES).map((): Hold[] => []);
  readonly #callers = new Map<Waiter, Caller>();
  #arrivals = 0;
  #inFlight = 0;
  #cancelWake: Cancel | null = null;

  constructor({ clock, perSecond }: LimitsOptions) {
    this.#clock = clock;
    this.#pace = new GlobalPace(perSecond);
    this.#buckets = new Buckets(clock, (hold) => this.#afterBuckets(hold));
  }

  /** Requests that wait and that are under way, and how many buckets are known. */
  get snapshot(): Omit<LimitsSnapshot, "credentials"> {
    const { size: waiting } = this.#callers;
    return { waiting, inFlight: this.#inFlight, buckets: this.#buckets.size };
  }

  /** Whether forgetting it loses nothing that holds. */
  isIdle(nowMs: number): boolean {
    const isQuiet = this.#callers.size === 0 && this.#inFlight === 0;
    return isQuiet && this.#pace.isIdle(nowMs) && this.#buckets.isIdle(nowMs);
  }

  /** See {@linkcode Permits.acquire}. */
  acquire(ask: Ask): Promise<Permit> {
    ask.signal.throwIfAborted();
    if (this.#callers.size >= MOST_WAITING) throw new TooLong("too many requests wait", 1000);
    const waiter: Waiter = { ask, arrival: ask.arrival ?? this.#arrivals++ };
    return new Promise((grant, refuse) => {
      const caller: Caller = { grant, done: () => {} };
      this.#callers.set(waiter, caller);
      this.#buckets.enter(waiter);
      // Most need not wait: then there is nothing to give up.
      if (this.#callers.has(waiter)) caller.done = this.#bound(waiter, refuse);
    });
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
      { waitMs: this.#pace.foreseeMs(nowMs), why: "the global limit is used up" },
      { waitMs: ask.brake.waitMs(nowMs), why: "too many requests of late were invalid" },
    ].reduce((longest, each) => each.waitMs > longest.waitMs ? each : longest);
  }

  #leave(waiter: Waiter): void {
    this.#callers.delete(waiter);
    if (this.#buckets.leave(waiter)) return;
    const lane = this.#ready[waiter.ask.lane]!;
    const at = lane.findIndex((hold) => hold.waiter === waiter);
    if (at >= 0) this.#buckets.giveBack(lane.splice(at, 1)[0]!);
  }

  #afterBuckets(hold: Hold): void {
    const { ask, arrival } = hold.waiter;
    if (!isExempt(ask)) {
      const lane = this.#ready[ask.lane]!;
      const at = lane.findLastIndex(({ waiter }) => waiter.arrival <= arrival);
      lane.splice(at + 1, 0, hold);
      return this.#pump();
    }
    // Counted all the same where the credential is a bot's: the others make room for it.
    const isCounted = ask.route.kind === "webhook" && ask.credential !== "";
    this.#grant(hold, isCounted ? this.#pace.take(this.#clock.now(), false) : null);
  }

  #pump(): void {
    const first = () => this.#ready.find(({ length }) => length > 0);
    for (let lane = first(); lane; lane = first()) {
      const hold = lane[0]!;
      if (!this.#buckets.isCurrent(hold)) {
        // Something was learnt of its limits while it waited here: back to its line, at its old place.
        lane.shift();
        this.#buckets.giveBack(hold);
        this.#buckets.enter(hold.waiter);
        continue;
      }
      const nowMs = this.#clock.now();
      const { brake } = hold.waiter.ask;
      const waitMs = Math.max(this.#pace.waitMs(nowMs), brake.waitMs(nowMs));
      if (waitMs > 0) return this.#wake(waitMs);
      lane.shift();
      brake.take(nowMs);
      this.#grant(hold, this.#pace.take(nowMs));
    }
  }

  #wake(waitMs: number): void {
    this.#cancelWake?.();
    this.#cancelWake = waitMs < Infinity ? this.#clock.after(waitMs, () => this.#pump()) : null;
  }

  #grant(hold: Hold, place: Place | null): void {
    const { waiter } = hold;
    const { grant, done } = this.#callers.get(waiter)!;
    this.#callers.delete(waiter);
    this.#inFlight++;
    done();
    grant({
      arrival: waiter.arrival,
      settle: (report) => this.#settle(hold, place, report),
      lose: () => this.#end(place, () => this.#buckets.lose(hold)),
      giveBack: () => this.#end(place, () => this.#buckets.giveBack(hold)),
    });
  }

  #settle(hold: Hold, place: Place | null, report: Report): void {
    const { refusal } = report;
    const nowMs = this.#clock.now();
    if (refusal?.scope === "global") this.#pace.pause(nowMs + refusal.retryAfterMs, nowMs);
    else if (place && isDiscords(report)) this.#pace.pass(place, nowMs);
    // What was refused before it came to the buckets is in none of them.
    const isOutside = refusal?.scope === "global" || refusal?.scope === "address";
    this.#end(place, () => {
      if (isOutside) this.#buckets.giveBack(hold);
      else this.#buckets.settle(hold, report);
    });
  }

  /** What went out, or may have, holds its place for a while: Discord's seconds are not ours. */
  #end(place: Place | null, leave: () => void): void {
    this.#inFlight--;
    if (place) this.#pace.settle(place, this.#clock.now());
    leave();
    this.#pump();
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
function isExempt({ route: { kind }, credential }: Ask): boolean {
  return kind === "interaction" || (kind === "webhook" && credential !== "");
}

/**
 * The limits of all credentials, made as they appear. What is not used is forgotten, so that memory is
 * bounded.
 */
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
  get snapshot(): LimitsSnapshot {
    const all = [...this.#limits.values()].map(({ snapshot }) => snapshot);
    const sum = (of: keyof typeof all[number]) => all.reduce((total, each) => total + each[of], 0);
    return {
      credentials: all.length,
      waiting: sum("waiting"),
      inFlight: sum("inFlight"),
      buckets: sum("buckets"),
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

/**
 * The global limit of one credential: so many requests per second, whatever they are. It only
 * computes; time comes in with each call.
 *
 * # Algorithm
 *
 * Discord counts in seconds of its own clock, which we do not see, and counts a request somewhere
 * between its sending and its answer. So a place is taken with the sending and comes back one second
 * after the answer: whichever second Discord counts in, it never holds more than the limit. An answer
 * that takes long holds its place for {@linkcode LAG_MS} more at most: by then the request has
 * arrived.
 *
 * A refusal stops all, for as long as it says. It is one answer, and may be wrong: where it says long, one
 * request goes ahead each minute, and ends it if it passes.
 * See [Discord Docs/Global Rate Limit](https://discord.com/developers/docs/topics/rate-limits#global-rate-limit).
 *
 * @module
 */

/** What Discord allows every bot. */
export const PER_SECOND = 50;
/** A limit above that was a guess or a wish: after a refusal it is not used for so long. */
const CAUTION_MS = 60_000;
/** A long refusal is looked at again so often. */
export const LOOK_MS = 60_000;
/** The window of the limit. */
export const WINDOW_MS = 1_000;
/** A request is counted by Discord this long after its sending at the latest. */
export const LAG_MS = 1_000;

/** A place of a request that is under way. */
export interface Place {
  /** When it comes back. */
  freeAtMs: number;
}

/**
 * The places of one credential.
 *
 * @example
 * ```ts
 * import { GlobalPace } from "./global_pace.ts";
 * const pace = new GlobalPace(() => 1);
 * const place = pace.take(0);
 * pace.settle(place, 80);
 * console.assert(pace.waitMs(80) === 1000 && pace.waitMs(1080) === 0);
 * ```
 */
export class GlobalPace {
  readonly #perSecond: () => number;
  #taken: Place[] = [];
  #pausedUntilMs = -Infinity;
  #cautiousUntilMs = -Infinity;
  /** When the next goes ahead in a pause. */
  #lookMs = -Infinity;
  #ahead: Place | null = null;

  /** @param perSecond Asked with each request. */
  constructor(perSecond: () => number) {
    this.#perSecond = perSecond;
  }

  /** Requests per second that are allowed now. */
  perSecond(nowMs: number): number {
    const perSecond = this.#perSecond();
    return nowMs < this.#cautiousUntilMs ? Math.min(perSecond, PER_SECOND) : perSecond;
  }

  /** Time until the next request may go out. */
  waitMs(nowMs: number): number {
    if (this.isPaused(nowMs)) {
      return Math.max(0, Math.min(this.#pausedUntilMs, this.#lookMs) - nowMs);
    }
    const limit = this.perSecond(nowMs);
    if (this.#taken.length < limit) return 0;
    this.#prune(nowMs);
    const missing = this.#taken.length + 1 - limit;
    if (missing <= 0) return 0;
    const times = this.#taken.map(({ freeAtMs }) => freeAtMs).sort((a, b) => a - b);
    return times[missing - 1]! - nowMs;
  }

  /** The same for one of many: in a pause only one of them goes ahead. */
  foreseeMs(nowMs: number): number {
    const waitMs = this.waitMs(nowMs);
    return waitMs > 0 && this.isPaused(nowMs) ? this.#pausedUntilMs - nowMs : waitMs;
  }

  /**
   * A request goes out.
   *
   * @param inTurn `false`: it does not wait for the limit, and counts for the others all the same.
   */
  take(nowMs: number, inTurn = true): Place {
    const place = { freeAtMs: nowMs + LAG_MS + WINDOW_MS };
    if (inTurn && this.isPaused(nowMs)) {
      this.#ahead = place;
      this.#lookMs = nowMs + LOOK_MS;
    }
    // Who only ever takes must not fill the memory.
    if (this.#taken.length >= 2 * this.perSecond(nowMs)) this.#prune(nowMs);
    this.#taken.push(place);
    return place;
  }

  /** The request is over, with an answer or without. */
  settle(place: Place, nowMs: number): void {
    place.freeAtMs = Math.min(place.freeAtMs, nowMs + WINDOW_MS);
  }

  /** Discord has not refused the request: a pause that it went ahead in is over. */
  pass(place: Place, nowMs: number): void {
    if (place === this.#ahead) this.#pausedUntilMs = Math.min(this.#pausedUntilMs, nowMs);
  }

  /** Discord said no: nothing goes out until then, and for a while after it not more than is sure. */
  pause(untilMs: number, nowMs: number): void {
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, untilMs);
    this.#lookMs = nowMs + LOOK_MS;
    this.#ahead = null;
    this.#cautiousUntilMs = this.#pausedUntilMs + CAUTION_MS;
  }

  /** Whether Discord has said no, and the time is not over. */
  isPaused(nowMs: number): boolean {
    return this.#pausedUntilMs > nowMs;
  }

  /** Whether forgetting it loses nothing. */
  isIdle(nowMs: number): boolean {
    return !this.isPaused(nowMs) && this.#taken.every(({ freeAtMs }) => freeAtMs <= nowMs);
  }

  #prune(nowMs: number): void {
    this.#taken = this.#taken.filter(({ freeAtMs }) => freeAtMs > nowMs);
  }
}

/**
 * Keeps this machine's address from being banned: Discord keeps out whoever sends 10,000 invalid
 * requests in ten minutes, and so does Cloudflare for hours. Invalid are 401, 403 and 429, except a
 * 429 of scope `shared`. It only computes; time comes in with each call.
 *
 * From half the limit on, requests go out no faster than would use up the rest in the time that the
 * window has left, at the share of invalid ones seen so far. From 90 % on one goes ahead at a time,
 * beside the answers to interactions: after one that was well the next at once, after one that was
 * invalid so late that half of what is left lasts for the window.
 * See [Discord Docs/Invalid Request Limit](https://discord.com/developers/docs/topics/rate-limits#invalid-request-limit-aka-cloudflare-bans).
 *
 * @module
 */

import type { Report } from "./limits/rate_report.ts";
import type { Brake } from "./limits/permits.ts";

/** Discord's limit and its window. */
export const INVALID_LIMIT = 10_000;
/** The window of {@linkcode INVALID_LIMIT}. */
export const INVALID_WINDOW_MS = 600_000;

const SLICES = 60;
const SLOW_FROM = 0.5;
const STOP_FROM = 0.9;
/** One that goes ahead and is not answered in this time is lost. */
const LOST_MS = 30_000;

/** What the fuse does at this moment. */
export type FuseState = "closed" | "slow" | "open";

/** What one slice of the window has seen. */
interface Slice {
  /** Which one since time began. */
  index: number;
  requests: number;
  invalid: number;
}

/**
 * The fuse of one address.
 *
 * @example
 * ```ts
 * import { InvalidFuse } from "./invalid_fuse.ts";
 * const fuse = new InvalidFuse(10);
 * for (let i = 0; i < 9; i++) fuse.count(true, 0);
 * console.assert(fuse.state(0) === "open" && fuse.shutMs(0) === 0);
 * fuse.goAhead(0);
 * console.assert(fuse.shutMs(0) > 0);
 * ```
 */
export class InvalidFuse implements Brake {
  readonly #limit: number;
  /** Oldest first. */
  readonly #slices: Slice[] = [];
  #requests = 0;
  #invalid = 0;
  /** When the next request may go out while the fuse is slow. */
  #nextMs = -Infinity;
  /** When the next may go ahead while the fuse is open. */
  #aheadMs = -Infinity;

  /** @param limit Invalid requests per window that lead to a ban. Default 10,000. */
  constructor(limit: number = INVALID_LIMIT) {
    this.#limit = limit;
  }

  /**
   * An answer has come.
   *
   * @param wentAhead To a request for which {@linkcode goAhead} was called.
   */
  count(isInvalid: boolean, nowMs: number, wentAhead = false): void {
    if (wentAhead) this.#aheadMs = isInvalid ? nowMs + this.#gapMs : nowMs;
    this.#forget(nowMs);
    const index = Math.floor(nowMs / SLICE_MS);
    let slice = this.#slices.at(-1);
    if (slice?.index !== index) this.#slices.push(slice = { index, requests: 0, invalid: 0 });
    slice!.requests++;
    this.#requests++;
    if (!isInvalid) return;
    slice!.invalid++;
    this.#invalid++;
  }

  /** Invalid requests in the window that ends now. */
  invalid(nowMs: number): number {
    this.#forget(nowMs);
    return this.#invalid;
  }

  /** What it does now. */
  state(nowMs: number): FuseState {
    const invalid = this.invalid(nowMs);
    if (invalid >= this.#limit * STOP_FROM) return "open";
    return invalid >= this.#limit * SLOW_FROM ? "slow" : "closed";
  }

  /** See {@linkcode Brake}. */
  waitMs(nowMs: number): number {
    return this.state(nowMs) === "slow" ? Math.max(0, this.#nextMs - nowMs) : 0;
  }

  /** See {@linkcode Brake}. */
  take(nowMs: number): void {
    if (this.state(nowMs) === "slow") this.#nextMs = nowMs + this.#spacingMs(nowMs);
  }

  /** While the fuse is open: time until the next may go ahead. */
  shutMs(nowMs: number): number {
    return this.state(nowMs) === "open" ? Math.max(0, this.#aheadMs - nowMs) : 0;
  }

  /** One goes ahead; others wait for its answer. Does nothing while the fuse is not open. */
  goAhead(nowMs: number): boolean {
    if (this.state(nowMs) !== "open") return false;
    this.#aheadMs = nowMs + LOST_MS;
    return true;
  }

  /** Time between two that go ahead and are invalid. */
  get #gapMs(): number {
    return INVALID_WINDOW_MS / (this.#limit * (1 - STOP_FROM) / 2);
  }

  /** Time between two requests, so that what is left lasts until the oldest are forgotten. */
  #spacingMs(nowMs: number): number {
    const oldest = this.#slices.find(({ invalid }) => invalid > 0)!;
    const share = this.#invalid / this.#requests;
    const left = this.#limit * STOP_FROM - this.#invalid;
    return (endOf(oldest) - nowMs) * share / left;
  }

  /** While the fuse is open: time until enough is forgotten. */
  closesInMs(nowMs: number): number {
    let invalid = this.invalid(nowMs);
    for (const slice of this.#slices) {
      invalid -= slice.invalid;
      if (invalid < this.#limit * STOP_FROM) return endOf(slice) - nowMs;
    }
    return 0;
  }

  #forget(nowMs: number): void {
    while (this.#slices.length > 0 && endOf(this.#slices[0]!) <= nowMs) {
      const { requests, invalid } = this.#slices.shift()!;
      this.#requests -= requests;
      this.#invalid -= invalid;
    }
  }
}

const SLICE_MS = INVALID_WINDOW_MS / SLICES;

/** When all of a slice is out of the window. */
function endOf({ index }: Slice): number {
  return (index + 1) * SLICE_MS + INVALID_WINDOW_MS;
}

/** Whether Discord holds an answer against us. */
export function isInvalid(status: number, { refusal }: Report): boolean {
  if (status === 401 || status === 403) return true;
  return status === 429 && refusal?.scope !== "shared";
}

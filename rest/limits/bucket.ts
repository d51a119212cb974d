/**
 * One rate-limit bucket as far as its answers tell: how many requests may go out, and from when on.
 * It only computes; time comes in with each call.
 *
 * Discord restores some buckets slot by slot and others all at once, and its headers do not say
 * which. What is true of both: all is restored once `Reset-After` has passed, and what `Remaining`
 * says is there. So a bucket is spent down to nothing and then waits for the full restoration, which
 * costs no throughput and is never refused.
 * See [Discord Docs/Rate Limits](https://discord.com/developers/docs/topics/rate-limits).
 *
 * @module
 */

/** What an answer says of the bucket that counted it. */
export interface Count {
  readonly limit: number;
  readonly remaining: number;
  /** Until the bucket is fully restored. */
  readonly resetAfterMs: number;
}

/** A request that is under way, as its bucket knows it. Each is settled, refused or given back, once. */
export interface Lease {
  /** Requests of this bucket that were over when it went out. */
  readonly overBefore: number;
}

/**
 * A bucket. Until its first answer it lets one request out at a time.
 *
 * @example
 * ```ts
 * import { Bucket } from "./bucket.ts";
 * const bucket = new Bucket();
 * const first = bucket.take("POST /x", 0);
 * console.assert(bucket.waitMs(0) === Infinity);
 * bucket.settle(first, { limit: 5, remaining: 4, resetAfterMs: 1000 }, 80);
 * console.assert(bucket.waitMs(80) === 0);
 * ```
 */
export class Bucket {
  /** Requests that fit; unknown until an answer has told. */
  #limit: number | undefined;
  /** Requests that may go out before `#resetAtMs`. */
  #left = 1;
  /** When all is restored. Never, as long as nobody knows of anything spent. */
  #resetAtMs = -Infinity;
  #inFlight = 0;
  /** Requests that are over. */
  #over = 0;
  /** Longest restoration that was announced: what a request without an answer may have cost. */
  #spanMs = 0;
  /** Longest that the restoration of a bucket that is all spent can take. */
  #windowMs = 0;
  /** After a refusal: one request goes ahead and shows how things stand. */
  #isProbing = false;
  /** Requests that were over at the refusal: what went out before says nothing of what came after. */
  #overAtRefusal = 0;
  /** The route that uses the bucket; `null` where several do. */
  #route: string | null | undefined;

  /** Time until a request may go out: 0 at once, `Infinity` when first an answer must come. */
  waitMs(nowMs: number): number {
    this.#restore(nowMs);
    if (this.#left > 0) return 0;
    return this.#resetAtMs > nowMs ? this.#resetAtMs - nowMs : Infinity;
  }

  /** Lets a request of `route` out, also beyond what is allowed. */
  take(route: string, nowMs: number): Lease {
    this.#restore(nowMs);
    if (this.#route === undefined) this.#route = route;
    else if (this.#route !== route) this.#route = null;
    this.#left--;
    this.#inFlight++;
    return { overBefore: this.#over };
  }

  /** The request did not go out, or was counted elsewhere. */
  giveBack(): void {
    this.#inFlight--;
    if (!this.#isProbing) this.#left++;
  }

  /**
   * The request is over. `count` is what its answer said of this bucket; `null` where there was no
   * answer, or one that says nothing: then it is taken to be counted.
   */
  settle({ overBefore }: Lease, count: Count | null, nowMs: number): void {
    this.#inFlight--;
    // Those that were under way at the same time may have been counted after this one.
    const unseen = this.#over++ - overBefore + this.#inFlight;
    if (count === null) return this.#postpone(nowMs);
    const { limit, remaining, resetAfterMs } = count;
    this.#spanMs = Math.max(this.#spanMs, resetAfterMs);
    const allMs = limit * resetAfterMs / Math.max(1, limit - remaining);
    this.#windowMs = Math.max(this.#windowMs, allMs);
    // Answers overtake each other: an earlier end was told earlier.
    this.#resetAtMs = Math.max(this.#resetAtMs, nowMs + resetAfterMs);
    this.#left = Math.min(this.#left, remaining);
    const isShared = this.#route === null;
    // Routes that share a bucket's name may not share its count, so more is not believed.
    this.#limit = isShared ? Math.min(limit, this.#limit ?? limit) : limit;
    if (overBefore < this.#overAtRefusal) return;
    this.#isProbing = false;
    if (!isShared) this.#left = Math.max(this.#left, remaining - unseen);
  }

  /** The request was refused: nothing is left for `retryAfterMs`, and then one request at least. */
  refuse(retryAfterMs: number, nowMs: number): void {
    this.#inFlight--;
    this.#overAtRefusal = ++this.#over;
    this.#left = Math.min(this.#left, 0);
    const retryAtMs = nowMs + retryAfterMs;
    this.#resetAtMs = this.#isProbing ? Math.max(this.#resetAtMs, retryAtMs) : retryAtMs;
    this.#isProbing = true;
  }

  /**
   * What was seen of it a while ago, by whoever counted it until then. More may have gone since, so it is
   * believed for the worse only.
   */
  recall({ limit, remaining, resetAfterMs }: Count, nowMs: number): void {
    this.#limit ??= limit;
    this.#spanMs = Math.max(this.#spanMs, resetAfterMs);
    this.#resetAtMs = Math.max(this.#resetAtMs, nowMs + resetAfterMs);
    this.#left = Math.min(this.#left, remaining);
  }

  /** Requests under way. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Whether forgetting it loses nothing but the limit's size. */
  isIdle(nowMs: number): boolean {
    return this.#inFlight === 0 && this.#resetAtMs <= nowMs;
  }

  /** A request may have been counted, and nobody says when that is restored. */
  #postpone(nowMs: number): void {
    const oneMoreMs = Math.max(this.#resetAtMs, nowMs) + this.#spanMs;
    const allMs = nowMs + Math.max(this.#spanMs, this.#windowMs);
    this.#resetAtMs = Math.max(this.#resetAtMs, Math.min(oneMoreMs, allMs));
  }

  #restore(nowMs: number): void {
    if (nowMs < this.#resetAtMs) return;
    // Those under way may be counted only now.
    this.#left = (this.#isProbing ? 1 : Math.max(1, this.#limit ?? 1)) - this.#inFlight;
  }
}

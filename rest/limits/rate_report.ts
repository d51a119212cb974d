/**
 * What an answer of Discord's says of rate limits. Pure.
 * See [Discord Docs/Rate Limits](https://discord.com/developers/docs/topics/rate-limits).
 *
 * @module
 */

import { parseRecord } from "../../protocol/record.ts";
import type { Count } from "./bucket.ts";

/**
 * What a 429 is about.
 *
 * - `bucket`: the route's bucket is used up;
 * - `hidden`: a limit that no header shows, for this kind of request (a channel's name);
 * - `shared`: others use up the resource; not held against us;
 * - `global`: the credential's requests per second;
 * - `address`: Cloudflare has answered in Discord's place. It did not like this request, or keeps this
 *   machine out, whoever asks: one answer does not tell which.
 */
export type RefusalScope = "bucket" | "hidden" | "shared" | "global" | "address";

/** A request that Discord did not carry out because there were too many. */
export interface Refusal {
  readonly scope: RefusalScope;
  readonly retryAfterMs: number;
}

/** What one answer says. */
export interface Report {
  /** Which bucket has counted the request, and how it stands; `null` where it does not say. */
  readonly bucket: { readonly hash: string; readonly count: Count } | null;
  readonly refusal: Refusal | null;
  /** A success that names no bucket: the route has no limit of its own. */
  readonly isLimitless: boolean;
}

/** The answer as far as it matters here. */
export interface ReportedAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** The body of a 403 or 429, where it could be read. */
  readonly text?: string | undefined;
  /** API version of the request: before 8, times are milliseconds. Default 10. */
  readonly version?: number;
}

/** Where a 429 does not say when to try again. */
const RETRY_MS = 1_000;
/** Discord's limits are over sooner; a timer cannot wait for much longer than this. */
const LONGEST_MS = 24 * 3_600_000;
/** `Retry-After` is in whole seconds, rounded up: only above this it is another limit's. */
const ROUNDING_MS = 1_000;

/**
 * Reads an answer.
 *
 * @example
 * ```ts
 * import { readReport } from "./rate_report.ts";
 * const headers = new Headers({
 *   "x-ratelimit-bucket": "80c17d2f203122d936070c88c8d10f33",
 *   "x-ratelimit-limit": "5",
 *   "x-ratelimit-remaining": "4",
 *   "x-ratelimit-reset-after": "0.25",
 * });
 * console.assert(readReport({ status: 200, headers }).bucket?.count.resetAfterMs === 250);
 * ```
 */
export function readReport(answer: ReportedAnswer): Report {
  const { status, headers } = answer;
  const bucket = readBucket(headers);
  const refusal = readRefusal(answer, bucket?.count);
  return { bucket, refusal, isLimitless: bucket === null && status >= 200 && status < 400 };
}

function readBucket(headers: Headers): Report["bucket"] {
  const hash = headers.get("x-ratelimit-bucket");
  const limit = number(headers, "x-ratelimit-limit");
  const remaining = number(headers, "x-ratelimit-remaining");
  const resetAfter = number(headers, "x-ratelimit-reset-after");
  if (hash === null || limit === null || remaining === null || resetAfter === null) return null;
  return { hash, count: { limit, remaining, resetAfterMs: toMs(resetAfter) } };
}

function readRefusal(answer: ReportedAnswer, count: Count | undefined): Refusal | null {
  if (isCloudflares(answer)) {
    const seconds = number(answer.headers, "retry-after");
    return { scope: "address", retryAfterMs: seconds === null ? RETRY_MS : toMs(seconds) };
  }
  if (answer.status !== 429) return null;
  const retryAfterMs = readRetryAfter(answer);
  return { scope: scopeOf(answer, count, retryAfterMs), retryAfterMs };
}

function scopeOf(
  { headers, text }: ReportedAnswer,
  count: Count | undefined,
  retryAfterMs: number,
): RefusalScope {
  const scope = headers.get("x-ratelimit-scope");
  const isGlobal = scope === "global" || headers.has("x-ratelimit-global") ||
    parseRecord(text).global === true;
  if (isGlobal) return "global";
  if (scope === "shared") return "shared";
  if (count === undefined || count.remaining > 0) return "hidden";
  // The bucket frees a place before all of it is restored: a longer wait is not about the bucket.
  return retryAfterMs > count.resetAfterMs + ROUNDING_MS ? "hidden" : "bucket";
}

/** The body's is exact, the header's is rounded up. */
function readRetryAfter({ headers, text, version = 10 }: ReportedAnswer): number {
  const exact = parseRecord(text).retry_after;
  const given = typeof exact === "number" && exact >= 0 ? exact : number(headers, "retry-after");
  if (given === null) return RETRY_MS;
  return toMs(version < 8 ? given / 1000 : given);
}

function toMs(seconds: number): number {
  return Math.min(seconds * 1000, LONGEST_MS);
}

/**
 * Whether Cloudflare answered in Discord's place: nothing of Discord's in the headers, and a web page
 * or the sentence that it is known by.
 */
function isCloudflares({ status, headers, text }: ReportedAnswer): boolean {
  if (status !== 429 && status !== 403) return false;
  if (headers.has("via") || headers.has("x-ratelimit-scope") || headers.has("x-ratelimit-bucket")) {
    return false;
  }
  if (/^text\/html\b/i.test(headers.get("content-type") ?? "")) return true;
  return /blocked from accessing our API|error code: 1015/i.test(text ?? "");
}

function number(headers: Headers, name: string): number | null {
  const text = headers.get(name);
  const value = text === null || text.trim() === "" ? NaN : Number(text);
  return Number.isFinite(value) && value >= 0 ? value : null;
}

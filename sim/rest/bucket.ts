/**
 * One rate-limit count: how many requests fit, how many are left, when it is restored. Pure: the
 * state goes in and comes out. What is counted together, and under which hash a client sees it, is
 * not decided here but in `limits.ts`.
 * See [Discord Docs/Rate Limits](https://discord.com/developers/docs/topics/rate-limits).
 *
 * @module
 */

/** How a count is restored. */
export interface Window {
  /** Requests that fit. */
  readonly limit: number;
  readonly windowMs: number;
  /**
   * - `sliding`: one slot returns every `windowMs / limit`, so the full restoration moves with each
   *   request (most buckets since 2022-11);
   * - `fixed`: all slots return `windowMs` after the first request;
   * - `aligned`: as `fixed`, but windows begin at multiples of `windowMs` on the server's clock (the
   *   global limit).
   */
  readonly kind: "sliding" | "fixed" | "aligned";
}

/** What has been used of a count. */
export interface Usage {
  /** When the count is fully restored; before it, `used` requests are held (not for `sliding`). */
  readonly restoredAtMs: number;
  readonly used: number;
}

/** The answer to one request. */
export interface Take {
  /** The count after the request. A refused request leaves it as it was. */
  readonly usage: Usage;
  readonly allowed: boolean;
  /** Requests that would still be allowed now. */
  readonly remaining: number;
  /** Until the count is fully restored: what `X-RateLimit-Reset-After` says. */
  readonly resetAfterMs: number;
  /** Until one request fits: what `Retry-After` says. 0 when allowed. */
  readonly retryAfterMs: number;
}

/** Sums of a third of a second are not exact: a slot is free when less than this is missing. */
const TOLERANCE_MS = 1e-3;

/**
 * Asks for one request at `nowMs`.
 *
 * @param usage The count so far; `undefined` for a count that nobody has used.
 *
 * @example
 * ```ts
 * import { take } from "./bucket.ts";
 * const window = { limit: 1, windowMs: 1000, kind: "fixed" } as const;
 * const first = take(window, undefined, 0);
 * console.assert(first.allowed && first.remaining === 0);
 * console.assert(take(window, first.usage, 400).retryAfterMs === 600);
 * ```
 */
export function take(window: Window, usage: Usage | undefined, nowMs: number): Take {
  return window.kind === "sliding"
    ? takeSliding(window, usage, nowMs)
    : takeFixed(window, usage, nowMs);
}

function takeSliding({ limit, windowMs }: Window, usage: Usage | undefined, nowMs: number): Take {
  const slotMs = windowMs / limit;
  const heldMs = Math.max(0, (usage?.restoredAtMs ?? nowMs) - nowMs);
  const missingMs = heldMs + slotMs - windowMs;
  const allowed = missingMs <= TOLERANCE_MS;
  const resetAfterMs = allowed ? heldMs + slotMs : heldMs;
  return {
    usage: { restoredAtMs: nowMs + resetAfterMs, used: 0 },
    allowed,
    remaining: Math.max(0, Math.floor((windowMs - resetAfterMs + TOLERANCE_MS) / slotMs)),
    resetAfterMs,
    retryAfterMs: allowed ? 0 : missingMs,
  };
}

function takeFixed(window: Window, usage: Usage | undefined, nowMs: number): Take {
  const { limit, windowMs, kind } = window;
  const open = usage !== undefined && usage.restoredAtMs > nowMs;
  const startMs = kind === "aligned" ? Math.floor(nowMs / windowMs) * windowMs : nowMs;
  const restoredAtMs = open ? usage.restoredAtMs : startMs + windowMs;
  const before = open ? usage.used : 0;
  const allowed = before < limit;
  const used = allowed ? before + 1 : before;
  return {
    usage: { restoredAtMs, used },
    allowed,
    remaining: Math.max(0, limit - used),
    resetAfterMs: restoredAtMs - nowMs,
    retryAfterMs: allowed ? 0 : restoredAtMs - nowMs,
  };
}

/**
 * What the answer to a POST of events means.
 *
 * @module
 */

import type { PostAnswer } from "../../ports/http/post.ts";

/** A receiver that asks to be left alone is left alone for so long at most. */
export const MOST_RETRY_AFTER_MS = 600_000;

/** What became of a POST. */
export type Outcome =
  /** The receiver has it. */
  | { readonly kind: "delivered" }
  /** It wants less at a time. */
  | { readonly kind: "too large" }
  /** It may take it another time: not before `afterMs`, where it says so. */
  | { readonly kind: "later"; readonly reason: string; readonly afterMs: number }
  /** It will not get better by itself. */
  | { readonly kind: "refused"; readonly reason: string; readonly hint: string };

/** Statuses after which the same request may well be taken, beside all from 500 on. */
const LATER: ReadonlySet<number> = new Set([408, 425, 429]);

const WRONG_SIGNATURE =
  "does it verify with our EVENT_HANDLER_SECRET_KEY, over the body as it came, and is its clock right?";

const HINTS: ReadonlyMap<number, string> = new Map([
  [400, "does it read the body as JSON, and verify it before?"],
  [401, WRONG_SIGNATURE],
  [403, WRONG_SIGNATURE],
  [404, "is the path of EVENT_HANDLER_URL right?"],
  [405, "does it take POST there?"],
  [410, "is EVENT_HANDLER_URL still right?"],
  [413, "one event by itself is larger than it takes: raise its limit"],
  [415, "does it take application/json?"],
]);

/**
 * What an answer means.
 *
 * @param epochMs Now.
 * @param events How many the POST had: of one event no less can be sent.
 */
export function outcomeOf(
  { status, retryAfter, text }: PostAnswer,
  epochMs: number,
  events: number,
): Outcome {
  if (status >= 200 && status < 300) return { kind: "delivered" };
  const reason = `it answered ${status}${text && `: ${text}`}`;
  if (status === 413 && events > 1) return { kind: "too large" };
  if (status >= 500 || LATER.has(status)) {
    return { kind: "later", reason, afterMs: retryAfterMs(retryAfter, epochMs) };
  }
  const isElsewhere = status >= 300 && status < 400;
  const other = isElsewhere ? "redirects are not followed" : "what does its own log say?";
  return { kind: "refused", reason, hint: HINTS.get(status) ?? other };
}

/** Seconds, or a date; 0 where it says nothing, or nothing that can be read. */
function retryAfterMs(retryAfter: string | null, epochMs: number): number {
  if (retryAfter === null) return 0;
  const isSeconds = /^\d+$/.test(retryAfter.trim());
  const ms = isSeconds ? Number(retryAfter) * 1_000 : Date.parse(retryAfter) - epochMs;
  return Math.max(0, Math.min(MOST_RETRY_AFTER_MS, ms || 0));
}

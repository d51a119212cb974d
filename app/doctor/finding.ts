/**
 * What a check has found: a verdict, and what to do about it.
 *
 * @module
 */

/** `fail`: a start would fail, or go on in a way that nobody wants. `skipped`: it was not looked at. */
export type Verdict = "ok" | "warn" | "fail" | "skipped";

/** What one check has to say. */
export interface Seen {
  readonly verdict: Verdict;
  /** What is there, in one line; why it was not looked at where it was not. Never holds a secret. */
  readonly found: string;
  /** What to do; `null`: nothing has to be done. */
  readonly advice: string | null;
}

/** {@linkcode Seen}, and by which check. */
export interface Finding extends Seen {
  /** Which part of the world was looked at. */
  readonly group: string;
  readonly check: string;
}

/** All is well; `advice` is for who wants more than that. */
export function ok(found: string, advice: string | null = null): Seen {
  return { verdict: "ok", found, advice };
}

/** It runs, and somebody should look at it. */
export function warn(found: string, advice: string): Seen {
  return { verdict: "warn", found, advice };
}

/** It does not run, or not as is wanted. */
export function fail(found: string, advice: string): Seen {
  return { verdict: "fail", found, advice };
}

/** It was not looked at. */
export function skipped(why: string): Seen {
  return { verdict: "skipped", found: why, advice: null };
}

/** How many there are of each verdict. */
export function tally(findings: readonly Seen[]): Readonly<Record<Verdict, number>> {
  const counts = { ok: 0, warn: 0, fail: 0, skipped: 0 };
  for (const { verdict } of findings) counts[verdict]++;
  return counts;
}

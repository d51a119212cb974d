/**
 * How often a worker or cluster may be started again, and how fast: pure sums.
 *
 * @module
 */

/** Restarts that are free of suspicion within {@linkcode BUDGET_WINDOW_MS}. */
export const RESTART_BUDGET = 10;
/** What is longer ago than this is forgiven. */
export const BUDGET_WINDOW_MS = 10 * 60 * 1000;

/**
 * How long to wait before the next start, given when the earlier ones were: at once for the first,
 * then doubling from half a second to 30 s. `null`: the budget is used up.
 */
export function restartDelayMs(startsMs: readonly number[], nowMs: number): number | null {
  const recent = startsMs.filter((startMs) => nowMs - startMs < BUDGET_WINDOW_MS).length;
  if (recent >= RESTART_BUDGET) return null;
  return recent === 0 ? 0 : Math.min(30_000, 500 * 2 ** (recent - 1));
}

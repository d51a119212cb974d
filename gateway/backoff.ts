/**
 * How long to wait before the next connection: pure sums with jitter, so that a thousand shards cut
 * off at once do not come back at once.
 *
 * @module
 */

import type { Random } from "../ports/random.ts";
import type { Pause } from "./session/words.ts";

/** Longest pause between two attempts, before jitter. */
export const LONGEST_PAUSE_MS = 60_000;
/** A first reconnect waits at most this long: sessions live for minutes, buffers for seconds. */
export const FIRST_PAUSE_MS = 500;

/**
 * The pause after `attempt` connections in a row that did not last: up to half a second for the
 * first, then doubling from 1 s to a minute, each between half of it and the whole. After an
 * invalid session 1 to 5 s more, as Discord asks. Between the two hosts of one round there is none:
 * the pause before the first of them has spread the shards.
 *
 * @param leastMs The least before a round, where somebody else may have resumed the session.
 *
 * @example
 * ```ts
 * import { pauseMs } from "./backoff.ts";
 * console.assert(pauseMs("back off", 0, () => 0.5) === 250);
 * console.assert(pauseMs("back off", 3, () => 0) === 2000);
 * ```
 */
export function pauseMs(pause: Pause, attempt: number, random: Random, leastMs = 0): number {
  if (pause === "other host") return 0;
  const backOff = attempt === 0
    ? FIRST_PAUSE_MS * random()
    : Math.min(LONGEST_PAUSE_MS, 1000 * 2 ** (attempt - 1)) * (0.5 + random() / 2);
  return Math.max(leastMs, pause === "back off" ? backOff : backOff + 1000 + 4000 * random());
}

/**
 * When the next event is due. A steady rate is one event every 1/rate s: a generator that sends five
 * at a time, five times less often, lets whoever receives them share a wake-up that real traffic
 * would not let them share.
 *
 * @module
 */

/** A thread that waits for less than this wakes up so much late. Seen on Linux. */
const SLACK_MS = 0.08;
/** So that the generator does what else it has to do, however low the rate. */
const MOST_MS = 1;

/** How many events should have been sent `elapsedMs` after the first moment. */
export function eventsDue(elapsedMs: number, perSecond: number): number {
  return Math.floor(elapsedMs * perSecond / 1000);
}

/** How long to wait after `sent` events until the next one is due, ms; 0: go on at once. */
export function waitMs(elapsedMs: number, perSecond: number, sent: number): number {
  const leftMs = (sent + 1) * 1000 / perSecond - elapsedMs - SLACK_MS;
  return Math.min(MOST_MS, Math.max(0, leftMs));
}

/**
 * A unit of which nothing is known yet.
 *
 * @module
 */

import type { IdentifySnapshot, IntentsSnapshot, InteractionSnapshot } from "../protocol/status.ts";

/** Nothing is known of the identify budget. */
export const NO_IDENTIFIES: IdentifySnapshot = {
  maxConcurrency: 1,
  waiting: 0,
  remaining: 0,
  total: 0,
  reserve: 0,
  resetAfterMs: 0,
  nextSlotMs: 0,
  held: null,
};

/** No interaction has come. */
export const NO_INTERACTIONS: InteractionSnapshot = {
  posted: { interactions: 0, webhookEvents: 0, repeats: 0, refused: 0 },
  deferred: 0,
  answered: 0,
  failed: 0,
  expired: 0,
};

/** Nothing is known of the intents but which are wanted, as a number. */
export function noIntents(wanted: number): IntentsSnapshot {
  return { wanted, refused: [], shards: [] };
}

/**
 * How fast a reshard may go: which lots may begin, and how long the rest will take. The identify gate
 * paces shards by itself; here it is seen to that none waits there for long, and none of the day's
 * identifies is missing in the midst of a lot.
 *
 * @module
 */

import type { IdentifySnapshot } from "../../../protocol/status.ts";

/** Shards that rise at a time, in identifies that are allowed at once: the gate never waits for the next. */
const RISING = 2;
/** The same for all shards under way: what comes on each is kept twice until it is handed over. */
const UNDER_WAY = 8;
/** How often a key may identify. */
const ROUND_MS = 5_200;
const DAY_MS = 86_400_000;
/** How long a lot is under way once its shards have identified, about. */
const LOT_MS = 15_000;

/** What is known of the identify gate. */
export type Gate = Pick<
  IdentifySnapshot,
  "maxConcurrency" | "remaining" | "reserve" | "total" | "resetAfterMs"
>;

/** What a lot takes. */
export interface LotNeed {
  /** Its new shards. */
  readonly shards: number;
  /** Those of them that have to identify first: the others have sessions. */
  readonly identifies: number;
}

/** The sum of what several take. */
export function needOf(needs: readonly LotNeed[]): LotNeed {
  return needs.reduce(
    (sum, each) => ({
      shards: sum.shards + each.shards,
      identifies: sum.identifies + each.identifies,
    }),
    { shards: 0, identifies: 0 },
  );
}

/** What is left of the day's identifies for a reshard. */
export function identifiesLeft({ remaining, reserve }: Gate): number {
  return Math.max(0, remaining - reserve);
}

/**
 * Whether another lot may begin beside those that are under way: `"now"`, `"later"` when some of those are
 * further, or when there are `"identifies"` for it.
 *
 * @example
 * ```ts
 * import { mayBegin } from "./pace.ts";
 * const gate = { maxConcurrency: 1, remaining: 2, reserve: 1, total: 1000, resetAfterMs: 1 };
 * const none = { shards: 0, identifies: 0 };
 * console.assert(mayBegin({ shards: 2, identifies: 2 }, none, gate) === "identifies");
 * console.assert(mayBegin({ shards: 2, identifies: 1 }, none, gate) === "now");
 * ```
 */
export function mayBegin(
  lot: LotNeed,
  underWay: LotNeed,
  gate: Gate,
): "now" | "later" | "identifies" {
  const { shards, identifies } = needOf([lot, underWay]);
  // One that takes more than a day has rises for days: the gate has it wait.
  const today = underWay.identifies +
    Math.max(1, Math.min(lot.identifies, gate.total - gate.reserve));
  if (lot.identifies > 0 && today > identifiesLeft(gate)) return "identifies";
  if (underWay.identifies > 0 && identifies > RISING * gate.maxConcurrency) return "later";
  if (underWay.shards > 0 && shards > UNDER_WAY * gate.maxConcurrency) return "later";
  return "now";
}

/** How long it will take until lots that need so many identifies have moved; `null`: for ever. */
export function leftMs(identifies: number, gate: Gate): number | null {
  const today = identifiesLeft(gate);
  if (identifies <= today) return roundsMs(identifies, gate) + LOT_MS;
  const perDay = gate.total - gate.reserve;
  if (perDay <= 0) return null;
  const later = identifies - today;
  const days = Math.ceil(later / perDay) - 1;
  return gate.resetAfterMs + days * DAY_MS + roundsMs(later - days * perDay, gate) + LOT_MS;
}

function roundsMs(identifies: number, { maxConcurrency }: Gate): number {
  return Math.ceil(identifies / maxConcurrency) * ROUND_MS;
}

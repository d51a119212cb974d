/**
 * Where a shard goes on whose unit is dead: Discord is asked for what the bot has not acknowledged, but for what is
 * so much that it may not have it any more. What is only on the dead unit's disk is told by a GAP, and comes late.
 *
 * @module
 */

import type { Estate } from "../../../protocol/estate.ts";
import type { Gap } from "../../../protocol/event_frame.ts";
import type { Missing } from "./written.ts";

/** Discord is asked for so many events again, at most: of a session it keeps some thousands. */
export const MOST_REPLAYED = 1_000;

/** How a shard is taken up. */
export interface Resumption {
  /** With the point to resume from. */
  readonly estate: Estate;
  /** What the bot (`null`) or a reader is told first, that goes without something. */
  readonly gaps: ReadonlyMap<string | null, Gap>;
  /** What of the bot's events only the dead unit's disk can have; `null`: nothing. */
  readonly missing: Missing | null;
}

/**
 * The resumption of a shard, by what was written down of it.
 *
 * @param estate Its session's point is where everything before it is with the bot or on the dead unit's disk.
 * @param unit Name of that unit, for people.
 *
 * @example
 * ```ts
 * import { NO_ESTATE } from "../../../protocol/estate.ts";
 * import { resumption } from "./resumption.ts";
 * const shard = { shardId: 0, totalShards: 1, intents: 1, sessionId: "s", resumeUrl: null };
 * const at = (seq: number) => ({ ...NO_ESTATE, acknowledged: 50, session: { ...shard, seq, base: 0 } });
 * console.assert(resumption(at(900), "a").estate.session!.seq === 50);
 * console.assert(resumption(at(9_000), "a").gaps.get(null)!.to === 9_000);
 * ```
 */
export function resumption(estate: Estate, unit: string): Resumption {
  const { session, acknowledged, readers, highest } = estate;
  if (!session) {
    // The session that it gets begins with a GAP anyway.
    const missing = (highest ?? 0) > acknowledged;
    return {
      estate,
      gaps: new Map(),
      missing: missing ? { from: acknowledged + 1, to: highest! } : null,
    };
  }
  const { base, seq } = session;
  const done: [string | null, number][] = [[null, acknowledged], ...Object.entries(readers)];
  const from = resumedFrom(base, base + seq, done.map(([, cursor]) => cursor));
  const reason = `its host, ${unit}, is away, and may have them on its disk`;
  const behind = done.filter(([, cursor]) => cursor < from);
  return {
    estate: {
      ...estate,
      session: { ...session, seq: from - base },
      highest: Math.max(highest ?? 0, from),
    },
    gaps: new Map(
      behind.map((
        [reader, cursor],
      ) => [reader, { from: cursor + 1, to: from, count: null, reason }]),
    ),
    missing: acknowledged < from ? { from: acknowledged + 1, to: from } : null,
  };
}

/** The lowest cursor from which on Discord surely has everything that somebody is not done with. */
function resumedFrom(base: number, safe: number, done: readonly number[]): number {
  // Of sessions before this one Discord has nothing.
  const near = done.map((cursor) => Math.max(cursor, base))
    .filter((cursor) => safe - cursor <= MOST_REPLAYED);
  return Math.min(safe, ...near);
}

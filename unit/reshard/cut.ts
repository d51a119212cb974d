/**
 * Where a guild's events go over from one session to another: which of the new one's have been served by the
 * old one. Pure; `docs/resharding.md` has the argument.
 *
 * @module
 */

import type { Alignment, Entry } from "./alignment.ts";

/** What is known of a hold, for one guild. */
export interface Bounds {
  /** Whether the old side has served an event, or will before the new side serves any. */
  readonly isServed: (entry: Entry) => boolean;
  /** When the old side was held. */
  readonly heldMs: number;
  readonly patienceMs: number;
  /** From then on every event of both sides is remembered. */
  readonly sinceMs: number;
}

/** A guild's cut. */
export interface Cut {
  /** At an event that both got; by time, because nothing had come for long enough; or with a doubt. */
  readonly kind: "anchor" | "quiet" | "forced";
  /** The new side's events that were not served, in order. */
  readonly unserved: readonly Entry[];
}

/**
 * Whether the last event that was served, or a later one, is known to have come on the new side: what else was
 * served came there before. So it is where none was served for a while: the new side got it long ago, or never.
 */
export function isPassed(events: Alignment, bounds: Bounds): boolean {
  const last = lastServed(events, bounds);
  if (!last || last.atMs < bounds.heldMs - bounds.patienceMs) return true;
  return events.of("from").some(({ place, twin }) => place >= last.place && twin !== null);
}

/** The cut of a guild, where nothing that was served can come on the new side any more. */
export function cutOf(events: Alignment, bounds: Bounds): Cut {
  const { heldMs, patienceMs, isServed, sinceMs } = bounds;
  const [from, to] = [events.of("from"), events.of("to")];
  const anchor = from.findLast((entry) => entry.twin && isServed(entry))?.twin;
  const kept = to.find(({ twin }) => twin && !isServed(twin));
  const isOld = (entry: Entry) =>
    entry.atMs < heldMs - patienceMs && (!kept || entry.place < kept.place);
  const servedEnd = Math.max(anchor?.place ?? -1, to.findLast(isOld)?.place ?? -1);
  const unserved = to.filter(({ place }) => place > servedEnd);

  // Of what was served and has no twin, one that came as often again may be it.
  const missing = from.filter((entry) =>
    isServed(entry) && !entry.twin && entry.place > (anchor?.twin?.place ?? -1)
  );
  const mayBe = (one: Entry, other: Entry) =>
    one.key === other.key && Math.abs(one.atMs - other.atMs) <= patienceMs;
  const mayRepeat = unserved.some((entry) =>
    !entry.twin && (
      entry.place < (kept?.place ?? Infinity) && entry.atMs - patienceMs < sinceMs ||
      missing.some((each) => mayBe(each, entry))
    )
  );
  if (mayRepeat || !isPassed(events, bounds)) return { kind: "forced", unserved };
  const last = lastServed(events, bounds);
  const isQuiet = !last || last.atMs < heldMs - patienceMs;
  return { kind: isQuiet ? "quiet" : "anchor", unserved };
}

function lastServed(events: Alignment, { isServed }: Bounds): Entry | undefined {
  return events.of("from").findLast(isServed);
}

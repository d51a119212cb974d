/**
 * Where a guild's events go over from one session to another: which of the new one's have been served by the
 * old one. Pure; `docs/resharding.md` has the argument.
 *
 * @module
 */

import { recurs } from "../../protocol/discord/identity.ts";
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
  const alike = anchor ? alikeAt(events, anchor, isServed) : null;
  const servedEnd = Math.max(
    alike?.servedEnd ?? anchor?.place ?? -1,
    to.findLast(isOld)?.place ?? -1,
  );
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
  if (alike || mayRepeat || !isPassed(events, bounds)) return { kind: "forced", unserved };
  const last = lastServed(events, bounds);
  const isQuiet = !last || last.atMs < heldMs - patienceMs;
  return { kind: isQuiet ? "quiet" : "anchor", unserved };
}

/**
 * Where the cut is among events that are alike, next to each other, and one side has more of them: which is missing,
 * or was repeated, nobody can tell. Those of the new side are left that the old one's later ones may be. `null`: as
 * many on both, or all were served, or it is not known.
 */
function alikeAt(events: Alignment, anchor: Entry, isServed: Bounds["isServed"]) {
  if (!recurs(anchor.key)) return null;
  const [from, to] = [runOf(events.of("from"), anchor.twin!), runOf(events.of("to"), anchor)];
  if (!from || !to || from.length === to.length) return null;
  const kept = from.filter((entry) => !isServed(entry)).length;
  const end = to[0]!.place + to.length - kept - 1;
  const servedEnd = Math.max(to[0]!.place - 1, Math.min(anchor.place, end));
  return servedEnd < to.at(-1)!.place ? { servedEnd } : null;
}

/**
 * An event and those that are alike beside it; `null`: its row does not go on on both sides of them, or is forgotten
 * from there.
 */
function runOf(entries: readonly Entry[], { key, place }: Entry): readonly Entry[] | null {
  const [first] = entries;
  if (!first) return null;
  const at = place - first.place;
  const start = entries.findLastIndex((each, i) => i < at && each.key !== key);
  const end = entries.findIndex((each, i) => i > at && each.key !== key);
  return start < 0 || end < 0 ? null : entries.slice(start + 1, end);
}

function lastServed(events: Alignment, { isServed }: Bounds): Entry | undefined {
  return events.of("from").findLast(isServed);
}

/**
 * The events of one guild as two sessions got them, each in Discord's order, and which of one session is
 * which of the other. `docs/resharding.md` says why what is told here is so.
 *
 * @module
 */

import { recurs } from "../../protocol/discord/identity.ts";

/** One of two sessions: that which serves, and that which is to. */
export type Side = "from" | "to";

/** An event as one session got it. */
export interface Entry {
  readonly shardId: number;
  readonly cursor: number;
  readonly key: string;
  readonly atMs: number;
  /** Its place among the side's events of the guild. */
  readonly place: number;
  /** The same event on the other side. */
  twin: Entry | null;
}

interface Row {
  /** Those that are remembered, in order. */
  readonly entries: Entry[];
  /** Place of the next. */
  end: number;
  /** Place of the first that may have its twin yet to come. */
  open: number;
}

/** Two rows of events, matched as they come. */
export class Alignment {
  readonly #rows: Record<Side, Row> = { from: emptyRow(), to: emptyRow() };
  /** Those that are there once, by key, until they are forgotten. */
  readonly #once: Record<Side, Map<string, Entry>> = { from: new Map(), to: new Map() };
  #cleanMs: number;
  readonly #matched: (from: Entry, to: Entry) => void;
  #isAligned = false;

  /**
   * @param cleanMs Of what comes from then on, both sides have the beginning; of what came before one may
   * have a part only.
   * @param matched Hears of every match.
   */
  constructor(cleanMs: number, matched: (from: Entry, to: Entry) => void) {
    this.#cleanMs = cleanMs;
    this.#matched = matched;
  }

  /** The events of a side that are remembered, in order. */
  of(side: Side): readonly Entry[] {
    return this.#rows[side].entries;
  }

  /**
   * An event came.
   *
   * @param patienceMs The same event comes on both sides within this time, or on one only.
   */
  see(side: Side, event: Omit<Entry, "place" | "twin">, patienceMs: number): void {
    const row = this.#rows[side];
    const entry: Entry = { ...event, place: row.end++, twin: null };
    row.entries.push(entry);
    if (!recurs(entry.key)) this.#seeOnce(side, entry, patienceMs);
    this.settle(entry.atMs, patienceMs);
  }

  /** Takes note that time has passed: what has not come on the other side by now will not come. */
  settle(nowMs: number, patienceMs: number): void {
    while (
      this.#goesOn(patienceMs) || this.#passesPause(nowMs, patienceMs) ||
      this.#passes("from", nowMs - patienceMs, patienceMs) ||
      this.#passes("to", nowMs - patienceMs, patienceMs)
    );
  }

  /** Whether a place is known that is the same on both sides, or nothing waits for one. */
  get isAligned(): boolean {
    const { from, to } = this.#rows;
    return this.#isAligned || (!headOf(from) && !headOf(to));
  }

  /** From one place on, both have the same next. */
  #goesOn(patienceMs: number): boolean {
    const { from, to } = this.#rows;
    const [a, b] = [headOf(from), headOf(to)];
    if (!a || !b || !isSame(a, b, patienceMs)) return false;
    const firstMs = Math.min(a.atMs, b.atMs);
    const isPause = [at(from, from.open - 1), at(to, to.open - 1)]
      .every((before) => !before || before.atMs < firstMs - patienceMs);
    this.#isAligned ||= isPause && firstMs >= this.#cleanMs;
    if (this.#isAligned) this.#match(a, b);
    return this.#isAligned;
  }

  /** Nothing came on either side for so long: both are at one place, and were backwards from there. */
  #passesPause(nowMs: number, patienceMs: number): boolean {
    const { from, to } = this.#rows;
    const firstMs = Math.min(headOf(from)?.atMs ?? Infinity, headOf(to)?.atMs ?? Infinity);
    if (firstMs >= nowMs - patienceMs) return false;
    const open = [...openOf(from), ...openOf(to)].map(({ atMs }) => atMs).sort((a, b) => a - b);
    const last = open.find((atMs, i) => (open[i + 1] ?? nowMs) - atMs > patienceMs);
    if (last === undefined) return false;
    const [a, b] = [from, to].map((row) => openOf(row).findLast(({ atMs }) => atMs <= last)?.place);
    const [fromOpen, toOpen] = [from.open, to.open];
    from.open = (a ?? from.open - 1) + 1;
    to.open = (b ?? to.open - 1) + 1;
    this.#matchBack(from.open, to.open, fromOpen, toOpen, patienceMs);
    this.#isAligned = true;
    return true;
  }

  /** One of a side is late: it is matched where it has one choice, and the next is given up where it has none. */
  #passes(side: Side, lateMs: number, patienceMs: number): boolean {
    const [row, other] = [this.#rows[side], this.#rows[side === "from" ? "to" : "from"]];
    if ((headOf(row)?.atMs ?? Infinity) >= lateMs) return false;
    for (const entry of openOf(row)) {
      if (entry.atMs >= lateMs) return false;
      const twins = choices(other, entry, patienceMs);
      const twin = twins.find(({ place }) => place >= other.open);
      if (!twin) {
        if (entry.place > row.open) continue;
        row.open++;
        return true;
      }
      const isOnly = twins.length === 1 && choices(row, twin, patienceMs).length === 1;
      if (twin.atMs >= lateMs || !isOnly) continue;
      const [a, b] = side === "from" ? [entry, twin] : [twin, entry];
      this.#matchBoth(a, b, patienceMs);
      return true;
    }
    return false;
  }

  /** Matches backwards from two places that are one, as far as both have the same. */
  #matchBack(
    fromEnd: number,
    toEnd: number,
    fromOpen: number,
    toOpen: number,
    patienceMs: number,
  ): void {
    const { from, to } = this.#rows;
    for (let back = 1; fromEnd - back >= fromOpen && toEnd - back >= toOpen; back++) {
      const [a, b] = [at(from, fromEnd - back), at(to, toEnd - back)];
      if (!a || !b || !isSame(a, b, patienceMs)) return;
      this.#pair(a, b);
    }
  }

  /**
   * Forgets what came before a moment.
   *
   * @returns Whether something is left.
   */
  forget(beforeMs: number, patienceMs: number): boolean {
    for (const side of ["from", "to"] as const) {
      const row = this.#rows[side];
      const kept = row.entries.findIndex(({ atMs }) => atMs >= beforeMs);
      const gone = row.entries.splice(0, kept < 0 ? row.entries.length : kept);
      for (const { key } of gone) this.#once[side].delete(key);
      if (gone.length === 0 || gone.at(-1)!.place < row.open) continue;
      // It was left open where both are: as in the beginning.
      row.open = gone.at(-1)!.place + 1;
      [this.#isAligned, this.#cleanMs] = [false, beforeMs + patienceMs];
    }
    return this.#rows.from.entries.length + this.#rows.to.entries.length > 0;
  }

  #seeOnce(side: Side, entry: Entry, patienceMs: number): void {
    // The same again is one more event, told by its place like those that recur.
    if (this.#once[side].has(entry.key)) return;
    this.#once[side].set(entry.key, entry);
    const other = this.#once[side === "from" ? "to" : "from"].get(entry.key);
    if (!other || other.twin) return;
    const [a, b] = side === "from" ? [entry, other] : [other, entry];
    const { from, to } = this.#rows;
    if (a.place < from.open || b.place < to.open) return this.#matchLate(a, b);
    this.#matchBoth(a, b, patienceMs);
  }

  /** They are one, and those before them as far as they are alike. */
  #matchBoth(a: Entry, b: Entry, patienceMs: number): void {
    const [fromOpen, toOpen] = [this.#rows.from.open, this.#rows.to.open];
    this.#match(a, b);
    this.#matchBack(a.place, b.place, fromOpen, toOpen, patienceMs);
  }

  /** One that had been given up: it is the same all the same, where that is in order. */
  #matchLate(a: Entry, b: Entry): void {
    const before = lastMatched(this.#rows.from, a.place);
    const after = firstMatched(this.#rows.from, a.place);
    if (before && before.twin!.place >= b.place) return;
    if (after && after.twin!.place <= b.place) return;
    this.#pair(a, b);
    this.#rows.from.open = Math.max(this.#rows.from.open, a.place + 1);
    this.#rows.to.open = Math.max(this.#rows.to.open, b.place + 1);
  }

  #match(a: Entry, b: Entry): void {
    this.#pair(a, b);
    this.#rows.from.open = a.place + 1;
    this.#rows.to.open = b.place + 1;
  }

  #pair(a: Entry, b: Entry): void {
    [a.twin, b.twin, this.#isAligned] = [b, a, true];
    this.#matched(a, b);
  }
}

function emptyRow(): Row {
  return { entries: [], end: 0, open: 0 };
}

/** Whether they may be one event. */
function isSame(a: Entry, b: Entry, patienceMs: number): boolean {
  return a.key === b.key && Math.abs(a.atMs - b.atMs) <= patienceMs;
}

/** Those of a row that may be the event. */
function choices({ entries }: Row, event: Entry, patienceMs: number): Entry[] {
  return entries.filter((each) => !each.twin && isSame(each, event, patienceMs));
}

function at({ entries }: Row, place: number): Entry | undefined {
  return entries.length === 0 ? undefined : entries[place - entries[0]!.place];
}

function openOf({ entries, open }: Row): Entry[] {
  return entries.slice(Math.max(0, open - (entries[0]?.place ?? 0)));
}

function headOf(row: Row): Entry | undefined {
  return at(row, row.open);
}

function lastMatched({ entries }: Row, before: number): Entry | undefined {
  return entries.findLast((entry) => entry.place < before && entry.twin !== null);
}

function firstMatched({ entries }: Row, after: number): Entry | undefined {
  return entries.find((entry) => entry.place > after && entry.twin !== null);
}

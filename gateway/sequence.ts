/**
 * A shard's numbers: Discord's `s` within a session, and our cursor across sessions.
 *
 * `cursor = base + s`, with one base per session. A replayed event therefore has the cursor it had
 * before, in whichever worker it is replayed, and a consumer can drop what it has seen. A new
 * session starts above every cursor that may have been given out, with one cursor for the GAP.
 *
 * @module
 */

import type { SessionPoint } from "../protocol/estate.ts";

/** Numbers follow each other; what a session may have skipped is far less. */
const MOST_LEAP = 1_000_000;

/** The numbers of one shard. */
export class Sequence {
  #base = 0;
  #seq = 0;
  #highest = 0;
  /** The last number that was not believed. */
  #leap = -1;

  /** Last `s` received in this session; 0 before the first. */
  get seq(): number {
    return this.#seq;
  }

  /** What is added to `s` in this session. */
  get base(): number {
    return this.#base;
  }

  /**
   * Picks up where an earlier life of the shard stopped.
   *
   * @param cursorFloor New sessions begin above it: no cursor beyond it was ever given out.
   * @returns The cursor of a GAP to tell again, because the session before this one was lost and
   * nothing says that the bot was told; else `null`.
   */
  pickUp(point: SessionPoint | null, cursorFloor: number): number | null {
    this.#base = point?.base ?? 0;
    this.#seq = point?.seq ?? 0;
    this.#highest = Math.max(cursorFloor, this.#base + this.#seq);
    return point && point.seq === 0 && point.base > 0 ? point.base : null;
  }

  /**
   * A new session: the cursor of the GAP before it, or `null` when there was none before.
   *
   * @param first The number of its READY: 1, but some servers count from 0, and cursors do not.
   */
  begin(first = 1): number | null {
    const gap = this.#highest === 0 ? null : ++this.#highest;
    this.#base = this.#highest + (first === 0 ? 1 : 0);
    this.#seq = first === 0 ? -1 : 0;
    return gap;
  }

  /**
   * Whether `s` is so far ahead that it is not to be believed: all that comes after it would seem old.
   * It is once the next one follows it.
   */
  leaps(s: number): boolean {
    if (s <= this.#seq + MOST_LEAP || s === this.#leap + 1) return false;
    this.#leap = s;
    return true;
  }

  /** The cursor of the dispatch `s`, or `null` when it came before. */
  note(s: number): number | null {
    if (s <= this.#seq) return null;
    this.#seq = s;
    const cursor = this.#base + s;
    if (cursor > this.#highest) this.#highest = cursor;
    return cursor;
  }
}

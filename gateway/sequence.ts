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

/** The numbers of one shard. */
export class Sequence {
  #base = 0;
  #seq = 0;
  #highest = 0;

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

  /** A new session: the cursor of the GAP before it, or `null` when there was none before. */
  begin(): number | null {
    this.#seq = 0;
    if (this.#highest === 0) return null;
    this.#base = this.#highest = this.#highest + 1;
    return this.#base;
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

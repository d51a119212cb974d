/**
 * A shard's numbers: Discord's `s` within a session, and our cursor across sessions.
 *
 * `cursor = base + s`, with one base per session. A replayed event therefore has the cursor it had
 * before, in whichever worker it is replayed, and a consumer can drop what it has seen. A new
 * session starts above every cursor that may have been given out, with one cursor for the GAP.
 *
 * Some servers send numbers that do not grow, outside a replay. Each such event raises the base, so that it
 * and what follows have cursors above all that were given out. By such numbers nobody can say what is to
 * be replayed, so the session cannot be resumed: docs/decisions.md, "Numbers that do not grow".
 *
 * @module
 */

import type { ResumableSession } from "../protocol/discord/gateway_frame.ts";
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
  /** Whether numbers of the session have come twice: only the 0 that it began with, or others. */
  #repeated: "none" | "0" | "others" = "none";
  #beganAt0 = false;
  /** The session, while it cannot be resumed. */
  #aside: ResumableSession | null = null;

  /** Last `s` received in this session; 0 before the first. */
  get seq(): number {
    return this.#seq;
  }

  /** What is added to `s` in this session. */
  get base(): number {
    return this.#base;
  }

  /**
   * Whether the session can be resumed by its numbers. Those that repeat say nothing; where that was only
   * the 0 with which the session began, those above it do.
   */
  get isResumable(): boolean {
    return this.#repeated === "none" || this.#repeated === "0" && this.#seq > 0;
  }

  /**
   * What its numbers make of the session: `null` where it cannot be resumed from now on, itself where it
   * can again, `undefined` where nothing changes.
   */
  judge(session: ResumableSession | null): ResumableSession | null | undefined {
    const aside = this.#aside;
    if (session ? this.isResumable : !aside || !this.isResumable) return undefined;
    this.#aside = session;
    return session ? null : aside;
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
    this.#repeated = "none";
    this.#beganAt0 = false;
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
    this.#repeated = "none";
    this.#beganAt0 = first === 0;
    this.#aside = null;
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

  /**
   * The cursor of the dispatch `s`. Cursors grow with each call.
   *
   * @param isReplay A RESUME is being answered.
   * @returns `null` when it came before, and is replayed.
   */
  note(s: number, isReplay = false): number | null {
    if (s <= this.#seq) {
      if (isReplay) return null;
      const is0 = this.#beganAt0 && this.#repeated !== "others" && s === 0 && this.#seq === 0;
      this.#repeated = is0 ? "0" : "others";
      this.#base = this.#highest + 1 - s;
    }
    this.#seq = s;
    const cursor = this.#base + s;
    if (cursor > this.#highest) this.#highest = cursor;
    return cursor;
  }
}

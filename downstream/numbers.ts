/**
 * The numbers of one consumer's session: `s = cursor − base`. The same event has the same number
 * whatever became of the connection upstream, of ours, or of Gatehouse; READY is number 1, and the
 * guilds that the session begins with have the numbers after it.
 *
 * @module
 */

import { renumber } from "../protocol/discord/body.ts";
import { readEnvelope } from "../protocol/discord/envelope.ts";
import { type EventRecord, type Gap, GAP_EVENT, readGap, RECORD } from "../protocol/event_frame.ts";
import { dispatch } from "./frames.ts";

/** Dispatches of the session with Discord; a consumer has a session with us, and gets ours. */
const NOT_PASSED_ON: ReadonlySet<string> = new Set(["READY", "RESUMED"]);

/** The numbers of one connection of a session. */
export class DownstreamNumbers {
  readonly #base: number;
  /** Cursor of the last record that came, passed on or not. */
  #received: number;
  /** Cursor of the last one that was passed on. */
  #passed: number;

  /** The events of the session are those after it. */
  readonly #from: number;

  /**
   * @param base What a cursor is above its number, fixed for the session's life.
   * @param had The client has everything up to this number.
   * @param from The events of the session are those after this cursor; by default after READY.
   */
  constructor(base: number, had: number, from: number = base + 1) {
    this.#base = base;
    this.#from = from;
    this.#passed = base + had;
    this.#received = Math.max(this.#passed, from);
  }

  /** Number of the last event that the client was given. */
  get s(): number {
    return this.#passed - this.#base;
  }

  /** Cursor of the last event that the client was given. */
  get cursor(): number {
    return this.#passed;
  }

  /** Whether everything up to `cursor` has come. */
  hasReached(cursor: number): boolean {
    return this.#received >= cursor;
  }

  /** The cursor of a number; `null` where the client cannot have it, and where no event has it. */
  cursorOf(s: number): number | null {
    const cursor = this.#base + s;
    return cursor < this.#from || cursor > this.#passed ? null : cursor;
  }

  /** The number of the next of what comes before the events. */
  next(): number {
    this.#passed++;
    return this.s;
  }

  /**
   * The payload of a record as this client gets it; `null` for one that came before, for READY and
   * RESUMED of the session with Discord, and for kinds of record that we do not know.
   *
   * A GAP becomes the dispatch `GATEHOUSE_GAP` `{shard, from, to, count, reason}` with `from` and `to`
   * in the client's numbers. What the client has already is not told as missing; `count` is then
   * `null`, as it is where nobody knows.
   *
   * @throws {SyntaxError} When it cannot be read: {@linkcode DownstreamNumbers.missing} stands for it.
   */
  take(record: EventRecord): string | Uint8Array | null {
    if (record.cursor <= this.#received) return null;
    const had = this.#received;
    this.#received = record.cursor;
    const s = record.cursor - this.#base;
    const payload = record.kind === RECORD.GAP
      ? this.#gap(record, readGap(record), had)
      : record.kind === RECORD.DISPATCH
      ? passedOn(record.body, s)
      : null;
    if (payload !== null) this.#passed = record.cursor;
    return payload;
  }

  /** What stands for a record that {@linkcode DownstreamNumbers.take} could not read. */
  missing(record: EventRecord): string {
    const { cursor } = record;
    this.#passed = cursor;
    const gap = { from: cursor, to: cursor, count: 1, reason: "this event cannot be read" };
    return this.#gap(record, gap, cursor - 1);
  }

  #gap({ shardId, cursor }: EventRecord, { from, count, reason }: Gap, had: number): string {
    const s = cursor - this.#base;
    const isWhole = from === null || from > had;
    return dispatch(GAP_EVENT, s, {
      shard: shardId,
      from: from === null ? null : Math.max(from, had + 1) - this.#base,
      to: s,
      count: isWhole ? count : null,
      reason,
    });
  }
}

function passedOn(payload: Uint8Array, s: number): Uint8Array | null {
  const envelope = readEnvelope(payload);
  return envelope.t !== null && NOT_PASSED_ON.has(envelope.t)
    ? null
    : renumber(payload, s, envelope);
}

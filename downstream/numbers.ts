/**
 * The numbers of one consumer's session: `s = cursor − base`. The same event has the same number
 * whatever became of the connection upstream, of ours, or of Gatehouse; READY is number 1, and the
 * guilds that the session begins with have the numbers after it.
 *
 * @module
 */

import { rename, renumber } from "../protocol/discord/body.ts";
import { readEnvelope } from "../protocol/discord/envelope.ts";
import { isOwnNonce, readAnswerHead } from "../protocol/discord/members.ts";
import { type EventRecord, type Gap, GAP_EVENT, readGap, RECORD } from "../protocol/event_frame.ts";
import { dispatch } from "./frames.ts";
import type { View } from "./intents_filter.ts";
import { lostGuilds } from "./lost_guilds.ts";

/** What a guild that loads may be called by `GUILD_LOADED_DD`; libraries know it by Discord's name. */
const LOADED = { as: "GUILD_LOADED_DD", is: "GUILD_CREATE" };

/** What a session's numbers hang on. */
export interface Numbering {
  /** What a cursor is above its number, fixed for the session's life. */
  readonly base: number;
  /** The events of the session are those after this cursor. */
  readonly from: number;
  /** What the client sees of events; `null`: everything. */
  readonly view: View | null;
  /** Whether it sees guilds. */
  readonly seesGuilds: boolean;
}

/** What a client gets: a payload and its number, or the last one before it where it has none of its own. */
export interface Numbered {
  readonly payload: string | Uint8Array;
  readonly s: number;
}

const NOTHING: readonly Numbered[] = [];

/** The numbers of one connection of a session. */
export class DownstreamNumbers {
  readonly #numbering: Numbering;
  /** Cursor of the last record that came, passed on or not. */
  #received: number;
  /** Cursor of the last one that was passed on. */
  #passed: number;
  #knowsGuilds: boolean;

  /**
   * @param had The client has everything up to this number.
   * @param done Nothing up to this cursor comes any more.
   * @param knowsGuilds Whether it has been told of guilds, be it that they are not available.
   */
  constructor(numbering: Numbering, had: number, done = 0, knowsGuilds = false) {
    this.#numbering = numbering;
    this.#passed = numbering.base + had;
    this.#received = Math.max(this.#passed, numbering.from, done);
    this.#knowsGuilds = knowsGuilds;
  }

  /** Whether the client has had guilds, by now: those that it began with, or those of a session of its shard. */
  get knowsGuilds(): boolean {
    return this.#knowsGuilds;
  }

  /** Number of the last event that the client was given. */
  get s(): number {
    return this.#passed - this.#numbering.base;
  }

  /** Cursor of the last event that the client was given. */
  get cursor(): number {
    return this.#passed;
  }

  /** Cursor of the last record that came: what is after the last one given was not for the client. */
  get received(): number {
    return this.#received;
  }

  /** The cursor of a number; `null` where the client cannot have it, and where no event has it. */
  cursorOf(s: number): number | null {
    const { base, from } = this.#numbering;
    const cursor = base + s;
    return cursor < from || cursor > this.#passed ? null : cursor;
  }

  /** The number of the next of what comes before the events. */
  next(): number {
    this.#passed++;
    return this.s;
  }

  /**
   * A record as this client gets it; nothing for one that came before, for RESUMED of the session with
   * Discord, for kinds of record that we do not know, and for what the client does not see.
   *
   * A GAP becomes the dispatch `GATEHOUSE_GAP` `{shard, from, to, count, reason}` with `from` and `to`
   * in the client's numbers. What the client has already is not told as missing; `count` is then
   * `null`, as it is where nobody knows.
   *
   * READY of a session of the shard becomes a GUILD_DELETE for each guild that is lost with it. The last
   * has the number of READY: who has had some of them only gets all of them again.
   *
   * @throws {SyntaxError} When it cannot be read: {@linkcode DownstreamNumbers.missing} stands for it.
   */
  take(record: EventRecord): readonly Numbered[] {
    if (record.cursor <= this.#received) return NOTHING;
    const had = this.#received;
    this.#received = record.cursor;
    if (record.kind === RECORD.GAP) {
      return this.#pass(record, this.#gap(record, readGap(record), had));
    }
    return record.kind === RECORD.DISPATCH ? this.#dispatch(record) : NOTHING;
  }

  /** What stands for a record that {@linkcode DownstreamNumbers.take} could not read. */
  missing(record: EventRecord): readonly Numbered[] {
    const { cursor } = record;
    const gap = { from: cursor, to: cursor, count: 1, reason: "this event cannot be read" };
    return this.#pass(record, this.#gap(record, gap, cursor - 1));
  }

  #pass({ cursor }: EventRecord, payload: string | Uint8Array): readonly Numbered[] {
    this.#passed = cursor;
    return [{ payload, s: this.s }];
  }

  #dispatch(record: EventRecord): readonly Numbered[] {
    const envelope = readEnvelope(record.body);
    const { t } = envelope;
    if (t === "READY") return this.#begun(record);
    if (t === "RESUMED") return NOTHING;
    if (t === LOADED.as) return this.#dispatch({ ...record, body: rename(record.body, LOADED.is) });
    if (t !== null && isOurs(t, record.body)) return NOTHING;
    const { view, base } = this.#numbering;
    const seen = view ? view(record.body, envelope) : record.body;
    return seen ? this.#pass(record, renumber(seen, record.cursor - base, envelope)) : NOTHING;
  }

  /** The shard has another session with Discord. */
  #begun({ body, cursor }: EventRecord): readonly Numbered[] {
    const { base, seesGuilds } = this.#numbering;
    const lost = seesGuilds ? lostGuilds(body, this.#knowsGuilds) : [];
    this.#knowsGuilds = true;
    const before = this.s;
    if (lost.length > 0) this.#passed = cursor;
    return lost.map((guild, index) => {
      const s = index === lost.length - 1 ? cursor - base : before;
      return { payload: dispatch("GUILD_DELETE", s, guild), s };
    });
  }

  #gap({ shardId, cursor }: EventRecord, { from, count, reason }: Gap, had: number): string {
    const { base } = this.#numbering;
    const s = cursor - base;
    const isWhole = from === null || from > had;
    return dispatch(GAP_EVENT, s, {
      shard: shardId,
      from: from === null ? null : Math.max(from, had + 1) - base,
      to: s,
      count: isWhole ? count : null,
      reason,
    });
  }
}

/** Whether it answers what we have asked Discord for by ourselves: no client has asked for it. */
function isOurs(t: string, payload: Uint8Array): boolean {
  return isOwnNonce(readAnswerHead(t, payload)?.nonce ?? null);
}

/**
 * What a session gives its client, one number after the other: the guilds as they were when it began,
 * then the events of its shard. And what the client's numbers say of both: an acknowledgement of a
 * number is one of what lies behind it. Knows nothing of Discord's protocol but dispatches.
 *
 * ```
 * number   1      2 … n+1       n+2 …
 *          READY  GUILD_CREATE  events
 * cursor                 from   from+1 …      cursor = base + number
 * ```
 *
 * READY is told by whoever begins the session. The guilds are asked for as of `from`, after which the
 * events begin, and have a fixed order: a number in their midst means the same guild at any time, also
 * after a restart of ours.
 *
 * @module
 */

import { INTENTS } from "../protocol/discord/intents.ts";
import { messageOf } from "../protocol/errors.ts";
import { type EventRecord, RECORD } from "../protocol/event_frame.ts";
import type { GuildsPiece } from "../protocol/guild_pieces.ts";
import type { ShardBacklog } from "../protocol/worker_message.ts";
import { guildCreate, repeat, resumed } from "./frames.ts";
import { viewFor } from "./intents_filter.ts";
import { DownstreamNumbers, type Numbered } from "./numbers.ts";
import { type DownstreamSession, eventsAfter } from "./session.ts";
import type { DownstreamSessions } from "./sessions.ts";
import { giveSnapshots, PIECE_BYTES } from "./snapshots.ts";
import type { DownstreamWorld } from "./world.ts";

/** What a stream works with. */
export interface StreamWorld extends Pick<DownstreamWorld, "events" | "log" | "guilds" | "terms"> {
  readonly sessions: DownstreamSessions;
}

/** Where it goes. */
export interface StreamSink {
  /** The client gets this next. Its number, or the last one before it where it has none. Bytes do not change. */
  give(payload: string | Uint8Array, s: number): void;
  /** An event of so many bytes came: it is under way until the client acknowledges it or a later one. */
  came(bytes: number): void;
  /** Resolves when everything that was given has been taken. */
  taken(): Promise<void>;
}

/** Where a stream begins. */
export interface StreamStart {
  /** The client has everything up to this number: 1 where it has READY. */
  readonly had: number;
  /** What of the guilds was asked for already. */
  readonly piece?: GuildsPiece | null;
  /** How far the shard's events have been dealt with. */
  readonly backlog: ShardBacklog;
  /** RESUMED is due once everything that waits has come. */
  readonly isResumed: boolean;
}

/** What one connection gets of a session. */
export class SessionStream {
  readonly session: DownstreamSession;
  readonly #world: StreamWorld;
  readonly #sink: StreamSink;
  readonly #numbers: DownstreamNumbers;
  /** What of the guilds was asked for already, until it is given. */
  #piece: GuildsPiece | null;
  #replayTo: number | null;
  #isOver = false;
  #isLeft = false;
  /** Up to this cursor it has been said what may come a second time. */
  #markedTo = 0;

  /** Gives nothing before {@linkcode SessionStream.run}. */
  constructor(
    world: StreamWorld,
    session: DownstreamSession,
    start: StreamStart,
    sink: StreamSink,
  ) {
    this.session = session;
    this.#world = world;
    this.#sink = sink;
    this.#piece = start.piece ?? null;
    this.#replayTo = start.isResumed ? start.backlog.last : null;
    this.#numbers = numbersOf(session, start, world.terms.intents);
    world.sessions.sent(session, this.#numbers.cursor);
  }

  /** Number of the last of what the client was given. */
  get s(): number {
    return this.#numbers.s;
  }

  /** Whether the client is done with every event that it was given. */
  get isSettled(): boolean {
    return this.session.acknowledged >= this.#numbers.cursor;
  }

  /**
   * Gives the guilds that the client lacks, then what its shard has for it, which must be held. Resolves
   * when the events flow, or the stream was stopped.
   *
   * @returns False where the session cannot go on, and has to begin anew.
   * @throws When the guilds cannot be asked for now.
   */
  async run(): Promise<boolean> {
    const { session } = this;
    // READY is the first.
    const had = this.s - 1;
    if (had < session.snapshots && !await this.#giveSnapshots(had)) return false;
    if (this.#isOver) return true;
    this.#markRepeats();
    this.#world.events.take(session.shard, (...event) => this.#take(...event));
    this.#resumedIfDue();
    return true;
  }

  /** Nothing is given any more. */
  stop(): void {
    this.#isOver = true;
  }

  /** Nothing is given any more, and its numbers mean nothing: another stream of the session follows. */
  leave(): void {
    this.stop();
    this.#isLeft = true;
  }

  /** Whether the client was given all guilds that the session began with. */
  get hasGuilds(): boolean {
    return this.s > this.session.snapshots;
  }

  /**
   * The client is done with everything up to this number. Told each time, new or not: the owner of the
   * events may have got back what was acknowledged before.
   */
  acknowledge(s: number): void {
    const cursor = this.#numbers.cursorOf(s);
    if (cursor === null || this.#isLeft) return;
    this.#world.sessions.acknowledge(this.session, cursor);
    this.#world.events.acknowledge(this.session.shard, cursor);
    if (s === this.s) this.#world.sessions.passedBy(this.session, this.#numbers.received);
  }

  /** Tells what the client is done with once more: the owner of the events may not have heard of it. */
  tellAgain(): void {
    if (this.#isLeft) return;
    const { events, sessions } = this.#world;
    events.acknowledge(this.session.shard, this.session.acknowledged);
    sessions.passedBy(this.session, this.#numbers.received);
    sessions.tellAgain(this.session);
  }

  /** The client needs nothing again of what it was given up to this number. */
  received(s: number): void {
    const cursor = s === this.s ? this.#numbers.received : this.#numbers.cursorOf(s);
    if (cursor !== null && !this.#isLeft) this.#world.sessions.received(this.session, cursor);
  }

  async #giveSnapshots(had: number): Promise<boolean> {
    return await giveSnapshots({
      count: this.session.snapshots,
      had,
      next: (after) => this.#nextGuilds(after),
      give: (body) => {
        const s = this.#numbers.next();
        this.#sink.give(guildCreate(s, body), s);
        this.#world.sessions.sent(this.session, this.#numbers.cursor);
      },
      taken: () => this.#sink.taken(),
      isOver: () => this.#isOver,
    });
  }

  async #nextGuilds(after: number): Promise<GuildsPiece | null> {
    const piece = this.#piece;
    this.#piece = null;
    if (piece) return piece;
    const { shard, terms } = this.session;
    const question = { cursor: eventsAfter(this.session), terms, after, limitBytes: PIECE_BYTES };
    return await this.#world.guilds?.(shard, question) ?? null;
  }

  #take(record: EventRecord, repeats = 0): void {
    if (this.#isOver) return;
    const { sessions } = this.#world;
    this.#sink.came(record.body.length);
    if (repeats > 0) this.#markMore(record.cursor, record.cursor + repeats - 1);
    for (const { payload, s } of this.#read(record)) this.#sink.give(payload, s);
    sessions.sent(this.session, this.#numbers.cursor);
    // What is no event asks for no heartbeat: it may be all that comes for long.
    if (isSilent(record) && this.isSettled) {
      sessions.passedBy(this.session, this.#numbers.received);
    }
    if (this.#numbers.knowsGuilds && !this.session.knowsGuilds) sessions.toldOfGuilds(this.session);
    this.#resumedIfDue();
  }

  /** Any client would choke on what is no event, and on nothing else: it would come again for ever. */
  #read(record: EventRecord): readonly Numbered[] {
    try {
      return this.#numbers.take(record);
    } catch (error) {
      const { shardId, cursor } = record;
      const about = { shardId, cursor, error: messageOf(error) };
      this.#world.log.error(
        "event cannot be read, its consumer is told that it is missing",
        about,
      );
      return this.#numbers.missing(record);
    }
  }

  /** Says what of what follows may have come to a session before this one. */
  #markRepeats(): void {
    const { repeatsTo, base, shard } = this.session;
    const { s } = this;
    const from = Math.max(s, this.session.snapshots + 1) + 1;
    const to = repeatsTo - base;
    if (to >= from) this.#sink.give(repeat(s, { shard: shard.id, from, to }), s);
  }

  /** Says the same of a part of what follows, unless that was said. */
  #markMore(from: number, to: number): void {
    if (from <= Math.max(this.#markedTo, this.#numbers.received)) return;
    this.#markedTo = to;
    const { shard, base } = this.session;
    const range = { shard: shard.id, from: from - base, to: to - base };
    this.#sink.give(repeat(this.s, range), this.s);
  }

  #resumedIfDue(): void {
    if (this.#replayTo === null || this.#numbers.received < this.#replayTo) return;
    this.#replayTo = null;
    this.#sink.give(resumed(this.s), this.s);
  }
}

/** Whether a record only says what has become of guilds that move between shards. */
function isSilent({ kind }: EventRecord): boolean {
  return kind === RECORD.MOVED || kind === RECORD.SERVED;
}

function numbersOf(
  session: DownstreamSession,
  { had, backlog }: StreamStart,
  ofShard: number,
): DownstreamNumbers {
  const { base, botId, knowsGuilds, terms: { intents } } = session;
  const view = viewFor(intents, ofShard, botId);
  const seesGuilds = (intents & INTENTS.GUILDS) !== 0;
  const numbering = { base, from: eventsAfter(session), view, seesGuilds };
  return new DownstreamNumbers(numbering, had, backlog.acknowledged, knowsGuilds);
}

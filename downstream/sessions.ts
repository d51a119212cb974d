/**
 * The sessions of clients on `/gateway`: who has which shard, from which number on, and how long a
 * session waits for its client. They survive a restart of ours.
 *
 * A shard has one session at most, and one more for each who reads it beside its bot; a session that nobody
 * resumes in time ends. What the sessions of a shard were given outlives them: the next one begins after what
 * was received, and knows what may come to it a second time.
 *
 * @module
 */

import type { Cancel, Clock } from "../ports/clock.ts";
import {
  type Seat,
  seatText,
  type ShardKey,
  type ShardKeyText,
  shardKeyText,
} from "../protocol/ids.ts";
import { isRecord } from "../protocol/record.ts";
import {
  type DownstreamSession,
  eventsAfter,
  type Given,
  parseGiven,
  parseSession,
  SENT_AHEAD,
  WHOLE_TERMS,
} from "./session.ts";

/** How long a session waits for its client, unless told otherwise. */
export const CONSUMER_SESSION_TTL_MS = 600_000;
/** What a session begins with. */
export interface Beginning
  extends Partial<Pick<DownstreamSession, "snapshots" | "terms" | "knowsGuilds" | "botId">> {
  /** Its events are those after this cursor: see {@linkcode DownstreamSessions.beginsAfter}. */
  readonly from: number;
}

/** What is written down. */
export interface SavedDownstreamSessions {
  /** Name of the numbering that the cursors belong to. */
  readonly stream: string;
  readonly sessions: readonly Omit<DownstreamSession, "sent">[];
  readonly given: readonly Given[];
}

/** What {@linkcode DownstreamSessions} works with. */
export interface DownstreamSessionsOptions {
  readonly clock: Clock;
  /** Name of the numbering that cursors belong to: sessions of another one are not taken over. */
  readonly stream: string;
  /** Shards of ours that are behind a seat now. */
  readonly shardsOf: (seat: Seat) => readonly ShardKey[] | null;
  /** How long a session waits for its client; default 10 minutes. */
  readonly ttlMs?: number;
  /** An unguessable name for a session. */
  readonly newId: () => string;
  /** Called after each change that is worth writing down. */
  readonly changed: () => void;
  /** Nobody resumed the session of this shard in time. */
  readonly expired: (shard: Seat) => void;
  /** It is written down that a client needs nothing up to this cursor. */
  readonly done: (shard: Seat, cursor: number) => void;
}

/** All sessions of a unit. */
export class DownstreamSessions {
  readonly #options: DownstreamSessionsOptions;
  readonly #byShard = new Map<string, DownstreamSession>();
  readonly #given = new Map<string, Given>();
  readonly #expiries = new Map<DownstreamSession, Cancel>();

  constructor(options: DownstreamSessionsOptions) {
    this.#options = options;
  }

  /** The session with this id. */
  find(sessionId: string): DownstreamSession | undefined {
    for (const session of this.#byShard.values()) {
      if (session.sessionId === sessionId) return session;
    }
    return undefined;
  }

  /** All that go on. */
  get all(): DownstreamSession[] {
    return [...this.#byShard.values()];
  }

  /** No cursor above it was sent to sessions of a shard, as far as is written down. */
  highest(shard: Seat): number {
    const { sentAtMost = 0 } = this.ofShard(shard) ?? {};
    return Math.max(sentAtMost, this.#given.get(seatText(shard))?.sent ?? 0);
  }

  /** The session that has this shard. */
  ofShard(shard: Seat): DownstreamSession | undefined {
    return this.#byShard.get(seatText(shard));
  }

  /**
   * The cursor after which the next session of a shard begins: what the sessions before it have received
   * does not come again.
   *
   * @param acknowledged Somebody is done with everything up to this cursor.
   */
  beginsAfter(shard: Seat, acknowledged: number): number {
    return Math.max(acknowledged, this.#given.get(seatText(shard))?.received ?? 0);
  }

  /** Begins a session, which has a connection; one that had the shard before ends. */
  begin(
    shard: Seat,
    { from, snapshots = 0, terms = WHOLE_TERMS, knowsGuilds = false, botId = null }: Beginning,
  ): DownstreamSession {
    const key = seatText(shard);
    const older = this.ofShard(shard);
    if (older) this.end(older);
    const base = from - 1 - snapshots;
    const session = {
      sessionId: this.#options.newId(),
      shard,
      shards: this.#shardsOf(shard),
      base,
      snapshots,
      terms,
      botId,
      repeatsTo: Math.max(from, this.#given.get(key)?.sent ?? 0),
      acknowledged: from,
      doneTo: from,
      knowsGuilds,
      received: from,
      // READY.
      sent: base + 1,
      sentAtMost: from + SENT_AHEAD,
      detachedAtMs: null,
    };
    this.#byShard.set(key, session);
    this.#options.changed();
    return session;
  }

  /** Whether the shards behind a session, or what was given of some, are others by now. */
  isMoved({ shard, shards }: Pick<DownstreamSession, "shard" | "shards">): boolean {
    return this.#shardsOf(shard).join() !== shards.join();
  }

  /**
   * The session goes on over the shards that are behind its seat now. Everything that it was given must be dealt
   * with; guilds that it began with cannot be had any more.
   *
   * @param from Its events are those after this cursor, and have higher numbers than what it was given; `null`:
   * their cursors follow those of before.
   */
  move(session: DownstreamSession, from: number | null): void {
    session.shards = this.#shardsOf(session.shard);
    session.snapshots = 0;
    this.#given.delete(seatText(session.shard));
    if (from !== null) this.#rebase(session, from);
    this.#options.changed();
  }

  #rebase(session: DownstreamSession, from: number): void {
    const { sent, sentAtMost, doneTo, acknowledged } = session;
    const by = from - Math.max(sent ?? sentAtMost, doneTo, acknowledged);
    session.base += by;
    session.acknowledged += by;
    session.repeatsTo =
      session.doneTo =
      session.received =
      session.sent =
        from;
    session.sentAtMost = from + SENT_AHEAD;
  }

  /** What sessions that are over were given by shards that are not behind their seats any more counts no more. */
  forgetMoved(): void {
    for (const [key, given] of this.#given) if (this.isMoved(given)) this.#given.delete(key);
  }

  #shardsOf(seat: Seat): ShardKeyText[] {
    return (this.#options.shardsOf(seat) ?? []).map(shardKeyText);
  }

  /** Whether the session goes on, and has a connection. */
  hasClient(session: DownstreamSession): boolean {
    return this.ofShard(session.shard) === session && session.detachedAtMs === null;
  }

  /** The client is back, and has everything up to `cursor`, where that is an event's, and nothing else. */
  attach(session: DownstreamSession, cursor: number): void {
    this.#expiries.get(session)?.();
    this.#expiries.delete(session);
    session.detachedAtMs = null;
    session.received = Math.max(cursor, eventsAfter(session));
    this.#options.changed();
  }

  /** The client is gone: the session waits for it. */
  detach(session: DownstreamSession): void {
    session.sentAtMost = session.sent ?? session.sentAtMost;
    this.#wait(session, this.#options.clock.epochMs());
    this.#options.changed();
  }

  /** Everything up to `cursor` was sent. Called for every event. */
  sent(session: DownstreamSession, cursor: number): void {
    if (session.sent !== null && cursor <= session.sent) return;
    session.sent = cursor;
    if (cursor <= session.sentAtMost - SENT_AHEAD / 2) return;
    session.sentAtMost = cursor + SENT_AHEAD;
    this.#options.changed();
  }

  /** The client has everything up to `cursor`. */
  acknowledge(session: DownstreamSession, cursor: number): void {
    if (cursor <= session.acknowledged) return;
    session.acknowledged = cursor;
    session.received = Math.max(session.received, cursor);
    this.#options.changed();
  }

  /**
   * The client has all that was given to it, and what else came up to `cursor` was not for it. So that a
   * RESUME with its number is known for what it is, whatever becomes of us, this counts once it is written
   * down ({@linkcode DownstreamSessions.written}).
   */
  passedBy(session: DownstreamSession, cursor: number): void {
    if (cursor <= session.doneTo) return;
    session.doneTo = cursor;
    this.#options.changed();
  }

  /** What a client has passed by is told again, once it is written down. */
  tellAgain({ doneTo, acknowledged }: DownstreamSession): void {
    if (doneTo > acknowledged) this.#options.changed();
  }

  /** The client has had guilds. */
  toldOfGuilds(session: DownstreamSession): void {
    session.knowsGuilds = true;
    this.#options.changed();
  }

  /**
   * The client has everything up to `cursor`, by how its connection ended: a session after this one
   * begins there. Also of a session that is over.
   */
  received(session: DownstreamSession, cursor: number): void {
    if (cursor <= session.received) return;
    session.received = cursor;
    if (this.ofShard(session.shard) !== session) this.#give(session);
    this.#options.changed();
  }

  /** The session is over. */
  end(session: DownstreamSession): void {
    this.#expiries.get(session)?.();
    this.#expiries.delete(session);
    if (this.ofShard(session.shard) !== session) return;
    this.#byShard.delete(seatText(session.shard));
    this.#give(session);
    this.#options.changed();
  }

  /** Everything, to be written down. */
  save(): SavedDownstreamSessions {
    const { stream } = this.#options;
    const sessions = [...this.#byShard.values()].map(({ sent: _, ...session }) => session);
    return { stream, sessions, given: [...this.#given.values()] };
  }

  /** What {@linkcode DownstreamSessions.save} gave is written down. */
  written({ sessions }: SavedDownstreamSessions): void {
    for (const { sessionId, shard, shards, acknowledged, doneTo } of sessions) {
      // Of one that has moved meanwhile those are cursors of other shards.
      const isSame = this.find(sessionId)?.shards === shards;
      if (doneTo > acknowledged && isSame) this.#options.done(shard, doneTo);
    }
  }

  /**
   * Takes over what an earlier life of the unit wrote down. Sessions of another numbering, of shards
   * that are not ours, or others than those behind their seats, and those whose time is up, are left out.
   * Every one that is left waits for its client.
   *
   * @param fits Whether this unit runs the shard.
   * @returns The shards that have a session now.
   */
  load(saved: unknown, fits: (shard: Seat) => boolean): Seat[] {
    const { stream, clock, ttlMs = CONSUMER_SESSION_TTL_MS } = this.#options;
    if (!isRecord(saved) || !Array.isArray(saved.sessions)) return [];
    if (saved.stream !== stream) return [];
    const shardsOf = (seat: Seat) => this.#shardsOf(seat);
    for (const value of Array.isArray(saved.given) ? saved.given : []) {
      const given = parseGiven(value, shardsOf);
      if (given) this.#given.set(seatText(given.shard), given);
    }
    this.forgetMoved();
    for (const value of saved.sessions) {
      const session = parseSession(value, shardsOf, saved.totalShards);
      if (!session || !fits(session.shard) || this.ofShard(session.shard)) continue;
      if (this.isMoved(session)) continue;
      // One that had a connection lost it with us.
      const sinceMs = session.detachedAtMs ?? clock.epochMs();
      if (clock.epochMs() - sinceMs >= ttlMs) {
        this.#give(session);
        continue;
      }
      this.#byShard.set(seatText(session.shard), session);
      this.#wait(session, sinceMs);
    }
    return [...this.#byShard.values()].map(({ shard }) => shard);
  }

  /** Stops waiting; sessions stay as they are. */
  stop(): void {
    for (const cancel of this.#expiries.values()) cancel();
    this.#expiries.clear();
  }

  #wait(session: DownstreamSession, sinceMs: number): void {
    const { clock, ttlMs = CONSUMER_SESSION_TTL_MS, expired } = this.#options;
    session.detachedAtMs = sinceMs;
    this.#expiries.get(session)?.();
    // A wall clock that was set back must not make it wait for longer.
    const leftMs = Math.min(ttlMs, sinceMs + ttlMs - clock.epochMs());
    const cancel = clock.after(leftMs, () => {
      this.end(session);
      expired(session.shard);
    });
    this.#expiries.set(session, cancel);
  }

  #give({ shard, shards, received, sent, sentAtMost }: DownstreamSession): void {
    const before = this.#given.get(seatText(shard));
    this.#given.set(seatText(shard), {
      shard,
      shards,
      received: Math.max(before?.received ?? 0, received),
      sent: Math.max(before?.sent ?? 0, sent ?? sentAtMost),
    });
  }
}

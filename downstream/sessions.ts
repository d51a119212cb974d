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
import { ALL_INTENTS } from "../protocol/discord/intents.ts";
import type { GuildTerms } from "../protocol/guild_pieces.ts";
import { READER_NAME, type Seat, seatText } from "../protocol/ids.ts";
import { isCount, isRecord } from "../protocol/record.ts";

/** How long a session waits for its client, unless told otherwise. */
export const CONSUMER_SESSION_TTL_MS = 600_000;
/**
 * So many cursors are written down as sent before they are, so that a unit that is killed knows what
 * it may have sent. Half of it is left when more are written down.
 */
export const SENT_AHEAD = 1_000;

/** A session of a client. */
export interface DownstreamSession {
  readonly sessionId: string;
  readonly shard: Seat;
  /** A cursor is its number plus this: READY is 1, and {@linkcode eventsAfter} is the last number before the events. */
  readonly base: number;
  /** So many guilds, each with its number, stand between READY and the events. */
  readonly snapshots: number;
  /** What the client is to see. */
  readonly terms: GuildTerms;
  /** The bot's user; `null` where it is not known. */
  readonly botId: string | null;
  /** Events up to this cursor may have been sent to a session before this one. */
  readonly repeatsTo: number;
  /** The client has every event up to this cursor. */
  acknowledged: number;
  /** What came up to this cursor is acknowledged as soon as this is written down: above `acknowledged` nothing was for the client. */
  doneTo: number;
  /** Whether it has had guilds: those that it began with, or those of a session of its shard since. */
  knowsGuilds: boolean;
  /** The client said by how it closed that it has everything up to here: a session after this one begins there. */
  received: number;
  /** Highest cursor that was sent; `null` where it is not known, because we were started since. */
  sent: number | null;
  /** Nothing above this cursor was sent, as far as is written down. */
  sentAtMost: number;
  /** When its connection was lost, ms since the Unix epoch; `null` while it has one. */
  detachedAtMs: number | null;
}

/** What a session begins with. */
export interface Beginning
  extends Partial<Pick<DownstreamSession, "snapshots" | "terms" | "knowsGuilds" | "botId">> {
  /** Its events are those after this cursor: see {@linkcode DownstreamSessions.beginsAfter}. */
  readonly from: number;
}

/** The events of a session are those after this cursor, which is also that of the last guild before them. */
export function eventsAfter({ base, snapshots }: DownstreamSession): number {
  return base + 1 + snapshots;
}

/** What everybody gets who was not asked. */
export const WHOLE_TERMS: GuildTerms = { intents: ALL_INTENTS, largeThreshold: 50 };

/** What the clients of a shard were given by sessions that are over. */
export interface Given extends Pick<DownstreamSession, "shard" | "received"> {
  /** Highest cursor that may have been sent. */
  readonly sent: number;
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
    for (const { sessionId, shard, acknowledged, doneTo } of sessions) {
      if (doneTo > acknowledged && this.find(sessionId)) this.#options.done(shard, doneTo);
    }
  }

  /**
   * Takes over what an earlier life of the unit wrote down. Sessions of another numbering, of shards
   * that are not ours, and those whose time is up, are left out. Every one that is left waits for its
   * client.
   *
   * @param fits Whether this unit runs the shard.
   * @returns The shards that have a session now.
   */
  load(saved: unknown, fits: (shard: Seat) => boolean): Seat[] {
    const { stream, clock, ttlMs = CONSUMER_SESSION_TTL_MS } = this.#options;
    if (!isRecord(saved) || !Array.isArray(saved.sessions)) return [];
    if (saved.stream !== stream) return [];
    const given = Array.isArray(saved.given) ? saved.given.filter(isGiven) : [];
    for (const each of given) this.#given.set(seatText(each.shard), each);
    for (const session of saved.sessions.map((value) => parseSession(value, saved.totalShards))) {
      if (!session || !fits(session.shard) || this.ofShard(session.shard)) continue;
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

  #give({ shard, received, sent, sentAtMost }: DownstreamSession): void {
    const before = this.#given.get(seatText(shard));
    this.#given.set(seatText(shard), {
      shard,
      received: Math.max(before?.received ?? 0, received),
      sent: Math.max(before?.sent ?? 0, sent ?? sentAtMost),
    });
  }
}

/** @param totalShards What earlier versions said once for all sessions, which named only their shard's id. */
function parseSession(value: unknown, totalShards: unknown): DownstreamSession | undefined {
  if (!isRecord(value)) return undefined;
  const { sessionId, base, acknowledged, detachedAtMs } = value;
  const shard = value.shard ?? { total: totalShards, id: value.shardId };
  if (typeof sessionId !== "string") return undefined;
  if (!isSeat(shard)) return undefined;
  // The base is below 0 for a session that began before any event.
  if (![base, acknowledged].every(Number.isSafeInteger)) return undefined;
  if (detachedAtMs !== null && typeof detachedAtMs !== "number") return undefined;
  // A file of an earlier version does not say how far its session had come.
  const { received, sentAtMost, repeatsTo, snapshots, terms, botId, doneTo, knowsGuilds } = value;
  return {
    sessionId,
    shard,
    base: base as number,
    // Nor does it know of guilds before the events, or of less than everything.
    snapshots: isCount(snapshots) ? snapshots : 0,
    terms: isTerms(terms) ? terms : WHOLE_TERMS,
    botId: typeof botId === "string" ? botId : null,
    doneTo: isCount(doneTo) ? doneTo : acknowledged as number,
    knowsGuilds: knowsGuilds === true,
    repeatsTo: isCount(repeatsTo) ? repeatsTo : 0,
    acknowledged: acknowledged as number,
    received: isCount(received) ? received : acknowledged as number,
    sent: null,
    sentAtMost: isCount(sentAtMost) ? sentAtMost : acknowledged as number + SENT_AHEAD,
    detachedAtMs,
  };
}

function isGiven(value: unknown): value is Given {
  return isRecord(value) && isSeat(value.shard) && [value.received, value.sent].every(isCount);
}

function isTerms(value: unknown): value is GuildTerms {
  return isRecord(value) && isCount(value.intents) && isCount(value.largeThreshold);
}

function isSeat(value: unknown): value is Seat {
  if (!isRecord(value) || !isCount(value.total) || !isCount(value.id)) return false;
  const { reader } = value;
  return reader === undefined || typeof reader === "string" && READER_NAME.test(reader);
}

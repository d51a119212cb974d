/**
 * A shard's estate: all that is known of one shard beside its events, and all that whoever runs it
 * next has to be given. One value, replaced as a whole and never changed, so that its parts cannot
 * be of different moments: the point to resume from is never newer than the guilds beside it.
 *
 * @module
 */

import { GATEWAY_URL, sequenceOf, SESSION_ID } from "./discord/field.ts";
import type { ReadyFacts } from "./discord/gateway_frame.ts";
import { isPresence, type Presence } from "./discord/presence.ts";
import { parseSavedGuilds, type SavedGuilds } from "./discord/guild_note.ts";
import { INTERACTION_TOKEN_MS, type InteractionMark } from "./discord/interaction.ts";
import { READER_NAME } from "./ids.ts";
import { isCount, isRecord } from "./record.ts";

/** Cursors that a shard may have given out since it was last heard of: far more than in a second. */
const UNHEARD_CURSORS = 2 ** 20;
/**
 * Between what shards of an id have given out and the first cursor of one that comes up beside them: they go
 * on, for days perhaps, and are not to catch up.
 */
const BESIDE_CURSORS = 2 ** 32;
/** The most that one is believed to be: records have 48 bits for it, and no shard comes near half of that. */
export const MOST_CURSOR: number = 2 ** 47;

/**
 * Where a session can be picked up again. All of it is kept and replaced together.
 *
 * `seq` is that of the last event **acknowledged by the bot**, not of the last received: Discord
 * replays what the bot has not confirmed. The cursor of an event is `base + s`, so that a replayed
 * event has the cursor that it had before. See "Sequence numbers" in `docs/protocols.md`.
 */
export interface SessionPoint {
  readonly shardId: number;
  readonly totalShards: number;
  /** Those that it was identified with. */
  readonly intents: number;
  /** Those that were wanted, where Discord refused some. */
  readonly wanted?: number;
  readonly sessionId: string;
  /** Host to resume on, as READY gave it (no query); `null`: the one where sessions begin. */
  readonly resumeUrl: string | null;
  /** Sequence number to resume after. */
  readonly seq: number;
  /** What is added to `s` to make an event's cursor. */
  readonly base: number;
  /** When it began, ms since the Unix epoch. Default: it is not known. */
  readonly beganAtMs?: number;
}

/** An interaction that was responded to in the bot's place. */
export interface AnswerMark {
  /** Of its event. */
  readonly cursor: number;
  readonly mark: InteractionMark;
  /** When, in wall-clock ms. */
  readonly atMs: number;
}

/** What is known of a shard. */
export interface Estate {
  /** Where it can be picked up; `null`: it has no session. */
  readonly session: SessionPoint | null;
  /** No cursor above it was given out, as far as is known; `null`: it never had a session, so none was. */
  readonly highest: number | null;
  /** The bot is done with everything up to this cursor. */
  readonly acknowledged: number;
  /** Who reads the shard beside the bot, by name: up to which cursor each is done with everything. */
  readonly readers: Readonly<Record<string, number>>;
  /** The guilds of the session, as of its point; `null` where they are not known. */
  readonly guilds: SavedGuilds | null;
  /** Responses whose events the bot has not dealt with, oldest first. */
  readonly marks: readonly AnswerMark[];
  /** What the last READY told of the bot; `null` before the first. */
  readonly facts: ReadyFacts | null;
  /** What the bot has set last; `null`: nothing. */
  readonly presence: Presence | null;
}

/** The estate of a shard that never lived. */
export const NO_ESTATE: Estate = {
  session: null,
  highest: null,
  acknowledged: 0,
  readers: {},
  guilds: null,
  marks: [],
  facts: null,
  presence: null,
};

/** What a shard's queue says is safe. */
export interface SafeEvents {
  /** The bot is done with everything up to this cursor. */
  readonly acknowledged?: number | undefined;
  /**
   * Up to this cursor nobody needs anything of Discord again: bot and readers are done with it, or have it
   * on disk. Default: `acknowledged`.
   */
  readonly safe?: number | undefined;
  /** The guilds as of `safe`, where they have changed. */
  readonly guilds?: SavedGuilds | undefined;
  /** All readers beside the bot, and how far each has come. */
  readonly readers?: Readonly<Record<string, number>> | undefined;
}

/**
 * A session as READY began it. Nothing of it is acknowledged yet: its `seq` is 0. One that cannot be
 * resumed is `null`.
 */
export interface BegunSession {
  readonly session: SessionPoint | null;
  readonly facts: ReadyFacts;
}

/** A session that began at `beganAtMs`. */
export function begunAt(began: BegunSession, beganAtMs: number): BegunSession {
  return { ...began, session: began.session && { ...began.session, beganAtMs } };
}

/** A session began, or is gone (`null`); cursors go on growing. */
export function withSession(estate: Estate, began: BegunSession | null): Estate {
  const highest = Math.max(estate.highest ?? 0, began?.session?.base ?? 0);
  return { ...estate, session: null, ...began, highest };
}

/** Events are safe: Discord need not replay them. What was known does not go back. */
export function withSafe(
  estate: Estate,
  { acknowledged = 0, safe: cursor = acknowledged, guilds, readers }: SafeEvents,
): Estate {
  const { session, marks } = estate;
  return {
    ...estate,
    session: session && resumedAfter(session, cursor - session.base),
    highest: Math.max(estate.highest ?? 0, cursor, acknowledged),
    acknowledged: Math.max(estate.acknowledged, acknowledged),
    readers: readers ?? estate.readers,
    guilds: guilds ?? estate.guilds,
    marks: kept(marks, (each) => each.cursor > acknowledged),
  };
}

/** The shard has given out cursors up to this one. */
export function withCursor(estate: Estate, cursor: number): Estate {
  return cursor > (estate.highest ?? 0) ? { ...estate, highest: cursor } : estate;
}

/** An interaction was responded to; nothing to remember where the bot has dealt with it meanwhile. */
export function withMark(estate: Estate, mark: AnswerMark): Estate {
  if (mark.cursor <= estate.acknowledged) return estate;
  // A mark is of no use once the interaction's token is dead.
  const alive = kept(estate.marks, ({ atMs }) => atMs > mark.atMs - INTERACTION_TOKEN_MS);
  return { ...estate, marks: [...alive, mark] };
}

/** The bot has set a presence. */
export function withPresence(estate: Estate, presence: Presence | null): Estate {
  return { ...estate, presence };
}

/**
 * What a shard of another total leaves to the one of its id that comes after it: cursors must grow, who
 * reads has not read all, and the bot shows itself as it did.
 */
export function heirOf({ highest, acknowledged, readers, marks, presence }: Estate): Estate {
  return { ...NO_ESTATE, highest, acknowledged, readers, marks, presence };
}

/**
 * The estate of a shard that comes up beside those that have its guilds now: who reads them reads it, too, from
 * its beginning, and the bot shows itself as it does there. One that has come up already stays as it is, and
 * gets the readers that have come since.
 *
 * @param own What it has left; `null`: nothing, or it was given up.
 * @param highest No cursor above it was given out under its id, by whichever total; `null`: none was.
 */
export function besideOf(
  own: Estate | null,
  highest: number | null,
  parents: readonly Estate[],
): Estate {
  // Above 0 in any case: only then a GAP tells, where they have stopped, that it was not there before.
  const first = parents.length === 0 ? null : 0;
  const reached = highest === null ? first : highest + BESIDE_CURSORS;
  const begun = { ...NO_ESTATE, highest: reached, acknowledged: reached ?? 0 };
  const from = own === null ? cursorFloor(begun) : own.highest ?? 0;
  const names = parents.flatMap(({ readers }) => Object.keys(readers));
  const readers = Object.fromEntries(names.map((name) => [name, from]));
  const presence = parents.find((parent) => parent.presence !== null)?.presence ?? null;
  if (own === null) return { ...begun, readers, presence };
  return { ...own, readers: { ...readers, ...own.readers } };
}

/** Cursors of a new session start above it; 0 for a shard that never lived. */
export function cursorFloor({ highest }: Estate): number {
  return highest === null ? 0 : highest + UNHEARD_CURSORS;
}

/** A session that is to be resumed after `seq`, where that is not behind. */
export function resumedAfter(session: SessionPoint, seq: number): SessionPoint {
  return seq > session.seq ? { ...session, seq } : session;
}

/**
 * Whether a saved point can be resumed by this shard: same count, and the same intents wanted. A session
 * that lacks some, because Discord refused them, goes on unless `isWhole` is asked for.
 */
export function canResume(
  point: SessionPoint,
  shard: { shardId: number; totalShards: number; intents: number; isWhole?: boolean },
): boolean {
  const intents = shard.isWhole ? point.intents : point.wanted ?? point.intents;
  return point.shardId === shard.shardId && point.totalShards === shard.totalShards &&
    intents === shard.intents;
}

/**
 * A point read from outside; `undefined` where the session cannot be resumed by it. Without a usable
 * host it is resumed where sessions begin.
 */
export function parseSessionPoint(value: unknown): SessionPoint | undefined {
  if (!isRecord(value)) return undefined;
  const { shardId, totalShards, intents, wanted, sessionId, resumeUrl, seq, base, beganAtMs } =
    value;
  if (![shardId, totalShards, intents].every(isCount) || !SESSION_ID.isOne(sessionId)) {
    return undefined;
  }
  if (sequenceOf(seq) === null || !isCursor(base)) return undefined;
  if (!isCursor(base + Number(seq))) return undefined;
  const host = GATEWAY_URL.isOne(resumeUrl) ? resumeUrl : null;
  const point = { shardId, totalShards, intents, sessionId, resumeUrl: host, seq, base };
  return {
    ...point,
    ...isCount(wanted) && { wanted },
    ...isCount(beganAtMs) && { beganAtMs },
  } as SessionPoint;
}

/** An estate read from outside. What is not what it should be is left out: it lived, at any rate. */
export function parseEstate(value: unknown): Estate {
  const { session, highest, acknowledged, readers, guilds, marks, facts, presence } =
    isRecord(value) ? value : {};
  return {
    session: parseSessionPoint(session) ?? null,
    highest: isCursor(highest) ? highest : 0,
    acknowledged: isCursor(acknowledged) ? acknowledged : 0,
    readers: parseReaders(readers),
    guilds: parseSavedGuilds(guilds),
    marks: Array.isArray(marks) ? marks.filter(isAnswerMark) : [],
    facts: isReadyFacts(facts) ? facts : null,
    presence: isPresence(presence) ? presence : null,
  };
}

/**
 * An estate whose parts were written at different times, or by nobody knows whom, made one: cursors
 * that were given out stay given out, and its session is the newest that it knows of.
 */
export function joined(estate: Estate): Estate {
  const { session, acknowledged } = estate;
  const reached = session ? session.base + session.seq : 0;
  return {
    ...estate,
    session: session && isNewest(session, acknowledged) ? session : null,
    highest: Math.max(estate.highest ?? 0, acknowledged, reached),
  };
}

/**
 * Whether a cursor that was given out can be of this session, or of one before it. Of a session that
 * another has followed the events to come would seem to have come before.
 */
export function isNewest({ base, seq }: SessionPoint, cursor: number): boolean {
  return cursor <= base + seq + UNHEARD_CURSORS;
}

/** Whether it is a cursor above which there is room for every session to come. */
export function isCursor(value: unknown): value is number {
  return isCount(value) && value <= MOST_CURSOR;
}

function isAnswerMark(value: unknown): value is AnswerMark {
  const { cursor, mark, atMs } = isRecord(value) ? value : {};
  return isCount(cursor) && Number.isFinite(atMs) && (mark === "deferred" || mark === "answered");
}

function parseReaders(value: unknown): Record<string, number> {
  const readers = Object.entries(isRecord(value) ? value : {});
  return Object.fromEntries(
    readers.filter(([name, at]) => READER_NAME.test(name) && isCursor(at)),
  ) as Record<string, number>;
}

function isReadyFacts(value: unknown): value is ReadyFacts {
  return isRecord(value) && Array.isArray(value.guildIds) &&
    value.guildIds.every((id) => typeof id === "string");
}

/** The same list where nothing is taken out: who looks for changes finds none. */
function kept(
  marks: readonly AnswerMark[],
  isKept: (mark: AnswerMark) => boolean,
): readonly AnswerMark[] {
  return marks.every(isKept) ? marks : marks.filter(isKept);
}

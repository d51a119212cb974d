/**
 * What a session of a client on `/gateway` is, and how one is read that was written down.
 *
 * @module
 */

import { ALL_INTENTS } from "../protocol/discord/intents.ts";
import type { GuildTerms } from "../protocol/guild_pieces.ts";
import { parseShardKey, READER_NAME, type Seat, type ShardKeyText } from "../protocol/ids.ts";
import { isCount, isRecord } from "../protocol/record.ts";

/**
 * So many cursors are written down as sent before they are, so that a unit that is killed knows what
 * it may have sent. Half of it is left when more are written down.
 */
export const SENT_AHEAD = 1_000;

/** A session of a client. */
export interface DownstreamSession {
  readonly sessionId: string;
  readonly shard: Seat;
  /** Shards of ours whose events it has. */
  shards: readonly ShardKeyText[];
  /** A cursor is its number plus this: READY is 1, and {@linkcode eventsAfter} is the last number before the events. */
  base: number;
  /** So many guilds, each with its number, stand between READY and the events. */
  snapshots: number;
  /** What the client is to see. */
  readonly terms: GuildTerms;
  /** The bot's user; `null` where it is not known. */
  readonly botId: string | null;
  /** Events up to this cursor may have been sent to a session before this one. */
  repeatsTo: number;
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

/** The events of a session are those after this cursor, which is also that of the last guild before them. */
export function eventsAfter({ base, snapshots }: DownstreamSession): number {
  return base + 1 + snapshots;
}

/** What everybody gets who was not asked. */
export const WHOLE_TERMS: GuildTerms = { intents: ALL_INTENTS, largeThreshold: 50 };

/** What the clients of a shard were given by sessions that are over. */
export interface Given extends Pick<DownstreamSession, "shard" | "shards" | "received"> {
  /** Highest cursor that may have been sent. */
  readonly sent: number;
}

/** The shards of ours behind a seat. */
type ShardsOf = (seat: Seat) => readonly ShardKeyText[];

/**
 * A session read from outside; `undefined` where it is none.
 *
 * @param shardsOf Of one of an earlier version, which did not say it: there was one total.
 * @param totalShards What earlier versions said once for all sessions, which named only their shard's id.
 */
export function parseSession(
  value: unknown,
  shardsOf: ShardsOf,
  totalShards?: unknown,
): DownstreamSession | undefined {
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
    shards: parseShards(value.shards) ?? shardsOf(shard),
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

/** What clients were given, read from outside as {@linkcode parseSession} reads; `undefined` where it is none. */
export function parseGiven(value: unknown, shardsOf: ShardsOf): Given | undefined {
  if (!isRecord(value) || !isSeat(value.shard)) return undefined;
  const { shard, shards, received, sent } = value;
  if (!isCount(received) || !isCount(sent)) return undefined;
  return { shard, shards: parseShards(shards) ?? shardsOf(shard), received, sent };
}

function parseShards(value: unknown): ShardKeyText[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return value.filter((each): each is ShardKeyText =>
    typeof each === "string" && parseShardKey(each) !== undefined
  );
}

function isTerms(value: unknown): value is GuildTerms {
  return isRecord(value) && isCount(value.intents) && isCount(value.largeThreshold);
}

function isSeat(value: unknown): value is Seat {
  if (!isRecord(value) || !isCount(value.total) || !isCount(value.id)) return false;
  const { reader } = value;
  return reader === undefined || typeof reader === "string" && READER_NAME.test(reader);
}

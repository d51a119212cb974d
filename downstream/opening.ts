/**
 * How a session begins that an IDENTIFY is granted: its shard is held, what READY tells is waited for,
 * and its guilds are asked for as of the event that it begins after.
 *
 * @module
 */

import { type Seat, seatFields } from "../protocol/ids.ts";
import type { GuildsPiece, GuildTerms } from "../protocol/guild_pieces.ts";
import type { ReadyFacts } from "../protocol/discord/gateway_frame.ts";
import { INTENTS } from "../protocol/discord/intents.ts";
import { isRecord } from "../protocol/record.ts";
import type { DownstreamSession } from "./session.ts";
import type { DownstreamSessions } from "./sessions.ts";
import { PIECE_BYTES } from "./snapshots.ts";
import type { StreamStart } from "./stream.ts";
import type { Granted } from "./terms.ts";
import type { DownstreamWorld } from "./world.ts";

/** How long an IDENTIFY waits for its shard to be ready before it is answered with op 9. */
export const FACTS_DEADLINE_MS = 30_000;

/** What opening a session takes. */
export interface OpeningWorld
  extends Pick<DownstreamWorld, "clock" | "log" | "events" | "facts" | "guilds"> {
  readonly sessions: DownstreamSessions;
}

/** A session that has begun. */
export interface Opening {
  readonly session: DownstreamSession;
  /** What its stream begins with. */
  readonly start: StreamStart;
  /** What READY tells. */
  readonly facts: ReadyFacts;
}

/**
 * Begins a session for a seat; the one that had it ends at once.
 *
 * @param answered Resolves when what the client before has received is known.
 * @param isOver Whether the connection is gone meanwhile: then nothing begins.
 * @returns `null` where nothing began, because it is over or the shard is not ready for too long.
 * @throws When the shard cannot be reached now.
 */
export async function openSession(
  world: OpeningWorld,
  { seat, seen }: Pick<Granted, "seat" | "seen">,
  answered: Promise<void>,
  isOver: () => boolean,
): Promise<Opening | null> {
  const { sessions, events } = world;
  const older = sessions.ofShard(seat);
  if (older) sessions.end(older);
  const [backlog] = await Promise.all([events.hold(seat), answered]);
  const facts = isOver() ? null : await factsOf(world, seat);
  if (!facts || isOver()) return null;
  const from = sessions.beginsAfter(seat, backlog.acknowledged);
  const piece = await firstGuilds(world, seat, from, seen);
  if (isOver()) return null;
  const session = sessions.begin(seat, {
    from,
    snapshots: piece?.available ?? 0,
    terms: seen,
    botId: botIdOf(facts),
    knowsGuilds: piece !== null,
  });
  const told = piece ? { ...facts, guildIds: piece.guildIds } : facts;
  return { session, start: { had: 1, piece, backlog, isResumed: false }, facts: told };
}

/** The first of the guilds as of a cursor; `null` where they are not known, or the client wants none. */
async function firstGuilds(
  { guilds }: OpeningWorld,
  seat: Seat,
  cursor: number,
  terms: GuildTerms,
): Promise<GuildsPiece | null> {
  if (!guilds || (terms.intents & INTENTS.GUILDS) === 0) return null;
  return await guilds(seat, { cursor, terms, after: 0, limitBytes: PIECE_BYTES });
}

async function factsOf(
  { clock, facts, log }: OpeningWorld,
  seat: Seat,
): Promise<ReadyFacts | null> {
  const late = new AbortController();
  const cancel = clock.after(FACTS_DEADLINE_MS, () => late.abort());
  try {
    return await facts(seat, late.signal);
  } catch (error) {
    if (!late.signal.aborted) throw error;
    const about = { ...seatFields(seat), afterMs: FACTS_DEADLINE_MS };
    log.warn("consumer waited in vain for its shard", about);
    return null;
  } finally {
    cancel();
  }
}

function botIdOf({ user }: ReadyFacts): string | null {
  return isRecord(user) && typeof user.id === "string" ? user.id : null;
}

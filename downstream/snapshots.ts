/**
 * The guilds of a session, each as a GUILD_CREATE with a number of its own, between READY and the first
 * event: pulled piece by piece, each when the client's socket has taken the one before. However many
 * guilds there are and however slowly a client reads, one piece of them is in memory.
 *
 * @module
 */

import type { GuildsPiece } from "../protocol/guild_pieces.ts";

/** About as much is asked for at a time; a guild is never cut. */
export const PIECE_BYTES: number = 1024 * 1024;

/** What giving them takes. */
export interface SnapshotsOptions {
  /** How many the session has: as many guilds were there when it began. */
  readonly count: number;
  /** How many the client has already. */
  readonly had: number;
  /** The guilds from the `after`th on; `null` where they are not known any more. */
  readonly next: (after: number) => Promise<GuildsPiece | null>;
  /** Gives the client the body of the next. */
  readonly give: (body: Uint8Array) => void;
  /** Resolves when everything that was given has been taken. */
  readonly taken: () => Promise<void>;
  /** Whether the client is gone. */
  readonly isOver: () => boolean;
}

/**
 * Gives a client the guilds that it lacks, in order. Ends early where it is gone, or where the guilds
 * are not known any more: then no guild is wrong, and they come with the shard's next session.
 *
 * @returns False where the guilds are others than when the session began, which is not to be: it cannot
 * go on.
 */
export async function giveSnapshots(options: SnapshotsOptions): Promise<boolean> {
  const { count, had, taken, isOver } = options;
  for (let given = had; given < count;) {
    const more = await givePiece(options, given);
    if (typeof more === "boolean") return more;
    given += more;
    if (given < count) await taken();
    if (isOver()) return true;
  }
  return true;
}

/** Gives so many more, or none: lets go of the piece before the next is asked for. */
async function givePiece(
  { count, next, give, isOver }: SnapshotsOptions,
  given: number,
): Promise<number | boolean> {
  const piece = await next(given);
  if (!piece || isOver()) return true;
  if (piece.available !== count || piece.bodies.length === 0) return false;
  for (const body of piece.bodies) give(body);
  return piece.bodies.length;
}

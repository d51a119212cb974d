/**
 * The answer to a client's op 8 from what is known of its shard's guilds, piece by piece, as fast as the
 * client takes it. It is no event of the shard: who loses its connection meanwhile asks again, as it would
 * have to ask Discord again.
 *
 * @module
 */

import type { MembersCommand } from "../protocol/discord/members.ts";
import type { MembersPiece } from "../protocol/guild_pieces.ts";

/** What giving members takes. */
export interface MembersGiving {
  /** Asks for the next piece; `null` where only Discord knows. */
  readonly next: (command: MembersCommand) => Promise<MembersPiece | null>;
  /** Gives a GUILD_MEMBERS_CHUNK with this body. */
  readonly give: (body: Uint8Array) => void;
  /** Resolves when everything that was given has been taken. */
  readonly taken: () => Promise<void>;
  /** Whether there is nobody any more to give it to. */
  readonly isOver: () => boolean;
}

/**
 * Gives the members that are asked for.
 *
 * @returns False where Discord is to be asked: nothing was given.
 * @throws What asking for the first piece throws. Where a later one fails the rest does not come.
 */
export async function giveMembers(
  command: MembersCommand,
  { next, give, taken, isOver }: MembersGiving,
): Promise<boolean> {
  let piece = await next(command);
  if (piece === null) return false;
  while (piece !== null) {
    for (const body of piece.bodies) if (!isOver()) give(body);
    if (piece.isLast || isOver()) break;
    await taken();
    if (isOver()) break;
    piece = await next(command);
  }
  return true;
}

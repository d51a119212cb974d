/**
 * What a client is told of guilds when its shard gets another session with Discord. A library that
 * identifies anew learns from READY which guilds there are, and that none of them is here yet; for one
 * whose session is with us that READY is not. What Discord says of the same in the midst of a session is
 * GUILD_DELETE: of a guild that the bot has left, and with `unavailable` of one that is not here now. See
 * [Discord Docs/Guild Delete](https://discord.com/developers/docs/events/gateway-events#guild-delete).
 *
 * @module
 */

import { fieldsOf } from "../protocol/discord/body.ts";
import { idsOf } from "../protocol/discord/field.ts";
import { isSessionNote } from "../protocol/discord/guild_note.ts";

/** The body of a GUILD_DELETE. */
export interface LostGuild {
  readonly id: string;
  /** It comes back: its GUILD_CREATE follows. Absent: the bot is in it no more. */
  readonly unavailable?: true;
}

/**
 * The guilds that a client loses with a READY of its shard, those first that are gone. None where nobody
 * knows what there was before: it is the shard's first session.
 *
 * @param isKnown Whether the client has had guilds. One that still waits for all of them only hears which
 * never come.
 * @throws {SyntaxError} When the payload is no JSON.
 */
export function lostGuilds(ready: Uint8Array, isKnown: boolean): LostGuild[] {
  const { gatehouse: note, guilds } = fieldsOf(ready, ["gatehouse", "guilds"], 2);
  if (!isSessionNote(note)) return [];
  const left = note.left.map((id) => ({ id }));
  if (!isKnown || !Array.isArray(guilds)) return left;
  const joined = new Set(note.joined);
  const waiting = idsOf(guilds).filter((id) => !joined.has(id));
  return [...left, ...waiting.map((id) => ({ id, unavailable: true } as const))];
}

/**
 * What is kept of guilds: what was asked for, as far as Discord tells how it changes. The rest would grow
 * old unseen.
 *
 * @module
 */

import { INTENTS } from "../protocol/discord/intents.ts";
import { CACHED, type Cached } from "../protocol/guild_pieces.ts";

/** Something that is kept of guilds beside the guilds themselves. */
export type GuildExtra = Exclude<Cached, "guilds">;

/** What is kept. */
export interface Kept {
  /** All members that are told of; else the bot and who is in voice. */
  readonly members: boolean;
  /** Presences of who is not offline. */
  readonly presences: boolean;
  /** Voice states, and the members that they are of. */
  readonly voice: boolean;
}

/**
 * What is kept in a session with these intents.
 *
 * @example
 * ```ts
 * import { keptOf } from "./kept.ts";
 * const { members, voice } = keptOf(["members", "voice"], 1 << 1);
 * console.assert(members && !voice);
 * ```
 */
export function keptOf(extras: readonly string[], intents: number): Kept {
  const keeps = (extra: GuildExtra) =>
    extras.includes(extra) && (intents & INTENTS[CACHED[extra]]) !== 0;
  return { members: keeps("members"), presences: keeps("presences"), voice: keeps("voice") };
}

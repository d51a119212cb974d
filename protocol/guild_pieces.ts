/**
 * The guilds of a shard as of a cursor, asked of its worker piece by piece: what the GUILD_CREATEs of
 * a consumer's session are made of.
 *
 * @module
 */

import type { IntentName } from "./discord/intents.ts";
import type { MembersCommand } from "./discord/members.ts";

/** Something that a worker keeps. Whatever it is, the guilds are kept with it. */
export type Cached = "guilds" | "members" | "presences" | "voice";

/** All of it, with the intent by which Discord tells how it changes. */
export const CACHED: Readonly<Record<Cached, IntentName>> = {
  guilds: "GUILDS",
  members: "GUILD_MEMBERS",
  presences: "GUILD_PRESENCES",
  voice: "GUILD_VOICE_STATES",
};

/** What a consumer is to see of guilds. */
export interface GuildTerms {
  /** Its own intents, not more than the shard's. */
  readonly intents: number;
  /** From so many members on a guild comes without those that are offline. */
  readonly largeThreshold: number;
}

/** A question for guilds as of a cursor. The same question has the same answer as long as nobody is done with more. */
export interface GuildsQuestion {
  readonly shardId: number;
  readonly cursor: number;
  readonly terms: GuildTerms;
  /** How many guilds the asker has already. */
  readonly after: number;
  /** About how many bytes it takes, one guild at least. */
  readonly limitBytes: number;
}

/** A question for members of a guild, as of now; asked again under its name for what is next. */
export interface MembersQuestion {
  readonly shardId: number;
  /** Its name, which no other has. */
  readonly id: string;
  readonly command: MembersCommand;
}

/** A piece of the answer; the answer is `null` where only Discord knows. */
export interface MembersPiece {
  /** The bodies `d` of some GUILD_MEMBERS_CHUNKs, as bytes of JSON. */
  readonly bodies: readonly Uint8Array<ArrayBuffer>[];
  /** Whether that was all. */
  readonly isLast: boolean;
}

/** A piece of the answer; the answer is `null` where the guilds of the shard are not known. */
export interface GuildsPiece {
  /** All guilds of the shard as of the cursor, in a fixed order: those that are there, then those that are not available. */
  readonly guildIds: readonly string[];
  /** How many are there. */
  readonly available: number;
  /** The body `d` of GUILD_CREATE for the guilds from `after` on, as bytes of JSON. */
  readonly bodies: readonly Uint8Array<ArrayBuffer>[];
}

/** What is asked of a shard's guilds. */
export type KnownQuestion = GuildsQuestion | MembersQuestion;

/** A piece of the answer to a question. */
export type PieceOf<Question extends KnownQuestion> = Question extends MembersQuestion
  ? MembersPiece
  : GuildsPiece;

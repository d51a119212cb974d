/**
 * What a GUILD_CREATE means, told in its body: Discord sends the same event for a guild that loads,
 * comes back, or is new.
 * See [Discord Docs/Guild Create](https://discord.com/developers/docs/events/gateway-events#guild-create).
 *
 * @module
 */

/**
 * Why a guild came: `loaded`, the first time since the session began; `available`, it was there
 * before; `joined`, the bot was added.
 */
export type GuildArrival = "loaded" | "available" | "joined";

/** The guilds of a session, to be written down with it. */
export interface SavedGuilds {
  /** Guilds that the bot is in. */
  readonly guildIds: readonly string[];
  /** Of these, the ones that no GUILD_CREATE has come for. */
  readonly loadingGuildIds: readonly string[];
  /** Whether all members of all of them had come, with `CACHE_ALL_MEMBERS`; absent: they had not. */
  readonly membersCached?: true;
}

/** Guilds read from outside; `null` where it is something else. */
export function parseSavedGuilds(value: unknown): SavedGuilds | null {
  const { guildIds, loadingGuildIds, membersCached } = (value ?? {}) as Record<string, unknown>;
  if (!isTexts(guildIds) || !isTexts(loadingGuildIds)) return null;
  return { guildIds, loadingGuildIds, ...(membersCached === true ? { membersCached } : {}) };
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

/** What a READY, GUILD_CREATE or GUILD_DELETE changes about the guilds of a shard. */
export type GuildChange =
  /** READY: a new session with these guilds, all still to come. */
  | { readonly kind: "session"; readonly guildIds: readonly string[] }
  /** The guild is here; it is down, or not here yet; the bot is in it no more. */
  | { readonly kind: "here" | "away" | "left"; readonly guildId: string };

/** The field `gatehouse` of a GUILD_CREATE, put there by `annotate()`. */
export interface GuildNote {
  readonly guild: GuildArrival;
}

/**
 * The field `gatehouse` of the READY of a session that follows another one, put there by `annotate()`:
 * how its guilds differ from those before it.
 */
export interface SessionNote {
  /** The bot is in these no more. */
  readonly left: readonly string[];
  /** The bot was not in these. */
  readonly joined: readonly string[];
}

/** Whether it is such a note. */
export function isSessionNote(value: unknown): value is SessionNote {
  const { left, joined } = (value ?? {}) as Record<string, unknown>;
  return isTexts(left) && isTexts(joined);
}

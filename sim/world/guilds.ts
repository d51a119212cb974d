/**
 * The simulated guilds, channels and people, in Discord's own field names: what REST answers with
 * and GUILD_CREATE is made of. Shapes; `make_guilds.ts` makes them.
 *
 * @module
 */

/** A user. See [Discord Docs/User](https://discord.com/developers/docs/resources/user#user-object). */
export interface SimUser {
  readonly id: string;
  username: string;
  readonly discriminator: string;
  global_name: string | null;
  avatar: string | null;
  readonly avatar_decoration_data: null;
  readonly collectibles: null;
  readonly primary_guild: null;
  readonly bot: boolean;
  readonly public_flags: number;
}

/** A member. See [Discord Docs/Guild Member](https://discord.com/developers/docs/resources/guild#guild-member-object). */
export interface SimMember {
  readonly user: SimUser;
  nick: string | null;
  roles: string[];
  readonly avatar: null;
  readonly banner: null;
  readonly joined_at: string;
  premium_since: string | null;
  readonly communication_disabled_until: null;
  deaf: boolean;
  mute: boolean;
  readonly pending: boolean;
  flags: number;
}

/** Who may do what in a channel. See [Discord Docs/Overwrite](https://discord.com/developers/docs/resources/channel#overwrite-object). */
export interface SimOverwrite {
  readonly id: string;
  /** A role's (0) or a member's (1). */
  readonly type: 0 | 1;
  readonly allow: string;
  readonly deny: string;
}

/**
 * A channel or a thread; which fields it has depends on its type: 0 text, 1 direct, 2 voice, 4
 * category, 11 thread. See [Discord Docs/Channel](https://discord.com/developers/docs/resources/channel#channel-object).
 */
export interface SimChannel {
  readonly id: string;
  readonly type: number;
  readonly flags: number;
  readonly guild_id?: string;
  name?: string | null;
  topic?: string | null;
  readonly position?: number;
  readonly parent_id?: string | null;
  readonly permission_overwrites?: readonly SimOverwrite[];
  nsfw?: boolean;
  rate_limit_per_user?: number;
  last_message_id?: string | null;
  readonly bitrate?: number;
  readonly user_limit?: number;
  readonly rtc_region?: string | null;
  readonly recipients?: readonly SimUser[];
  readonly owner_id?: string;
  readonly message_count?: number;
  readonly member_count?: number;
  readonly total_message_sent?: number;
  readonly thread_metadata?: Readonly<Record<string, unknown>>;
}

/** A role. See [Discord Docs/Role](https://discord.com/developers/docs/topics/permissions#role-object). */
export interface SimRole {
  readonly id: string;
  name: string;
  readonly permissions: string;
  readonly position: number;
  readonly color: number;
  readonly colors: {
    readonly primary_color: number;
    readonly secondary_color: number | null;
    readonly tertiary_color: number | null;
  };
  readonly icon: null;
  readonly unicode_emoji: null;
  readonly hoist: boolean;
  readonly managed: boolean;
  readonly mentionable: boolean;
  readonly flags: number;
  readonly tags?: { readonly bot_id: string };
}

/** An emoji. See [Discord Docs/Emoji](https://discord.com/developers/docs/resources/emoji#emoji-object). */
export interface SimEmoji {
  readonly id: string;
  readonly name: string;
  readonly roles: readonly string[];
  readonly require_colons: boolean;
  readonly managed: boolean;
  readonly animated: boolean;
  readonly available: boolean;
}

/** Where in voice somebody is. See [Discord Docs/Voice State](https://discord.com/developers/docs/resources/voice#voice-state-object). */
export interface SimVoiceState {
  /** `null` in the update of who leaves. */
  readonly channel_id: string | null;
  readonly user_id: string;
  readonly session_id: string;
  readonly deaf: boolean;
  readonly mute: boolean;
  readonly self_deaf: boolean;
  readonly self_mute: boolean;
  readonly self_video: boolean;
  readonly suppress: boolean;
  readonly request_to_speak_timestamp: null;
}

/**
 * A guild with what is in it, each made on first use: most guilds of a large simulation are never
 * looked at. See [Discord Docs/Guild](https://discord.com/developers/docs/resources/guild#guild-object).
 */
export interface SimGuild {
  readonly id: string;
  name: string;
  readonly owner_id: string;
  /** When the bot was added last. */
  joined_at: string;
  /** `@everyone` first, the bot's own last. */
  readonly roles: readonly SimRole[];
  /** Text channels first, then their category and a voice channel. */
  readonly channels: readonly SimChannel[];
  /** The active ones. */
  readonly threads: readonly SimChannel[];
  readonly emojis: readonly SimEmoji[];
  /** Who is in voice, by user id. It ends with the session that it came from. */
  readonly voice: Map<string, { readonly state: SimVoiceState; readonly isOver: () => boolean }>;
  /** The bot and those who are in voice from the start, without making everybody. */
  readonly present: readonly SimMember[];
  /** By user id, the bot first. */
  readonly members: ReadonlyMap<string, SimMember>;
  readonly member_count: number;
  /** `down` in an outage; `left` when the bot is not in it (any more). */
  state: "up" | "down" | "left";
}

/** Who is in voice in a guild now: whose session is over has left. */
export function voiceStatesOf({ voice }: Pick<SimGuild, "voice">): SimVoiceState[] {
  return [...voice.values()].filter(({ isOver }) => !isOver()).map(({ state }) => state);
}

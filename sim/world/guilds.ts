/**
 * The simulated guilds, channels and people, in Discord's own field names: what REST answers with
 * and GUILD_CREATE is made of. Built from a seed; nothing here sends anything.
 *
 * @module
 */

import type { Random } from "../../ports/random.ts";

/** A user. See [Discord Docs/User](https://discord.com/developers/docs/resources/user#user-object). */
export interface SimUser {
  readonly id: string;
  username: string;
  readonly discriminator: string;
  global_name: string | null;
  avatar: string | null;
  readonly bot: boolean;
  readonly public_flags: number;
}

/** A member. See [Discord Docs/Guild Member](https://discord.com/developers/docs/resources/guild#guild-member-object). */
export interface SimMember {
  readonly user: SimUser;
  nick: string | null;
  roles: string[];
  readonly joined_at: string;
  premium_since: string | null;
  deaf: boolean;
  mute: boolean;
  flags: number;
}

/** A channel. See [Discord Docs/Channel](https://discord.com/developers/docs/resources/channel#channel-object). */
export interface SimChannel {
  readonly id: string;
  readonly type: number;
  /** Absent for a direct message channel. */
  readonly guild_id?: string;
  name: string | null;
  topic: string | null;
  position: number;
  nsfw: boolean;
  rate_limit_per_user: number;
  last_message_id: string | null;
  readonly recipients?: readonly SimUser[];
}

/** A voice state. See [Discord Docs/Voice State](https://discord.com/developers/docs/resources/voice#voice-state-object). */
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
  readonly request_to_speak_timestamp: string | null;
}

/** A role. See [Discord Docs/Role](https://discord.com/developers/docs/topics/permissions#role-object). */
export interface SimRole {
  readonly id: string;
  name: string;
  readonly permissions: string;
  readonly position: number;
  readonly color: number;
  readonly hoist: boolean;
  readonly managed: boolean;
  readonly mentionable: boolean;
}

/** A guild with what is in it. See [Discord Docs/Guild](https://discord.com/developers/docs/resources/guild#guild-object). */
export interface SimGuild {
  readonly id: string;
  name: string;
  readonly owner_id: string;
  readonly joined_at: string;
  readonly roles: SimRole[];
  readonly channels: SimChannel[];
  /** By user id, the bot first. Made on first use: most guilds of a large simulation are never looked at. */
  readonly members: ReadonlyMap<string, SimMember>;
  readonly member_count: number;
  /** Who is in voice, by user id. It ends with the session that it came from. */
  readonly voice: Map<string, { readonly state: SimVoiceState; readonly isOver: () => boolean }>;
  /** `down` in an outage; `left` when the bot is not in it (any more). */
  state: "up" | "down" | "left";
}

/** What guilds are made with. */
export interface GuildPlan {
  readonly guilds: number;
  readonly membersPerGuild: number;
  readonly channelsPerGuild: number;
  readonly bot: SimUser;
  readonly random: Random;
}

/**
 * Guild `i` has an id of which `id >> 22` is `i` more than a number that 1 to 16 divide, so it lands
 * on shard `i % n` for each of these shard counts, and evenly for any other.
 */
export function makeGuilds(plan: GuildPlan): SimGuild[] {
  return Array.from({ length: plan.guilds }, (_, index) => makeGuild(plan, index));
}

/** The id that is `index` steps after the first: made apart from ids of messages, so they never meet. */
export function seededId(index: number, kind: number, detail = 0): string {
  return String((FIRST_STAMP + BigInt(index)) << 22n | BigInt(kind) << 17n | BigInt(detail));
}

/** A person with a name, the same for the same id. */
export function makeUser(id: string, username: string, bot = false): SimUser {
  return {
    id,
    username,
    discriminator: "0",
    global_name: bot ? null : username[0]!.toUpperCase() + username.slice(1),
    avatar: null,
    bot,
    public_flags: 0,
  };
}

/** Who is in voice in a guild now: whose session is over has left. */
export function voiceStatesOf({ voice }: Pick<SimGuild, "voice">): SimVoiceState[] {
  return [...voice.values()].filter(({ isOver }) => !isOver()).map(({ state }) => state);
}

/** A multiple of 720 720 (which 1 to 16 divide): 25 June 2020 in Discord's milliseconds. */
const FIRST_STAMP = 720_720n * 240_000n;
const KIND = { guild: 0, channel: 1, user: 2, role: 3 };
const SYLLABLES = ["ka", "lo", "mi", "ra", "ten", "shu", "vel", "do", "pix", "an", "ero", "wyn"];
const JOINED_AT = "2021-03-04T05:06:07.089000+00:00";

function makeGuild(plan: GuildPlan, index: number): SimGuild {
  const id = seededId(index, KIND.guild);
  const owner = memberId(index, 0);
  let members: ReadonlyMap<string, SimMember> | undefined;
  const nameSeed = plan.random();
  return {
    id,
    name: `${word(nameSeed)} guild ${index}`,
    owner_id: plan.membersPerGuild > 0 ? owner : plan.bot.id,
    joined_at: JOINED_AT,
    roles: makeRoles(id, index),
    channels: makeChannels(plan, id, index),
    get members() {
      return members ??= makeMembers(plan, index);
    },
    member_count: plan.membersPerGuild + 1,
    voice: new Map(),
    state: "up",
  };
}

function makeRoles(guildId: string, index: number): SimRole[] {
  const role = (id: string, name: string, position: number): SimRole => ({
    id,
    name,
    permissions: "104324673",
    position,
    color: 0,
    hoist: false,
    managed: false,
    mentionable: false,
  });
  return [
    role(guildId, "@everyone", 0),
    role(seededId(index, KIND.role, 1), "crew", 1),
    role(seededId(index, KIND.role, 2), "moderators", 2),
  ];
}

function makeChannels(plan: GuildPlan, guildId: string, index: number): SimChannel[] {
  return Array.from({ length: plan.channelsPerGuild }, (_, position) => ({
    id: seededId(index, KIND.channel, position),
    type: 0,
    guild_id: guildId,
    name: position === 0 ? "general" : `${word(plan.random())}-${position}`,
    topic: null,
    position,
    nsfw: false,
    rate_limit_per_user: 0,
    last_message_id: null,
  }));
}

function makeMembers(plan: GuildPlan, index: number): ReadonlyMap<string, SimMember> {
  const members = new Map([[plan.bot.id, member(plan.bot)]]);
  for (let i = 0; i < plan.membersPerGuild; i++) {
    const id = memberId(index, i);
    members.set(id, member(makeUser(id, `${SYLLABLES[i % 12]}${SYLLABLES[(i + index) % 12]}${i}`)));
  }
  return members;
}

function member(user: SimUser): SimMember {
  return {
    user,
    nick: null,
    roles: [],
    joined_at: JOINED_AT,
    premium_since: null,
    deaf: false,
    mute: false,
    flags: 0,
  };
}

function memberId(guild: number, member: number): string {
  // 17 bits are left below the kind: more members than that take the next guild's milliseconds.
  return seededId(guild * 64 + (member >> 17), KIND.user, member & 0x1ffff);
}

function word(seed: number): string {
  const pick = Math.floor(seed * SYLLABLES.length ** 2);
  return SYLLABLES[pick % SYLLABLES.length]! + SYLLABLES[Math.floor(pick / SYLLABLES.length)]!;
}

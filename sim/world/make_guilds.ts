/**
 * Makes the guilds from a seed, each with something of everything that a library caches: roles with
 * colours, channels with overwrites in a category, a thread, emojis, somebody in a voice channel.
 *
 * @module
 */

import type { Random } from "../../ports/random.ts";
import type {
  SimChannel,
  SimEmoji,
  SimGuild,
  SimMember,
  SimOverwrite,
  SimRole,
  SimUser,
} from "./guilds.ts";

/** What guilds are made with. */
export interface GuildPlan {
  readonly guilds: number;
  /** Guilds besides, that the bot is not in. */
  readonly guildsOutside: number;
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
  const length = plan.guilds + plan.guildsOutside;
  return Array.from({ length }, (_, index) => makeGuild(plan, index));
}

/** Which guild the thing with a seeded id belongs to, by its place; `undefined` for other ids. */
export function placeOfId(id: string): number | undefined {
  return /^\d{1,20}$/.test(id) ? Number((BigInt(id) >> 22n) - FIRST_STAMP) : undefined;
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
    avatar_decoration_data: null,
    collectibles: null,
    primary_guild: null,
    bot,
    public_flags: 0,
  };
}

/** A multiple of 720 720 (which 1 to 16 divide): 25 June 2020 in Discord's milliseconds. */
const FIRST_STAMP = 720_720n * 240_000n;
const KIND = { guild: 0, channel: 1, user: 2, role: 3, thread: 5, emoji: 6 };
/** Places of channels that are no text channels, and of the bot's role. */
const DETAIL = { category: 0x1f000, voice: 0x1f001, botRole: 0x1f000 };
const SYLLABLES = ["ka", "lo", "mi", "ra", "ten", "shu", "vel", "do", "pix", "an", "ero", "wyn"];
const JOINED_AT = "2021-03-04T05:06:07.089000+00:00";
const VIEW_CHANNEL = "1024";
const COLORS = [0x5865f2, 0x57f287, 0xfee75c, 0xeb459e, 0xed4245];

function makeGuild(plan: GuildPlan, index: number): SimGuild {
  const id = seededId(index, KIND.guild);
  const seed = plan.random();
  const parts = {
    roles: once(() => makeRoles(plan, id, index)),
    channels: once(() => makeChannels(plan, id, index, seed)),
    threads: once(() => makeThreads(plan, id, index)),
    emojis: once(() => makeEmojis(index)),
    voice: once(() => makeVoice(plan, index)),
    present: once(() => [makeBot(plan, index), ...inVoice(plan, index)]),
  };
  const members = once(() => makeMembers(plan, index, parts.present()));
  return {
    id,
    name: `${word(seed)} guild ${index}`,
    owner_id: plan.membersPerGuild > 0 ? memberId(index, 0) : plan.bot.id,
    joined_at: JOINED_AT,
    get roles() {
      return parts.roles();
    },
    get channels() {
      return parts.channels();
    },
    get threads() {
      return parts.threads();
    },
    get emojis() {
      return parts.emojis();
    },
    get voice() {
      return parts.voice();
    },
    get present() {
      return parts.present();
    },
    get members() {
      return members();
    },
    member_count: plan.membersPerGuild + 1,
    state: index < plan.guilds ? "up" : "left",
  };
}

function once<Value>(make: () => Value): () => Value {
  let made: Value | undefined;
  return () => made ??= make();
}

function makeRoles({ bot }: GuildPlan, guildId: string, index: number): SimRole[] {
  const role = (id: string, name: string, position: number, color: number): SimRole => ({
    id,
    name,
    permissions: "104324673",
    position,
    color,
    colors: { primary_color: color, secondary_color: null, tertiary_color: null },
    icon: null,
    unicode_emoji: null,
    hoist: color !== 0,
    managed: false,
    mentionable: false,
    flags: 0,
  });
  const color = (step: number) => COLORS[(index + step) % COLORS.length]!;
  return [
    role(guildId, "@everyone", 0, 0),
    role(seededId(index, KIND.role, 1), "crew", 1, color(0)),
    role(seededId(index, KIND.role, 2), "moderators", 2, color(1)),
    {
      ...role(seededId(index, KIND.role, DETAIL.botRole), bot.username, 3, 0),
      managed: true,
      tags: { bot_id: bot.id },
    },
  ];
}

/** `general` is for everybody; the others are the crew's, and the second the owner's besides. */
function makeChannels(
  plan: GuildPlan,
  guildId: string,
  index: number,
  seed: number,
): SimChannel[] {
  const category = seededId(index, KIND.channel, DETAIL.category);
  const crew: SimOverwrite = {
    id: seededId(index, KIND.role, 1),
    type: 0,
    allow: VIEW_CHANNEL,
    deny: "0",
  };
  const nobody: SimOverwrite = { id: guildId, type: 0, allow: "0", deny: VIEW_CHANNEL };
  const owner: SimOverwrite = { ...crew, id: memberId(index, 0), type: 1 };
  const text = Array.from({ length: plan.channelsPerGuild }, (_, position): SimChannel => ({
    id: seededId(index, KIND.channel, position),
    type: 0,
    flags: 0,
    guild_id: guildId,
    name: position === 0 ? "general" : `${word(seed * (position + 1) % 1)}-${position}`,
    topic: position === 0 ? "Whatever comes to mind" : null,
    position,
    parent_id: position === 0 ? null : category,
    permission_overwrites: [[], [nobody, crew, owner]][position] ?? [nobody, crew],
    nsfw: false,
    rate_limit_per_user: 0,
    last_message_id: null,
  }));
  return [...text, {
    id: category,
    type: 4,
    flags: 0,
    guild_id: guildId,
    name: "crew only",
    position: 0,
    parent_id: null,
    permission_overwrites: [nobody, crew],
  }, {
    id: seededId(index, KIND.channel, DETAIL.voice),
    type: 2,
    flags: 0,
    guild_id: guildId,
    name: "lounge",
    position: 0,
    parent_id: null,
    permission_overwrites: [],
    nsfw: false,
    rate_limit_per_user: 0,
    last_message_id: null,
    bitrate: 64_000,
    user_limit: 0,
    rtc_region: null,
  }];
}

/** One, under the first channel, where somebody is there to have opened it. */
function makeThreads(plan: GuildPlan, guildId: string, index: number): SimChannel[] {
  if (plan.channelsPerGuild < 1 || plan.membersPerGuild < 1) return [];
  return [{
    id: seededId(index, KIND.thread),
    type: 11,
    flags: 0,
    guild_id: guildId,
    parent_id: seededId(index, KIND.channel),
    owner_id: memberId(index, 0),
    name: "a thought",
    last_message_id: null,
    message_count: 3,
    member_count: 2,
    total_message_sent: 3,
    rate_limit_per_user: 0,
    thread_metadata: {
      archived: false,
      auto_archive_duration: 1440,
      archive_timestamp: JOINED_AT,
      create_timestamp: JOINED_AT,
      locked: false,
    },
  }];
}

function makeEmojis(index: number): SimEmoji[] {
  return ["gate", "house"].map((name, detail) => ({
    id: seededId(index, KIND.emoji, detail),
    name,
    roles: [],
    require_colons: true,
    managed: false,
    animated: detail === 1,
    available: true,
  }));
}

/** The first member is in the voice channel, where there is one. */
function makeVoice(plan: GuildPlan, index: number): SimGuild["voice"] {
  return new Map(
    inVoice(plan, index).map(({ user }) => [user.id, {
      state: {
        channel_id: seededId(index, KIND.channel, DETAIL.voice),
        user_id: user.id,
        session_id: user.id.padStart(32, "0"),
        deaf: false,
        mute: false,
        self_deaf: false,
        self_mute: true,
        self_video: false,
        suppress: false,
        request_to_speak_timestamp: null,
      },
      isOver: () => false,
    }]),
  );
}

function inVoice(plan: GuildPlan, index: number): SimMember[] {
  return plan.membersPerGuild > 0 ? [makeMember(index, 0)] : [];
}

function makeMembers(
  plan: GuildPlan,
  index: number,
  present: readonly SimMember[],
): ReadonlyMap<string, SimMember> {
  const members = new Map(present.map((each) => [each.user.id, each]));
  for (let i = members.size - 1; i < plan.membersPerGuild; i++) {
    const each = makeMember(index, i);
    members.set(each.user.id, each);
  }
  return members;
}

function makeBot({ bot }: GuildPlan, index: number): SimMember {
  return member(bot, [seededId(index, KIND.role, DETAIL.botRole)]);
}

/** Of three members one has no role, one is of the crew, one is a moderator too. */
function makeMember(index: number, i: number): SimMember {
  const id = memberId(index, i);
  const user = makeUser(id, `${SYLLABLES[i % 12]}${SYLLABLES[(i + index) % 12]}${i}`);
  return member(user, [1, 2].slice(0, i % 3).map((detail) => seededId(index, KIND.role, detail)));
}

function member(user: SimUser, roles: string[]): SimMember {
  return {
    user,
    nick: null,
    roles,
    avatar: null,
    banner: null,
    joined_at: JOINED_AT,
    premium_since: null,
    communication_disabled_until: null,
    deaf: false,
    mute: false,
    pending: false,
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

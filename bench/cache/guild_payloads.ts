/**
 * Guilds as Discord sends them, and what goes on in them: every field that it documents and sends, ids and
 * hashes by chance, names in words, so that they compress about as well as the real thing.
 *
 * @module
 */

import { type Random, seededRandom } from "../../ports/random.ts";

/** What is in a guild, on average: each has between half and one and a half times as much. */
export const CONTENT = {
  channels: 30,
  overwrites: 3,
  roles: 25,
  emojis: 25,
  stickers: 2,
  threads: 3,
  voiceStates: 3,
  members: 80,
  presences: 30,
} as const;

/** In words. */
export const CONTENT_IN_WORDS: string = Object.entries(CONTENT)
  .map(([name, count]) => `${count} ${name === "overwrites" ? "overwrites each" : name}`)
  .join(", ").replace("voiceStates", "voice states");

/** A shard of a bot. */
export interface World {
  readonly ready: Uint8Array;
  /** GUILD_CREATE of every guild. */
  readonly creates: readonly Uint8Array[];
  /** What goes on, in the mix of a bot with all intents. */
  readonly events: readonly Event[];
}

/** A dispatch. */
export interface Event {
  readonly t: string;
  readonly payload: Uint8Array;
}

/** A shard with so many guilds, and so many events of theirs. */
export function makeWorld(guilds: number, events: number): World {
  const make = new Making(seededRandom(guilds));
  const bodies = Array.from({ length: guilds }, () => make.guild());
  const listed = bodies.map(({ id }) => ({ id, unavailable: true }));
  return {
    ready: payload("READY", { user: { id: BOT_ID }, guilds: listed }),
    creates: bodies.map((body) => payload("GUILD_CREATE", body)),
    events: Array.from({ length: events }, () => make.event(bodies)),
  };
}

const BOT_ID = "175928847299117063";
const encoder = new TextEncoder();

function payload(t: string, d: unknown): Uint8Array {
  return encoder.encode(JSON.stringify({ t, s: 1, op: 0, d }));
}

type Guild = ReturnType<Making["guild"]>;

/** Share of all events, in percent: most are messages, presences and typing. */
const MIX: readonly (readonly [share: number, t: string])[] = [
  [38, "MESSAGE_CREATE"],
  [34, "PRESENCE_UPDATE"],
  [12, "TYPING_START"],
  [6, "VOICE_STATE_UPDATE"],
  [6, "GUILD_MEMBER_UPDATE"],
  [2, "MESSAGE_REACTION_ADD"],
  [1, "CHANNEL_UPDATE"],
  [1, "GUILD_ROLE_UPDATE"],
];

class Making {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  guild() {
    const id = this.#id();
    const roles = this.#list(CONTENT.roles, () => this.#role());
    const channels = this.#list(CONTENT.channels, (i) => this.#channel(roles, i));
    const members = [
      this.#member(roles, BOT_ID),
      ...this.#list(CONTENT.members - 1, () => this.#member(roles, this.#id())),
    ];
    return {
      ...this.#ownFields(id, channels.length),
      roles,
      channels,
      members,
      emojis: this.#list(CONTENT.emojis, () => this.#emoji()),
      stickers: this.#list(CONTENT.stickers, () => this.#sticker(id)),
      threads: this.#list(CONTENT.threads, () => this.#thread(channels[0]!.id)),
      voice_states: members.slice(1, 1 + this.#about(CONTENT.voiceStates)).map(({ user }) =>
        this.#voiceState(user.id, channels[0]!.id)
      ),
      presences: members.slice(1, 1 + this.#about(CONTENT.presences)).map(({ user }) =>
        this.#presence(user.id)
      ),
      stage_instances: [],
      guild_scheduled_events: [],
      soundboard_sounds: [],
    };
  }

  event(guilds: readonly Guild[]): Event {
    // A few are busy, most are quiet.
    const guild = guilds[Math.floor(this.#random() ** 2 * guilds.length)]!;
    const t = this.#type();
    return { t, payload: payload(t, { guild_id: guild.id, ...this.#body(t, guild) }) };
  }

  #type(): string {
    let at = this.#random() * 100;
    return MIX.find(([share]) => (at -= share) < 0)?.[1] ?? "TYPING_START";
  }

  #body(t: string, { channels, members, roles }: Guild): object {
    const member = this.#any(members.slice(1));
    const channel = this.#any(channels);
    switch (t) {
      case "PRESENCE_UPDATE":
        return this.#presence(member.user.id);
      case "VOICE_STATE_UPDATE": {
        const channel_id = this.#random() < 0.5 ? channel.id : null;
        return { ...this.#voiceState(member.user.id, channel.id), channel_id, member };
      }
      case "GUILD_MEMBER_UPDATE":
        return this.#member(roles, member.user.id);
      case "CHANNEL_UPDATE":
        return { ...channel, name: this.#words(2) };
      case "GUILD_ROLE_UPDATE":
        return { role: { ...this.#any(roles), name: this.#words(2) } };
      default:
        return {
          id: this.#id(),
          channel_id: channel.id,
          content: this.#words(20),
          author: member.user,
          member,
          attachments: [],
          embeds: [],
          mentions: [],
        };
    }
  }

  #ownFields(id: string, channels: number) {
    return {
      id,
      name: this.#words(3),
      icon: this.#hash(),
      banner: null,
      splash: null,
      discovery_splash: null,
      description: null,
      owner_id: this.#id(),
      region: "rotterdam",
      afk_channel_id: null,
      afk_timeout: 300,
      application_id: null,
      features: ["COMMUNITY", "NEWS", "INVITE_SPLASH", "ANIMATED_ICON"].slice(0, this.#about(2)),
      system_channel_id: this.#id(),
      system_channel_flags: 0,
      rules_channel_id: null,
      public_updates_channel_id: null,
      safety_alerts_channel_id: null,
      max_video_channel_users: 25,
      max_stage_video_channel_users: 50,
      max_members: 500_000,
      premium_tier: 1,
      premium_subscription_count: this.#about(4),
      premium_progress_bar_enabled: false,
      preferred_locale: "en-US",
      nsfw: false,
      nsfw_level: 0,
      mfa_level: 0,
      verification_level: 1,
      explicit_content_filter: 2,
      default_message_notifications: 1,
      vanity_url_code: null,
      home_header: null,
      incidents_data: null,
      inventory_settings: null,
      hub_type: null,
      latest_onboarding_question_id: null,
      version: Math.floor(this.#random() * 1e12),
      joined_at: this.#time(),
      large: false,
      lazy: true,
      unavailable: false,
      member_count: this.#about(CONTENT.members) + channels,
      embedded_activities: [],
      activity_instances: [],
      application_command_counts: { "1": 12, "2": 1, "3": 1 },
    };
  }

  #role() {
    const color = Math.floor(this.#random() * 2 ** 24);
    return {
      version: Math.floor(this.#random() * 1e12),
      unicode_emoji: null,
      tags: {},
      position: this.#about(20),
      permissions: String(Math.floor(this.#random() * 2 ** 50)),
      name: this.#words(2),
      mentionable: false,
      managed: false,
      id: this.#id(),
      icon: null,
      hoist: false,
      flags: 0,
      colors: { primary_color: color, secondary_color: null, tertiary_color: null },
      color,
    };
  }

  #channel(roles: readonly { id: string }[], position: number) {
    return {
      version: Math.floor(this.#random() * 1e12),
      type: this.#any([0, 0, 0, 2, 4]),
      topic: this.#random() < 0.4 ? this.#words(10) : null,
      rate_limit_per_user: 0,
      position,
      permission_overwrites: this.#list(CONTENT.overwrites, () => ({
        type: 0,
        id: this.#any(roles).id,
        deny: String(Math.floor(this.#random() * 4096)),
        allow: "1024",
      })),
      parent_id: this.#id(),
      nsfw: false,
      name: this.#words(2),
      last_pin_timestamp: this.#random() < 0.3 ? this.#time() : null,
      last_message_id: this.#id(),
      id: this.#id(),
      icon_emoji: { name: "👋", id: null },
      theme_color: null,
      flags: 0,
    };
  }

  #thread(parent_id: string) {
    return {
      id: this.#id(),
      type: 11,
      parent_id,
      owner_id: this.#id(),
      name: this.#words(4),
      last_message_id: this.#id(),
      message_count: 12,
      total_message_sent: 12,
      member_count: 3,
      member_ids_preview: [this.#id(), this.#id()],
      rate_limit_per_user: 0,
      flags: 0,
      thread_metadata: {
        archived: false,
        archive_timestamp: this.#time(),
        auto_archive_duration: 4_320,
        create_timestamp: this.#time(),
        locked: false,
      },
    };
  }

  #member(roles: readonly { id: string }[], id: string) {
    return {
      user: {
        username: this.#words(1) + Math.floor(this.#random() * 1e4),
        public_flags: 0,
        primary_guild: null,
        id,
        global_name: this.#words(2),
        display_name_styles: null,
        display_name: null,
        discriminator: "0",
        collectibles: null,
        bot: false,
        avatar_decoration_data: null,
        avatar: this.#hash(),
      },
      roles: this.#list(4, () => this.#any(roles).id),
      premium_since: null,
      pending: false,
      nick: this.#random() < 0.3 ? this.#words(2) : null,
      mute: false,
      joined_at: this.#time(),
      flags: 0,
      deaf: false,
      communication_disabled_until: null,
      banner: null,
      avatar: null,
    };
  }

  #presence(id: string) {
    const playing = {
      type: 0,
      timestamps: { start: Math.floor(1.7e12 + this.#random() * 1e11) },
      name: this.#words(3),
      id: this.#hash().slice(0, 16),
      created_at: Math.floor(1.7e12 + this.#random() * 1e11),
      application_id: this.#id(),
    };
    return {
      user: { id },
      status: this.#any(["online", "idle", "dnd"]),
      client_status: { desktop: "online" },
      activities: this.#random() < 0.5 ? [playing] : [],
    };
  }

  #voiceState(user_id: string, channel_id: string) {
    return {
      user_id,
      suppress: false,
      session_id: this.#hash(),
      self_video: false,
      self_mute: this.#random() < 0.5,
      self_deaf: false,
      request_to_speak_timestamp: null,
      mute: false,
      deaf: false,
      channel_id,
    };
  }

  #emoji() {
    return {
      version: 0,
      roles: [],
      require_colons: true,
      name: this.#words(1),
      managed: false,
      id: this.#id(),
      available: true,
      animated: this.#random() < 0.3,
    };
  }

  #sticker(guild_id: string) {
    return {
      version: 1,
      type: 2,
      tags: "wave",
      name: this.#words(1),
      id: this.#id(),
      guild_id,
      format_type: 1,
      description: this.#words(4),
      available: true,
      asset: "",
    };
  }

  #about(count: number): number {
    return Math.round(count * (0.5 + this.#random()));
  }

  #list<Item>(about: number, make: (i: number) => Item): Item[] {
    return Array.from({ length: Math.max(1, this.#about(about)) }, (_, i) => make(i));
  }

  #any<Item>(items: readonly Item[]): Item {
    return items[Math.floor(this.#random() * items.length)]!;
  }

  #id(): string {
    const age = BigInt(Math.floor(this.#random() * 3e11)) << 22n;
    return String(10n ** 17n + age + BigInt(Math.floor(this.#random() * 1024)));
  }

  #hash(): string {
    const half = () => Math.floor(this.#random() * 2 ** 52).toString(16).padStart(13, "0");
    return (half() + half() + half()).slice(0, 32);
  }

  #time(): string {
    return new Date(1.5e12 + this.#random() * 2e11).toISOString().replace("Z", "000+00:00");
  }

  #words(count: number): string {
    return Array.from({ length: count }, () => this.#any(WORDS)).join(" ");
  }
}

const WORDS = ("harbour lantern otter quiet marble ember willow copper raven delta pixel tundra " +
  "velvet orbit cedar sable nova thistle amber fjord gravel summit bramble cobalt drift " +
  "general memes announcements staff music gaming art rules welcome support offtopic bots")
  .split(" ");

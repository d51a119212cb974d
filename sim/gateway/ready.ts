/**
 * Bodies of READY and of the GUILD_CREATE flow that follows it. See
 * [Discord Docs/Ready](https://discord.com/developers/docs/events/gateway-events#ready) and
 * [Discord Docs/Guild Create](https://discord.com/developers/docs/events/gateway-events#guild-create).
 *
 * @module
 */

import { calculateShardId } from "../../protocol/ids.ts";
import { INTENTS } from "../../protocol/discord/intents.ts";
import { type SimGuild, type SimMember, voiceStatesOf } from "../world/guilds.ts";
import type { SessionTerms } from "./session.ts";
import type { World } from "../world/world.ts";

/** Guilds of one shard that the bot is in, in the world's order. */
export function guildsOf(world: World, shardId: number, totalShards: number): SimGuild[] {
  return [...world.guilds.values()].filter((guild) =>
    guild.state !== "left" && calculateShardId(guild.id, totalShards) === shardId
  );
}

/**
 * READY in the order and with the undocumented fields seen on the wire, which a client must bear.
 * `shard` is there only where the client sent it; every guild is unavailable still.
 */
export function readyBody(
  world: World,
  ready: {
    readonly sessionId: string;
    readonly version: number;
    readonly shard: readonly [number, number] | null;
    readonly guilds: readonly SimGuild[];
  },
): Record<string, unknown> {
  const { resumeUrl, gatewayUrl } = world.addresses;
  return {
    v: ready.version,
    user_settings: {},
    user: { ...world.user, verified: true, mfa_enabled: true, flags: 0, email: null },
    ...(ready.shard ? { shard: ready.shard } : {}),
    session_type: "normal",
    session_id: ready.sessionId,
    resume_gateway_url: world.settings.resumeHost ? resumeUrl : gatewayUrl,
    relationships: [],
    private_channels: [],
    presences: [],
    guilds: ready.guilds.map(({ id }) => ({ unavailable: true, id })),
    guild_join_requests: [],
    geo_ordered_rtc_regions: ["rotterdam", "frankfurt"],
    game_relationships: [],
    auth: {},
    application: world.application,
    _trace: ["sim-gateway"],
  };
}

/**
 * GUILD_CREATE as this session gets it: without GUILD_PRESENCES, or in a guild of more than 75 000,
 * only the bot is listed; above `large_threshold` only who is online; else everybody.
 */
export function guildCreateBody(
  world: World,
  guild: SimGuild,
  { intents, largeThreshold }: Pick<SessionTerms, "intents" | "largeThreshold">,
): Record<string, unknown> {
  const isLarge = guild.member_count > largeThreshold;
  const members = listedMembers(world, guild, intents, isLarge);
  return {
    ...guildObject(guild),
    joined_at: guild.joined_at,
    large: isLarge,
    unavailable: false,
    member_count: guild.member_count,
    voice_states: (intents & INTENTS.GUILD_VOICE_STATES) === 0 ? [] : voiceStatesOf(guild),
    members,
    channels: guild.channels.map(({ guild_id: _, ...channel }) => channel),
    threads: [],
    presences: (intents & INTENTS.GUILD_PRESENCES) === 0 ? [] : members.map(presence),
    stage_instances: [],
    guild_scheduled_events: [],
    soundboard_sounds: [],
  };
}

/** A guild as REST gives it: no channels, no members. */
export function guildObject(guild: SimGuild): Record<string, unknown> {
  return {
    id: guild.id,
    name: guild.name,
    icon: null,
    splash: null,
    banner: null,
    description: null,
    owner_id: guild.owner_id,
    afk_channel_id: null,
    afk_timeout: 300,
    verification_level: 1,
    default_message_notifications: 1,
    explicit_content_filter: 0,
    roles: guild.roles,
    emojis: [],
    stickers: [],
    features: [],
    mfa_level: 0,
    system_channel_id: guild.channels[0]?.id ?? null,
    preferred_locale: "en-US",
    premium_tier: 0,
    nsfw_level: 0,
  };
}

/** A member's presence; every fourth member is online. */
export function presence(member: SimMember): Record<string, unknown> {
  return {
    user: { id: member.user.id },
    status: "online",
    activities: [],
    client_status: { desktop: "online" },
  };
}

const MOST_LISTED = 75_000;

function listedMembers(
  world: World,
  guild: SimGuild,
  intents: number,
  isLarge: boolean,
): SimMember[] {
  if ((intents & INTENTS.GUILD_PRESENCES) === 0 || guild.member_count > MOST_LISTED) {
    // Not through `guild.members`: a large simulation would make everybody at start.
    return [botMember(world, guild)];
  }
  return [...guild.members.values()].filter((_, index) => !isLarge || index % 4 === 0);
}

function botMember(world: World, guild: SimGuild): SimMember {
  return {
    user: world.user,
    nick: null,
    roles: [],
    joined_at: guild.joined_at,
    premium_since: null,
    deaf: false,
    mute: false,
    flags: 0,
  };
}

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
import { guildObject } from "../world/guild_object.ts";
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
    application: { ...world.application },
    _trace: ["sim-gateway"],
  };
}

/**
 * GUILD_CREATE as this session gets it: without GUILD_PRESENCES, or in a guild of more than 75 000,
 * only the bot and who is in a voice channel are listed; above `large_threshold` only who is online;
 * else everybody. Without GUILD_VOICE_STATES nobody is told of in a voice channel (our choice).
 */
export function guildCreateBody(
  guild: SimGuild,
  { intents, largeThreshold }: Pick<SessionTerms, "intents" | "largeThreshold">,
): Record<string, unknown> {
  const isLarge = guild.member_count > largeThreshold;
  const seesPresences = (intents & INTENTS.GUILD_PRESENCES) !== 0;
  const { listed, online } = membersOf(guild, seesPresences, isLarge);
  return {
    ...guildObject(guild),
    joined_at: guild.joined_at,
    large: isLarge,
    unavailable: false,
    member_count: guild.member_count,
    voice_states: (intents & INTENTS.GUILD_VOICE_STATES) === 0 ? [] : voiceStatesOf(guild),
    members: listed,
    channels: guild.channels.map(({ guild_id: _, ...channel }) => channel),
    threads: guild.threads,
    presences: seesPresences ? online.map(presence) : [],
    stage_instances: [],
    guild_scheduled_events: [],
    soundboard_sounds: [],
  };
}

/** The presence of a member who is online. */
export function presence(member: SimMember): Record<string, unknown> {
  return {
    user: { id: member.user.id },
    status: "online",
    activities: [],
    client_status: { desktop: "online" },
  };
}

const MOST_LISTED = 75_000;

/** Online are the bot, who is in voice, and of all members every fourth. */
function membersOf(
  guild: SimGuild,
  seesPresences: boolean,
  isLarge: boolean,
): { readonly listed: readonly SimMember[]; readonly online: readonly SimMember[] } {
  const { present } = guild;
  // Not through `guild.members`: a large simulation would make everybody at start.
  if (!seesPresences || guild.member_count > MOST_LISTED) {
    return { listed: present, online: present };
  }
  const all = [...guild.members.values()];
  const online = all.filter((each, index) => index % 4 === 0 || present.includes(each));
  return { listed: isLarge ? online : all, online };
}

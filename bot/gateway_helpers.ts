/**
 * What a bot tells Discord's gateway, under Discordeno's names. The same in the unit and in any
 * cluster: whoever holds the shard sends it.
 * See [Discord Docs/Send Events](https://discord.com/developers/docs/events/gateway-events#send-events).
 *
 * @module
 */

import type * as Discord from "../discord.ts";
import { calculateShardId } from "../protocol/ids.ts";
import { OP } from "../protocol/discord/opcodes.ts";
import type { ShardPayload } from "../protocol/worker_message.ts";

/** A presence. See [Discord Docs/Update Presence](https://discord.com/developers/docs/events/gateway-events#update-presence). */
export interface BotStatus {
  readonly status: "online" | "dnd" | "idle" | "invisible" | "offline";
  readonly activities: readonly Record<string, unknown>[];
  /** Since when the bot is idle, ms since the Unix epoch. Default `null`. */
  readonly since?: number | null;
  /** Default false. */
  readonly afk?: boolean;
}

/** Which members are wanted. Default: all, which needs the intent GUILD_MEMBERS. */
export interface MemberRequest {
  /** Beginning of the name; empty for all. Not together with `userIds`. */
  readonly query?: string;
  /** At most so many; 0 for all. */
  readonly limit?: number;
  readonly userIds?: readonly (string | bigint)[];
  /** Whether presences come, too. */
  readonly presences?: boolean;
  /** How long, ms. Default 120,000, at most 600,000. */
  readonly deadlineMs?: number;
}

/** What came of it. */
export interface RequestedMembers {
  readonly members: readonly Discord.DiscordMember[];
  readonly presences?: readonly Discord.DiscordPresenceUpdate[];
  /** Ids that Discord does not know in this guild. */
  readonly notFound: readonly string[];
}

/** How the unit, or somebody who reaches it, does these things. */
export interface GatewayWorld {
  readonly totalShards: () => number;
  /** Shards that this unit runs. */
  readonly shardIds: () => Promise<readonly number[]>;
  readonly sendPayload: (shardId: number, payload: ShardPayload) => Promise<void>;
  readonly requestMembers: (shardId: number, request: object) => Promise<RequestedMembers>;
}

/** The helpers. Each resolves when the payload was handed to the shard's socket. */
export interface GatewayHelpers {
  /**
   * Which shard gets the events of a guild. While the bot moves to another total of shards: which one got them
   * before.
   */
  calculateShardId(guildId: string | bigint): number;
  /**
   * Sends any gateway command: op 3, 4, 8, 31 or 43. What is of a guild goes to the shard that has it at that
   * moment, whichever is named; the rest to that one.
   */
  sendPayload(shardId: number, payload: ShardPayload): Promise<void>;
  /**
   * Changes the presence on every shard of the unit. It is kept: a session that replaces another one has
   * it, too, and one that came too late (`deadline`) is told when the shard is ready again.
   */
  editBotStatus(status: BotStatus): Promise<void>;
  /** Changes the presence on one shard, and keeps it. */
  editShardStatus(shardId: number, status: BotStatus): Promise<void>;
  /** Joins or moves to a voice channel, of whose session VOICE_STATE_UPDATE and VOICE_SERVER_UPDATE tell. */
  joinVoiceChannel(
    guildId: string | bigint,
    channelId: string | bigint,
    options?: { readonly selfMute?: boolean; readonly selfDeaf?: boolean },
  ): Promise<void>;
  /** Leaves the voice channel of a guild. */
  leaveVoiceChannel(guildId: string | bigint): Promise<void>;
  /**
   * Members of a guild. Always settles: with all that Discord has sent when its last chunk is here, or
   * with an error.
   *
   * @throws {GatehouseError} `refused` (a field is wrong, an intent is missing), `no_shard`,
   * `not_ready`, `deadline`, `worker_lost`.
   */
  requestMembers(guildId: string | bigint, request?: MemberRequest): Promise<RequestedMembers>;
}

/** The helpers on top of `world`. One that is replaced in the object is replaced for the others, too. */
export function gatewayHelpers(world: GatewayWorld): GatewayHelpers {
  const voice = async (guildId: string | bigint, channelId: string | null, options: object) =>
    await helpers.sendPayload(helpers.calculateShardId(guildId), {
      op: OP.VOICE_STATE_UPDATE,
      d: { guild_id: String(guildId), channel_id: channelId, ...options },
    });
  // Each is asynchronous from the first step on: what is thrown becomes a rejection.
  const helpers: GatewayHelpers = {
    calculateShardId: (guildId) => calculateShardId(guildId, world.totalShards()),
    sendPayload: async (shardId, payload) => await world.sendPayload(shardId, payload),
    editShardStatus: async (shardId, status) =>
      await helpers.sendPayload(shardId, {
        op: OP.PRESENCE_UPDATE,
        d: { since: null, afk: false, ...status },
      }),
    async editBotStatus(status) {
      const shardIds = await world.shardIds();
      await Promise.all(shardIds.map((shardId) => helpers.editShardStatus(shardId, status)));
    },
    joinVoiceChannel: (guildId, channelId, { selfMute = false, selfDeaf = false } = {}) =>
      voice(guildId, String(channelId), { self_mute: selfMute, self_deaf: selfDeaf }),
    leaveVoiceChannel: (guildId) => voice(guildId, null, { self_mute: false, self_deaf: false }),
    requestMembers: async (guildId, request = {}) =>
      await world.requestMembers(helpers.calculateShardId(guildId), {
        ...request,
        guildId: String(guildId),
        ...(request.userIds && { userIds: request.userIds.map(String) }),
      }),
  };
  return helpers;
}

/**
 * The unit's own side of commands and gateway helpers: the same verbs that its clusters have.
 *
 * @module
 */

import type { Wanted } from "../protocol/wanted.ts";
import { type GatewayHelpers, gatewayHelpers } from "../bot/gateway_helpers.ts";
import type { FetchOptions, Ipc, PeerControl } from "../bot/ipc.ts";
import { type CommandOptions, readOptions } from "../protocol/command.ts";
import { GatehouseError } from "../protocol/errors.ts";
import { targetOf } from "../protocol/link_call.ts";
import type { MembersRequest } from "../protocol/discord/members.ts";
import type { ClusterControl } from "../clusters/place.ts";
import type { Unit } from "./unit.ts";
import { gatewayOf, methodsOf } from "./unit_methods.ts";

/** The gateway helpers of a unit. `unit` throws before it is started. */
export function unitGateway(unit: () => Unit): GatewayHelpers {
  return gatewayHelpers({
    totalShards: () => totalShardsOf(unit()),
    shardIds: () => Promise.resolve(methodsOf(unit()).shardIds()),
    sendPayload: async (shardId, payload) =>
      await gatewayOf(unit()).pool.sendPayload(shardId, payload),
    requestMembers: (shardId, request) =>
      gatewayOf(unit()).pool.requestMembers(shardId, request as MembersRequest) as ReturnType<
        GatewayHelpers["requestMembers"]
      >,
  });
}

function totalShardsOf({ snapshot }: Unit): number {
  if (snapshot.totalShards > 0) return snapshot.totalShards;
  const text = "Cannot tell a guild's shard: Discord has not said yet how many there are";
  throw new GatehouseError("not_ready", "host", text);
}

/** The commands of a unit. `unit` throws before it is started. */
export function unitIpc(unit: () => Unit): Ipc {
  const fetch = async (wanted: Wanted, { rest = false, timeout }: FetchOptions = {}) =>
    await unit().peers.find(wanted, rest, inMs(timeout));
  const command = async (to: unknown, data: unknown, options?: CommandOptions) => {
    const target = targetOf(to);
    if (target) return await unit().peers.command(target, data, options);
    const text = "Cannot send a command: expected {all: true}, {clusterId} or {guildId}";
    throw new GatehouseError("bad_message", "caller", `${text}, received ${typeof to}`);
  };
  return {
    sendServiceCommand: (name, data, options) => command({ service: name }, data, options),
    sendClusterCommand: command as Ipc["sendClusterCommand"],
    fetchGuild: (guildId, options) => fetch({ kind: "guild", guildId: `${guildId}` }, options),
    fetchChannel: (channelId, options) =>
      fetch({ kind: "channel", channelId: `${channelId}` }, options),
    fetchUser: (userId, options) => fetch({ kind: "user", userId: `${userId}` }, options),
    fetchMember: (guildId, userId, options) =>
      fetch({ kind: "member", guildId: `${guildId}`, userId: `${userId}` }, options),
    restart: async (clusterId) => await unit().clusters.get(clusterId).respawn(),
    restartAll: async () => await unit().clusters.restartAll(),
    clusters: { get: (clusterId) => controlOf(() => unit().clusters.get(clusterId)) },
    services: { get: (name) => controlOf(() => unit().services.get(name)) },
    // deno-lint-ignore require-await -- what is thrown becomes a rejection
    stats: async () => unit().stats,
  };
}

/** As a cluster has it: what is wrong shows in the promise, not in `get()`. */
function controlOf(place: () => ClusterControl): PeerControl {
  return {
    // deno-lint-ignore require-await -- what is thrown becomes a rejection
    spawn: async () => place().spawn(),
    kill: async (timeout) => await place().kill(inMs(timeout)),
    respawn: async (timeout) => await place().respawn(inMs(timeout)),
  };
}

function inMs(timeout: number | undefined): number | undefined {
  return timeout === undefined ? undefined : readOptions({ timeout }).timeout;
}

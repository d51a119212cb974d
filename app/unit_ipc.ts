/**
 * The unit's own side of commands and gateway helpers: the same verbs that its clusters have.
 *
 * @module
 */

import type { Wanted } from "../clusters/bot.ts";
import { type GatewayHelpers, gatewayHelpers } from "../clusters/gateway_helpers.ts";
import type { FetchOptions, Ipc } from "../clusters/ipc.ts";
import type { CommandOptions } from "../clusters/switchboard.ts";
import { GatehouseError } from "../protocol/errors.ts";
import { targetOf } from "../protocol/link_call.ts";
import type { Unit } from "./unit.ts";
import { methodsOf } from "./unit_methods.ts";

/** The gateway helpers of a unit. `unit` throws before it is started. */
export function unitGateway(unit: () => Unit): GatewayHelpers {
  return gatewayHelpers({
    totalShards: () => unit().snapshot.totalShards,
    shardIds: () => Promise.resolve(methodsOf(unit()).shardIds()),
    sendPayload: (shardId, payload) => methodsOf(unit()).sendPayload(shardId, payload),
    requestMembers: (shardId, request) =>
      methodsOf(unit()).requestMembers(shardId, request) as ReturnType<
        GatewayHelpers["requestMembers"]
      >,
  });
}

/** The commands of a unit. `unit` throws before it is started. */
export function unitIpc(unit: () => Unit): Ipc {
  const fetch = (wanted: Wanted, { rest = false }: FetchOptions = {}) =>
    unit().peers.find(wanted, rest);
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
  };
}

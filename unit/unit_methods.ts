/**
 * The unit's methods as its clusters and services call them.
 *
 * @module
 */

import { GatehouseError } from "../protocol/errors.ts";
import type { MembersRequest } from "../protocol/discord/members.ts";
import type { UnitGateway } from "./gateway.ts";
import type { Unit } from "./unit.ts";
import type { UnitMethods } from "./unit_calls.ts";

/** The methods of `unit`. */
export function methodsOf(unit: Unit): UnitMethods {
  return {
    shardIds: () => unit.snapshot.shards.map(({ shardId }) => shardId),
    sendPayload: (shardId, payload) => unit.controllers.gateway.sendPayload(shardId, payload),
    requestMembers: async (shardId, request) =>
      isOfGuild(request)
        ? await unit.controllers.gateway.requestMembers(request.guildId, request)
        : await gatewayOf(unit).pool.requestMembers(shardId, request as MembersRequest),
    find: (wanted, rest, timeoutMs) => unit.peers.find(wanted, rest, timeoutMs),
    stats: () => unit.stats,
    restartAll: () => unit.clusters.restartAll(),
    cluster: (clusterId) => unit.clusters.get(clusterId),
    service: (name) => unit.services.get(name),
  };
}

/** Whether it says which guild's; else the pool tells what is wrong. */
function isOfGuild(request: unknown): request is MembersRequest {
  const { guildId } = (request ?? {}) as Partial<MembersRequest>;
  return typeof guildId === "string" && /^\d{1,20}$/.test(guildId);
}

/**
 * The gateway side of a unit.
 *
 * @throws {GatehouseError} `not_ready` before there is one.
 */
export function gatewayOf({ gateway }: Unit): UnitGateway {
  if (gateway) return gateway;
  throw new GatehouseError("not_ready", "host", "Cannot do that: no shard has started yet");
}

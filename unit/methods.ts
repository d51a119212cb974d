/**
 * The methods of a unit by name, each once: what it reads of a request, and what it does. Clusters and
 * services call them over their links, operators through `/control`, the program through `unit.ipc`.
 * What the program can replace is called as it is then: `controllers.ts`.
 *
 * @module
 */

import { type Ipc, ipcOf } from "../bot/ipc.ts";
import type { ClusterControl } from "../clusters/place.ts";
import { isTimeout, TIMEOUT_WANTED } from "../protocol/command.ts";
import { parseMembersRequest } from "../protocol/discord/members.ts";
import { parsePayload } from "../protocol/worker_message.ts";
import { GatehouseError } from "../protocol/errors.ts";
import { isRecord, shown } from "../protocol/record.ts";
import type { Snapshot, Stats } from "../protocol/status.ts";
import type { Wanted } from "../protocol/link_call.ts";
import type { WorkerPool } from "../workers/pool.ts";
import { type GatewayController, gatewayOf } from "./controllers.ts";
import { type Asked, type Caller, type FleetMethods, noUnit } from "./peers/fleet/fleet_methods.ts";
import type { Peers } from "./peers/peers.ts";
import { beginReshard, type ReshardingUnit, steerReshard } from "./reshard/resharding.ts";

/** What the methods act on: a unit. */
export interface MethodsUnit extends ReshardingUnit {
  readonly stats: Stats | null;
  /** Whether workers may be crashed. */
  readonly allowFaults: boolean;
  readonly controllers: {
    readonly gateway: Pick<GatewayController, "sendPayload" | "requestMembers">;
  };
  /** `null` until Discord has been asked. */
  readonly gateway: {
    readonly pool: Pick<WorkerPool, "shardInfo" | "reconnect" | "restart" | "crash">;
  } | null;
  readonly peers: Pick<Peers, "command" | "find">;
  readonly clusters: { get(clusterId: number): ClusterControl; restartAll(): Promise<void> };
  readonly services: { get(name: string): ClusterControl };
  /** Everything at this moment. */
  readonly snapshot: Snapshot;
  /** Has its process stop it in good order. */
  drain(): void;
  /** The fleet that it is one of; without it, or `null`: none. */
  readonly fleet?: Pick<FleetMethods, "shardIds" | "unitFor" | "call" | "restartAll"> | null;
}

type Methods = Readonly<Record<string, (unit: MethodsUnit, asked: Asked) => unknown>>;

/** What clusters and services may call: `docs/protocols.md` tells them. */
const FOR_PEERS: Methods = {
  // Of the whole fleet, unless a unit is named.
  shardIds: ({ shardIds, fleet }, { unit }) =>
    unit === undefined && fleet ? fleet.shardIds : shardIds,
  sendPayload: ({ controllers }, asked) =>
    controllers.gateway.sendPayload(whole(asked, "shardId"), parsePayload(asked.payload)),
  requestMembers({ controllers }, asked) {
    // The guild says which shard: the one that is named with it need not be read.
    const request = parseMembersRequest(asked.request);
    return controllers.gateway.requestMembers(request.guildId, request);
  },
  fetch: ({ peers }, asked) =>
    peers.find(asked.wanted as Wanted, asked.rest === true, timeoutOf(asked)),
  stats: ({ stats }) => stats,
  async shardInfo(unit, asked) {
    const { session, ...info } = await gatewayOf(unit).pool.shardInfo(whole(asked, "shardId"));
    // Who has a session's id can take it over.
    return { ...info, session: session && { seq: session.seq, base: session.base } };
  },
  restartAll: ({ clusters, fleet }, { unit }) =>
    (unit === undefined && fleet ? fleet : clusters).restartAll(),
  spawn: (unit, asked) => placeOf(unit, asked).spawn(),
  kill: (unit, asked) => placeOf(unit, asked).kill(timeoutOf(asked)),
  respawn: (unit, asked) => placeOf(unit, asked).respawn(timeoutOf(asked)),
};

/** What operators and the program may call, too. */
const METHODS: Methods = {
  ...FOR_PEERS,
  state: ({ snapshot }) => snapshot,
  reconnect: (unit, asked) =>
    gatewayOf(unit).pool.reconnect(
      whole(asked, "shardId"),
      oneOf(asked, "session", ["keep", "end"]),
    ),
  reshard: (unit, { totalShards }) => beginReshard(unit, totalShards, "operator"),
  pauseReshard: (unit) => steerReshard(unit, "pause"),
  resumeReshard: (unit) => steerReshard(unit, "resume"),
  cancelReshard: (unit) => steerReshard(unit, "cancel"),
  restartWorker: (unit, asked) => gatewayOf(unit).pool.restart(whole(asked, "workerId")),
  crashWorker(unit, asked) {
    if (!unit.allowFaults) {
      throw new GatehouseError("refused", "caller", "Cannot crash: ALLOW_FAULTS is not set");
    }
    const how = oneOf(asked, "how", ["throw", "exit", "hang"]);
    gatewayOf(unit).pool.crash(whole(asked, "workerId"), how);
  },
  drain: (unit) => unit.drain(),
};

/** Whether clusters and services may call a method. */
export function isForPeers(method: string): boolean {
  return Object.hasOwn(FOR_PEERS, method);
}

/**
 * Does what somebody asks a unit for: `{"method":"sendPayload","shardId":0,"payload":{…}}`. What another unit of its
 * fleet has is done there.
 *
 * @param who A peer may call less than an operator or the program.
 * @returns What the method gives, or a promise of it.
 * @throws {GatehouseError} `bad_message`, or `refused` for members, with the name of the field that is
 * wrong, what was expected and what came, as where a unit is named and there is no fleet; and whatever the method
 * throws.
 */
export function callUnit(unit: MethodsUnit, who: Caller, request: unknown): unknown {
  const asked = isRecord(request) ? request : {};
  const { fleet } = unit;
  const isKnown = isMethod(who, asked.method);
  if (isKnown && !fleet && asked.unit !== undefined) throw noUnit(asked.unit, []);
  const there = fleet && isKnown ? fleet.unitFor(asked) : null;
  return there === null ? callHere(unit, who, asked) : fleet!.call(there, who, asked);
}

/** The same for what this unit has, whatever others have. */
export function callHere(unit: MethodsUnit, who: Caller, asked: Asked): unknown {
  const { method } = asked;
  if (isMethod(who, method)) return methodsFor(who)[method]!(unit, asked);
  const text = `Cannot call the unit: method is ${shown(method)}, which the unit does not have`;
  throw new GatehouseError("bad_message", "caller", text);
}

function methodsFor(who: Caller): Methods {
  return who === "peer" ? FOR_PEERS : METHODS;
}

function isMethod(who: Caller, method: unknown): method is string {
  return typeof method === "string" && Object.hasOwn(methodsFor(who), method);
}

/** The unit's own commands: the same verbs that clusters have. `unit` throws before it is started. */
export function unitIpc(unit: () => MethodsUnit): Ipc {
  return ipcOf({
    unit: async (request) => await callUnit(unit(), "operator", request),
    command: async (...command) => await unit().peers.command(...command),
  });
}

function placeOf({ clusters, services }: MethodsUnit, asked: Asked): ClusterControl {
  return typeof asked.service === "string"
    ? services.get(asked.service)
    : clusters.get(whole(asked, "clusterId"));
}

function whole(asked: Asked, field: string): number {
  const value = asked[field];
  if (Number.isInteger(value)) return value as number;
  throw bad(asked, field, "a whole number");
}

function oneOf<Word extends string>(asked: Asked, field: string, words: readonly Word[]): Word {
  const word = words.find((word) => word === asked[field]);
  if (word !== undefined) return word;
  throw bad(asked, field, words.join(", "));
}

function timeoutOf(asked: Asked): number | undefined {
  const { timeoutMs } = asked;
  if (timeoutMs === undefined || isTimeout(timeoutMs)) return timeoutMs;
  throw bad(asked, "timeoutMs", TIMEOUT_WANTED);
}

function bad(asked: Asked, field: string, expected: string): GatehouseError {
  const text = `${field} is ${shown(asked[field])}, expected ${expected}`;
  return new GatehouseError("bad_message", "caller", `Cannot ${asked.method}: ${text}`);
}

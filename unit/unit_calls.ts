/**
 * The methods of the unit that clusters and services may call.
 *
 * @module
 */

import { GatehouseError } from "../protocol/errors.ts";
import type { Stats } from "../protocol/status.ts";
import type { ShardPayload } from "../protocol/worker_message.ts";
import type { Wanted } from "../protocol/wanted.ts";
import type { ClusterControl } from "../clusters/place.ts";

/** What the methods act on. */
export interface UnitMethods {
  readonly shardIds: () => readonly number[];
  readonly sendPayload: (shardId: number, payload: ShardPayload) => Promise<void>;
  readonly requestMembers: (shardId: number, request: unknown) => Promise<unknown>;
  readonly find: (wanted: Wanted, rest: boolean, timeoutMs?: number) => Promise<unknown>;
  readonly stats: () => Stats | null;
  readonly restartAll: () => Promise<void>;
  readonly cluster: (clusterId: number) => ClusterControl;
  readonly service: (name: string) => ClusterControl;
}

/** Does what a peer asks the unit for. */
export function unitCall(unit: UnitMethods, request: unknown): unknown {
  const asked = (typeof request === "object" && request !== null ? request : {}) as Asked;
  switch (asked.method) {
    case "shardIds":
      return unit.shardIds();
    case "sendPayload":
      return unit.sendPayload(number(asked, "shardId"), payloadOf(asked.payload));
    case "requestMembers":
      return unit.requestMembers(number(asked, "shardId"), asked.request);
    case "fetch":
      return unit.find(asked.wanted as Wanted, asked.rest === true, timeoutOf(asked));
    case "stats":
      return unit.stats();
    case "restartAll":
      return unit.restartAll();
    case "spawn":
    case "kill":
    case "respawn":
      return control(unit, asked)[asked.method](timeoutOf(asked));
  }
  throw bad(`method is ${JSON.stringify(asked.method)}, which the unit does not have`);
}

interface Asked {
  readonly method?: string;
  readonly [field: string]: unknown;
}

function control(unit: UnitMethods, asked: Asked): ClusterControl {
  return typeof asked.service === "string"
    ? unit.service(asked.service)
    : unit.cluster(number(asked, "clusterId"));
}

function timeoutOf({ timeoutMs }: Asked): number | undefined {
  if (timeoutMs === undefined || (typeof timeoutMs === "number" && timeoutMs >= 0)) {
    return timeoutMs;
  }
  throw bad(`timeoutMs is ${JSON.stringify(timeoutMs)}, expected milliseconds`);
}

function number(asked: Asked, field: string): number {
  const value = asked[field];
  if (typeof value === "number" && Number.isInteger(value)) return value;
  throw bad(`${field} is ${JSON.stringify(value)}, expected a whole number`);
}

function payloadOf(value: unknown): ShardPayload {
  const { op, d } = (value ?? {}) as Record<string, unknown>;
  if (typeof op !== "number") throw bad(`payload.op is ${JSON.stringify(op)}, expected a number`);
  return { op, d };
}

function bad(what: string): GatehouseError {
  return new GatehouseError("bad_message", "caller", `Cannot call the unit: ${what}`);
}

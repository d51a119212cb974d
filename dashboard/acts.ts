/**
 * What a person may have the unit do from the page: read strictly, and said in words for the log and the page.
 *
 * @module
 */

import { GatehouseError } from "../protocol/errors.ts";
import { isRecord, shown } from "../protocol/record.ts";
import { counted } from "../protocol/rounded.ts";
import type { Told } from "./incidents.ts";
import type { DashboardAct } from "./words.ts";

type Method = DashboardAct["method"];
type Field = "clusterId" | "service" | "shardId" | "session" | "workerId" | "totalShards";

/** Each method, and the fields that go with it; of those in one list one is given. */
const METHODS: Readonly<Record<Method, readonly (readonly Field[])[]>> = {
  kill: [["clusterId", "service"]],
  respawn: [["clusterId", "service"]],
  spawn: [["clusterId", "service"]],
  restartAll: [],
  reconnect: [["shardId"], ["session"]],
  restartWorker: [["workerId"]],
  reshard: [["totalShards"]],
  pauseReshard: [],
  resumeReshard: [],
  cancelReshard: [],
  drain: [],
};

/** What may stand in a field, and how that is said. */
const FIELDS: Readonly<Record<Field, readonly [is: (value: unknown) => boolean, wanted: string]>> =
  {
    clusterId: [isWhole, "a whole number"],
    service: [(value) => typeof value === "string" && value !== "", "the name of a service"],
    shardId: [isWhole, "a whole number"],
    session: [(value) => value === "keep" || value === "end", "keep or end"],
    workerId: [isWhole, "a whole number"],
    totalShards: [isWhole, "a whole number"],
  };

/**
 * Reads a request of the page's: whatever else is in it is left out.
 *
 * @throws {GatehouseError} `bad_message` with what is wrong.
 *
 * @example
 * ```ts
 * import { parseAct } from "./acts.ts";
 * const act = parseAct({ method: "respawn", clusterId: 0, timeoutMs: 1 });
 * console.assert(JSON.stringify(act) === '{"method":"respawn","clusterId":0}');
 * ```
 */
export function parseAct(value: unknown): DashboardAct {
  const asked: Readonly<Record<string, unknown>> = isRecord(value) ? value : {};
  const { method } = asked;
  if (typeof method !== "string" || !Object.hasOwn(METHODS, method)) {
    throw bad("act", "method", method, Object.keys(METHODS).join(", "));
  }
  const fields = METHODS[method as Method].map((names) => {
    const name = names.find((name) => asked[name] !== undefined) ?? names[0]!;
    const [isRight, wanted] = FIELDS[name];
    if (!isRight(asked[name])) throw bad(method, name, asked[name], wanted);
    return [name, asked[name]] as const;
  });
  return { method, ...Object.fromEntries(fields) } as DashboardAct;
}

/** What a person does, as an incident: `an operator restarts cluster 0`. */
export function actWords(act: DashboardAct): Told {
  return { level: "info", about: "operator", text: `an operator ${deedOf(act)}` };
}

function deedOf(act: DashboardAct): string {
  switch (act.method) {
    case "kill":
      return `kills ${placeOf(act)}`;
    case "respawn":
      return `restarts ${placeOf(act)}`;
    case "spawn":
      return `starts ${placeOf(act)}`;
    case "restartAll":
      return "restarts all clusters, one after another";
    case "reconnect":
      return act.session === "keep"
        ? `has shard ${act.shardId} reconnect`
        : `gives shard ${act.shardId} a new session`;
    case "restartWorker":
      return `restarts worker ${act.workerId}`;
    case "reshard":
      return `reshards to ${counted(act.totalShards, "shard")}`;
    case "pauseReshard":
      return "pauses the reshard";
    case "resumeReshard":
      return "lets the reshard go on";
    case "cancelReshard":
      return "cancels the reshard";
    case "drain":
      return "drains this unit: it stops, and sessions are kept";
  }
}

function placeOf(act: { readonly clusterId: number } | { readonly service: string }): string {
  return "service" in act ? `service ${act.service}` : `cluster ${act.clusterId}`;
}

function isWhole(value: unknown): boolean {
  return Number.isInteger(value) && value as number >= 0;
}

function bad(method: string, field: string, value: unknown, wanted: string): GatehouseError {
  const text = `Cannot ${method}: ${field} is ${shown(value)}, expected ${wanted}`;
  return new GatehouseError("bad_message", "caller", text);
}

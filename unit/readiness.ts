/**
 * Whether the unit does its work right now, and why not: the answer of `/readyz`.
 *
 * @module
 */

import type { ShardSnapshot, Snapshot } from "../protocol/status.ts";

/** The verdict. `reasons` is empty exactly when the unit is ready. */
export interface Readiness {
  readonly ready: boolean;
  /** In a person's words, the most telling first. */
  readonly reasons: readonly string[];
}

/**
 * Ready means: every shard is ready, every worker runs, every cluster and service is connected. A unit
 * without clusters is ready as well: its events wait for a consumer.
 */
export function readiness(snapshot: Snapshot): Readiness {
  const reasons = [
    ...shardReasons(snapshot),
    ...workerReasons(snapshot),
    ...clusterReasons(snapshot),
    ...serviceReasons(snapshot),
  ];
  return { ready: reasons.length === 0, reasons };
}

function shardReasons({ shards }: Snapshot): string[] {
  if (shards.length === 0) return ["no shard has started yet"];
  const waiting = Map.groupBy(
    shards.filter((shard) => shard.state !== "ready"),
    (shard) => `${shard.state}${shard.reason === "" ? "" : ` (${shard.reason})`}`,
  );
  return [...waiting].map(([state, members]) => `${shardNames(members)}: ${state}`);
}

function workerReasons({ workers }: Snapshot): string[] {
  return workers
    .filter((worker) => worker.state !== "running")
    .map(({ workerId, state, reason }) => `worker ${workerId}: ${state}${because(reason)}`);
}

function clusterReasons({ clusters }: Snapshot): string[] {
  return clusters
    .filter((cluster) => cluster.state !== "connected")
    .map(({ clusterId, state, reason }) => `cluster ${clusterId}: ${state}${because(reason)}`);
}

function serviceReasons({ services }: Snapshot): string[] {
  return services
    .filter((service) => service.state !== "connected")
    .map(({ name, state, reason }) => `service ${name}: ${state}${because(reason)}`);
}

function because(reason: string): string {
  return reason === "" ? "" : ` (${reason})`;
}

/** `shard 7`, or `shards 0-3, 7`. */
function shardNames(shards: readonly ShardSnapshot[]): string {
  const ids = shards.map((shard) => shard.shardId).sort((a, b) => a - b);
  const ranges: [number, number][] = [];
  for (const id of ids) {
    const last = ranges.at(-1);
    if (last && last[1] === id - 1) last[1] = id;
    else ranges.push([id, id]);
  }
  const text = ranges.map(([first, last]) => first === last ? `${first}` : `${first}-${last}`);
  return `${ids.length === 1 ? "shard" : "shards"} ${text.join(", ")}`;
}

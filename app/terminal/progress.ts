/**
 * Where the start has got to, as one line that a terminal redraws, and the words once it is done.
 *
 * @module
 */

import type { ShardState, Snapshot } from "../../protocol/status.ts";

/** What the sentences need beside the snapshot. */
export interface ProgressOptions {
  /** Time between two identifies of one key: `SPAWN_SHARD_DELAY_MS`. */
  readonly identifyWindowMs: number;
}

/** The states worth a word while shards come up, in the order that they pass through. */
const PASSING: readonly ShardState[] = [
  "queued",
  "connecting",
  "hello",
  "identifying",
  "resuming",
  "backing off",
  "stopped",
];

/**
 * The line while shards come up:
 * `shards ready 5/16 · queued 9, identifying 2 · next identify in 3 s · about 20 s left`.
 */
export function progressLine(snapshot: Snapshot, options: ProgressOptions): string {
  const { shards, identify } = snapshot;
  const ready = shards.filter((shard) => shard.state === "ready").length;
  const states = PASSING
    .map((state) => [state, shards.filter((shard) => shard.state === state).length] as const)
    .filter(([, count]) => count > 0)
    .map(([state, count]) => `${state} ${count}`);
  return [
    `shards ready ${ready}/${shards.length}`,
    ...(states.length > 0 ? [states.join(", ")] : []),
    ...(identify.waiting > 0
      ? [
        `next identify in ${duration(identify.nextSlotMs)}`,
        `about ${duration(timeLeftMs(snapshot, options))} left`,
      ]
      : []),
  ].join(" · ");
}

/** Time until the last waiting shard has its slot. */
export function timeLeftMs({ identify }: Snapshot, { identifyWindowMs }: ProgressOptions): number {
  if (identify.waiting === 0) return 0;
  const rounds = Math.ceil(identify.waiting / Math.max(1, identify.maxConcurrency));
  return identify.nextSlotMs + (rounds - 1) * identifyWindowMs;
}

/**
 * The lines once every shard is ready: how many, how long it took, what it cost.
 *
 * @param tookMs Time since the unit began to start.
 */
export function startSummary(snapshot: Snapshot, tookMs: number): string[] {
  const { shards, workers, clusters, identify } = snapshot;
  const sum = (field: "identifies" | "resumes") =>
    shards.reduce((total, shard) => total + (shard.counters?.[field] ?? 0), 0);
  const connected = clusters.filter((cluster) => cluster.state === "connected").length;
  return [
    `${count(shards.length, "shard")} ready on ${count(workers.length, "worker")} in ` +
    `${duration(tookMs)}: ${sum("identifies")} identified, ${sum("resumes")} resumed`,
    `${identify.remaining} of ${identify.total} identifies left for today, ` +
    `${identify.reserve} of them kept in reserve`,
    clusters.length === 0
      ? "no cluster: events wait for a consumer"
      : `${connected} of ${count(clusters.length, "cluster")} connected`,
  ];
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}

/** A duration for a person: `0 s`, `4 s`, `2 min 5 s`, `1 h 3 min`. Rounded up. */
export function duration(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  if (minutes === 0) return `${seconds} s`;
  if (minutes < 60) return `${minutes} min${seconds % 60 ? ` ${seconds % 60} s` : ""}`;
  return `${Math.floor(minutes / 60)} h${minutes % 60 ? ` ${minutes % 60} min` : ""}`;
}

/**
 * What a person is told of a unit: in the log one line per thing that they want to know, and while it
 * starts, at the bottom of a terminal, a line that says where it has got to.
 *
 * @module
 */

import type { Log } from "../../ports/log.ts";
import { type ShardKeyText, shardKeyText } from "../../protocol/ids.ts";
import { counted, duration } from "../../protocol/rounded.ts";
import { servingOf, type ShardState, type Snapshot, type Status } from "../../protocol/status.ts";
import { holdReason, waitText } from "../../unit/readiness.ts";
import type { Unit } from "../../unit/unit.ts";
import { FleetLines } from "./fleet_lines.ts";
import { ReshardLines } from "./reshard_lines.ts";

/** Tells the log until the unit has stopped. */
export async function narrate(unit: Unit, log: Log, ready: () => void): Promise<void> {
  const states = new Map<ShardKeyText, ShardState>();
  const reshards = new ReshardLines();
  const fleets = new FleetLines();
  for await (const status of unit.status()) {
    switch (status.kind) {
      case "shard": {
        const key = shardKeyText({ total: status.totalShards, id: status.shard.shardId });
        tellShard(status, states.get(key), log);
        states.set(key, status.shard.state);
        break;
      }
      case "cluster": {
        const { clusterId, state, reason } = status.cluster;
        log.debug("cluster", { clusterId, state, reason });
        break;
      }
      case "service":
        log.debug("service", { ...status.service });
        break;
      case "reshard":
        for (const { level, event, fields } of reshards.of(status.reshard)) {
          log[level](event, fields);
        }
        break;
      case "fleet":
        for (const { level, event, fields } of fleets.of(status.fleet)) log[level](event, fields);
        break;
      case "allClustersReady":
        log.info("all clusters are ready");
        break;
      case "ALL_MEMBERS_CACHED":
        log.info("all members have come", { clusterId: status.clusterId ?? "all" });
        break;
      case "ready":
        ready();
        for (const line of startSummary(unit.snapshot, status.tookMs)) log.info(line);
        break;
      case "stopping":
        log.info("stopping, sessions are kept", { reason: status.reason });
    }
  }
}

/** Of one that does not serve the progress of the reshard tells; see `docs/resharding.md`. */
function tellShard(
  { shard: { shardId, state, reason }, totalShards, role }: Extract<Status, { kind: "shard" }>,
  before: ShardState | undefined,
  log: Log,
): void {
  if (role !== "serves") log.debug("shard", { shardId, totalShards, role, state, reason });
  else if (state === "ready") log.info("shard is ready", { shardId, reason });
  else if (before === "ready" && reason !== "stopping") {
    log.warn("shard reconnects", { shardId, state, reason });
  } else log.debug("shard", { shardId, state, reason });
}

/** What the sentences need beside the snapshot. */
interface ProgressOptions {
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
  const { identify, discovery } = snapshot;
  if (discovery) return waitText(discovery);
  const shards = servingOf(snapshot.shards);
  const ready = shards.filter((shard) => shard.state === "ready").length;
  const states = PASSING
    .map((state) => [state, shards.filter((shard) => shard.state === state).length] as const)
    .filter(([, count]) => count > 0)
    .map(([state, count]) => `${state} ${count}`);
  return [
    `shards ready ${ready}/${shards.length}`,
    ...(states.length > 0 ? [states.join(", ")] : []),
    ...degraded(snapshot),
    ...(identify.held ? holdReason(identify) : slotWords(snapshot, options)),
  ].join(" · ");
}

/** What the unit has to do without, because Discord refuses it. */
function degraded({ shards, intents: { refused } }: Snapshot): string[] {
  const names = new Set([...refused, ...servingOf(shards).flatMap(({ lacks }) => lacks)]);
  return names.size > 0 ? [`degraded: without ${[...names].join(", ")}`] : [];
}

function slotWords(snapshot: Snapshot, options: ProgressOptions): string[] {
  const { waiting, nextSlotMs } = snapshot.identify;
  if (waiting === 0) return [];
  const left = duration(timeLeftMs(snapshot, options));
  return [`next identify in ${duration(nextSlotMs)}`, `about ${left} left`];
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
  const { workers, clusters, identify } = snapshot;
  const shards = servingOf(snapshot.shards);
  const sum = (field: "identifies" | "resumes") =>
    shards.reduce((total, shard) => total + (shard.counters?.[field] ?? 0), 0);
  const connected = clusters.filter((cluster) => cluster.state === "connected").length;
  return [
    `${counted(shards.length, "shard")} ready on ${counted(workers.length, "worker")} in ` +
    `${duration(tookMs)}: ${sum("identifies")} identified, ${sum("resumes")} resumed`,
    `${identify.remaining} of ${identify.total} identifies left for today, ` +
    `${identify.reserve} of them kept in reserve`,
    clusters.length === 0
      ? "no cluster: events wait for a consumer"
      : `${connected} of ${counted(clusters.length, "cluster")} connected`,
    ...degraded(snapshot),
  ];
}

/**
 * One line at the bottom of a terminal that is drawn over itself, while log lines scroll above it. Where
 * the output is no terminal, `show` does nothing.
 */
export interface StatusLine {
  /** Replaces the line; an empty text removes it. */
  show(text: string): void;
  /** Writes whole lines above it. */
  write(lines: string): void;
}

const CLEAR_LINE = "\r\x1b[2K";

/** A line on a terminal that takes text with `print`. */
export function statusLine(
  print: (text: string) => void,
  isTerminal: boolean,
  columns: () => number,
): StatusLine {
  let shown = "";
  // A line that wraps could not be cleared again.
  const fit = (text: string) => text.slice(0, Math.max(0, columns() - 1));
  return {
    show(text) {
      if (!isTerminal || text === shown) return;
      shown = text;
      print(CLEAR_LINE + fit(text));
    },
    write(lines) {
      print(shown === "" ? lines : CLEAR_LINE + lines + fit(shown));
    },
  };
}

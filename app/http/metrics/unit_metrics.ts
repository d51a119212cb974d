/**
 * The numbers of a unit: the answer of `/metrics`, but for those of the port.
 *
 * @module
 */

import { intentNames, PRIVILEGED_INTENTS } from "../../../protocol/discord/intents.ts";
import {
  servingOf,
  SHARD_STATES,
  type ShardCounters,
  type Snapshot,
} from "../../../protocol/status.ts";
import { readiness } from "../../../unit/readiness.ts";
import { labelled, type Metric, metric, one, renderText, type Sample } from "./metric.ts";
import type { Counted, ShardTotals } from "./shard_totals.ts";
import { FLEET_METRICS } from "./fleet_metrics.ts";
import { RESHARD_METRICS } from "./reshard_metrics.ts";
import { REST_METRICS } from "./rest_metrics.ts";

/** What is known of a unit, and its shards as they are counted. */
export type Known = Snapshot & { readonly counted: readonly Counted[] };

/**
 * Every metric of a unit. Counters of shards begin at 0 with each life of their worker, which
 * Prometheus knows how to read.
 */
export const METRICS: readonly Metric<Known>[] = [
  metric("gatehouse_info", "1; the labels say what kind of unit this is.", ({ mode }) => [
    { labels: { mode }, value: 1 },
  ]),
  one("gatehouse_ready", "1 while /readyz answers 200.", (known) => Number(readiness(known).ready)),
  metric(
    "gatehouse_shards",
    "Shards of this unit by state.",
    ({ shards }) =>
      SHARD_STATES.map((state) => ({
        labels: { state },
        value: shards.filter((shard) => shard.state === state).length,
      })),
  ),
  metric(
    "gatehouse_shard_state",
    "1 under the state that a shard is in.",
    ({ shards, counted }) =>
      counted === shards
        ? shards.map(({ shardId, state }) => ({ labels: { shard: shardId, state }, value: 1 }))
        : [],
  ),
  metric(
    "gatehouse_shards_without_intent",
    "Shards whose sessions lack a privileged intent that is wanted, because Discord refused it.",
    ({ shards, intents }) =>
      intentNames(intents.wanted & PRIVILEGED_INTENTS).map((intent) => ({
        labels: { intent },
        value: shards.filter(({ lacks }) => lacks.includes(intent)).length,
      })),
  ),
  metric(
    "gatehouse_shard_guilds",
    "Guilds of a shard; Discord allows 2500.",
    ({ counted }) =>
      counted.flatMap(({ shardId, guilds }) =>
        guilds === null ? [] : [{ labels: ofShard(shardId), value: guilds }]
      ),
  ),
  metric(
    "gatehouse_shard_guilds_ratio",
    "Guilds of a shard over those that Discord allows: from RESHARD_AT on there are to be more shards.",
    ({ counted, guildLimit: { most } }) =>
      counted.flatMap(({ shardId, guilds }) =>
        guilds === null ? [] : [{ labels: ofShard(shardId), value: guilds / most }]
      ),
  ),
  perShard(
    "gatehouse_shard_latency_seconds",
    "Round trip of the last heartbeat.",
    "latencyMs",
    1000,
  ),
  perShard("gatehouse_events_received_total", "Dispatches from Discord.", "received"),
  perShard("gatehouse_received_bytes_total", "Bytes of dispatches.", "receivedBytes"),
  perShard(
    "gatehouse_events_forwarded_total",
    "Events sent to a consumer; one that is sent again counts again.",
    "forwarded",
  ),
  perShard(
    "gatehouse_events_acknowledged_total",
    "Events that a consumer has dealt with.",
    "acknowledged",
  ),
  perShard("gatehouse_events_queued", "Events not acknowledged yet.", "queued"),
  perShard("gatehouse_queue_bytes", "Bytes of the events not acknowledged.", "queuedBytes"),
  perShard(
    "gatehouse_queue_disk_bytes",
    "Disk that the events not acknowledged take.",
    "queuedDiskBytes",
  ),
  perShard("gatehouse_guild_bytes", "Memory that guilds take, about.", "guildBytes"),
  perShard("gatehouse_guild_disk_bytes", "Disk that guilds take.", "guildDiskBytes"),
  perShard(
    "gatehouse_shard_queue_age_seconds",
    "How long the oldest event that is not acknowledged has waited.",
    "queueAgeMs",
    1000,
  ),
  perShard(
    "gatehouse_shard_ack_lag_seconds",
    "Mean time from an event's arrival to its acknowledgement, of late.",
    "ackLagMs",
    1000,
  ),
  metric(
    "gatehouse_events_by_type_total",
    "Dispatches from Discord since the unit started, by type.",
    ({ eventsByType }) => labelled(eventsByType, (type) => ({ type })),
  ),
  metric(
    "gatehouse_type_deaf",
    "1 while events of a type have stopped and others flow.",
    ({ eventsByType, deafTypes }) =>
      Object.keys(eventsByType).map((type) => ({
        labels: { type },
        value: Number(deafTypes.some((deaf) => deaf.type === type)),
      })),
  ),
  perShard(
    "gatehouse_events_dropped_total",
    "Events lost because the queue was full; the bot was told by a GAP.",
    "dropped",
  ),
  perShard(
    "gatehouse_events_unreadable_total",
    "Stored events, or parts of their files, that cannot be read.",
    "unreadable",
  ),
  perShard(
    "gatehouse_events_withheld_total",
    "Events that EDITED_MESSAGES or WORKER_MODULE withheld.",
    "withheld",
  ),
  perShard("gatehouse_identifies_total", "Sessions begun with IDENTIFY.", "identifies"),
  perShard("gatehouse_resumes_total", "Sessions picked up with RESUME.", "resumes"),
  metric(
    "gatehouse_reconnects_total",
    "Connections that ended, by cause.",
    ({ counted }) =>
      counted.flatMap(({ shardId, counters }) =>
        labelled(counters?.reconnects ?? {}, (cause) => ({ ...ofShard(shardId), cause }))
      ),
  ),
  perShard("gatehouse_stale_inputs_total", "Inputs of an ended connection.", "stale"),
  perShard(
    "gatehouse_events_renumbered_total",
    "Events whose number did not grow, outside a replay.",
    "renumbered",
  ),
  perShard("gatehouse_illegal_inputs_total", "Inputs that were a bug.", "illegal"),
  ...perPlace(
    "worker",
    "running",
    "1 while a worker runs.",
    ({ workers }) => workers.map((worker) => ({ ...worker, id: worker.workerId })),
  ),
  ...perPlace(
    "cluster",
    "connected",
    "1 while a cluster's link is up.",
    ({ clusters }) => clusters.map((cluster) => ({ ...cluster, id: cluster.clusterId })),
  ),
  ...perPlace(
    "service",
    "connected",
    "1 while a service's link is up.",
    ({ services }) => services.map((service) => ({ ...service, id: service.name })),
  ),
  metric(
    "gatehouse_interactions_total",
    "Interactions whose bot was away, by what became of them.",
    ({ interactions: { posted: _, ...outcomes } }) =>
      labelled(outcomes, (outcome) => ({ outcome })),
  ),
  metric(
    "gatehouse_posted_total",
    "What Discord has POSTed, by what it was, or what became of it.",
    ({ interactions: { posted } }) => labelled({ ...posted }, (what) => ({ what })),
  ),
  one(
    "gatehouse_state_files_set_aside_total",
    "Files of the state folder that could not be read at the start.",
    ({ stateFilesSetAside }) => stateFilesSetAside,
  ),
  identify("gatehouse_identify_remaining", "Identifies left for today.", "remaining"),
  identify("gatehouse_identify_limit", "Identifies that Discord allows per day.", "total"),
  identify("gatehouse_identify_reserve", "Identifies that are not spent by ourselves.", "reserve"),
  identify("gatehouse_identify_waiting", "Shards that wait for a slot.", "waiting"),
  one(
    "gatehouse_identify_held",
    "1 while shards wait and the reserve holds them back.",
    ({ identify }) => Number(identify.held !== null),
  ),
  identify("gatehouse_identify_max_concurrency", "Identify keys per window.", "maxConcurrency"),
  ...FLEET_METRICS,
  ...RESHARD_METRICS,
  ...REST_METRICS.map((metric): Metric<Known> => ({
    ...metric,
    samples: ({ rest }) => metric.samples(rest),
  })),
];

/**
 * All metrics of `snapshot` in Prometheus' text format. Of its shards those that serve: their ids are unique.
 *
 * @param totals Where there is to be no series of each shard: what all have counted so far.
 */
export function renderMetrics(snapshot: Snapshot, totals: ShardTotals | null = null): string {
  return renderText(METRICS, knownOf(snapshot, totals));
}

/** What {@linkcode METRICS} read. */
export function knownOf(snapshot: Snapshot, totals: ShardTotals | null): Known {
  const shards = servingOf(snapshot.shards);
  return { ...snapshot, shards, counted: totals === null ? shards : [totals.merge(shards)] };
}

function ofShard(shardId: number | null): Sample["labels"] {
  return shardId === null ? {} : { shard: shardId };
}

function identify(
  name: string,
  help: string,
  field: Exclude<keyof Snapshot["identify"], "held">,
): Metric<Known> {
  return one(name, help, (snapshot) => snapshot.identify[field]);
}

/** A number that each shard counts, over `unit`; a shard that has not counted yet has no sample. */
function perShard(
  name: string,
  help: string,
  field: Exclude<keyof ShardCounters, "shardId" | "reconnects">,
  unit = 1,
): Metric<Known> {
  return metric(name, help, ({ counted }) =>
    counted.flatMap(({ shardId, counters }) => {
      const value = counters?.[field] ?? null;
      return value === null ? [] : [{ labels: ofShard(shardId), value: value / unit }];
    }));
}

/** Of each place where something is kept running: whether it is well, and its restarts. */
function perPlace(
  kind: "worker" | "cluster" | "service",
  well: "running" | "connected",
  help: string,
  of: (snapshot: Snapshot) => { id: number | string; state: string; restarts: number }[],
): Metric<Known>[] {
  return [
    metric(`gatehouse_${kind}_${well}`, help, (snapshot) =>
      of(snapshot).map(({ id, state }) => ({
        labels: { [kind]: id },
        value: Number(state === well),
      }))),
    metric(
      `gatehouse_${kind}_restarts_total`,
      `Times a ${kind} was started again.`,
      (snapshot) =>
        of(snapshot).map(({ id, restarts }) => ({ labels: { [kind]: id }, value: restarts })),
    ),
  ];
}

/**
 * The unit's numbers as Prometheus reads them: the answer of `/metrics`.
 * See the [text format](https://prometheus.io/docs/instrumenting/exposition_formats/).
 *
 * @module
 */

import { SHARD_STATES, type ShardCounters, type Snapshot } from "../../protocol/status.ts";
import { type Metric as MetricOf, renderText } from "./prometheus.ts";
import { REST_METRICS } from "./rest_metrics.ts";

/** A metric of a unit. */
export type Metric = MetricOf<Snapshot>;

/**
 * Every metric of a unit. Counters of shards begin at 0 with each life of their worker, which
 * Prometheus knows how to read.
 */
export const METRICS: readonly Metric[] = [
  gauge("gatehouse_info", "1; the labels say what kind of unit this is.", ({ mode }) => [
    { labels: { mode }, value: 1 },
  ]),
  gauge(
    "gatehouse_shards",
    "Shards of this unit by state.",
    ({ shards }) =>
      SHARD_STATES.map((state) => ({
        labels: { state },
        value: shards.filter((shard) => shard.state === state).length,
      })),
  ),
  gauge(
    "gatehouse_shard_state",
    "1 under the state that a shard is in.",
    ({ shards }) =>
      shards.map(({ shardId, state }) => ({ labels: { shard: shardId, state }, value: 1 })),
  ),
  perShard("gatehouse_shard_latency_ms", "gauge", "Round trip of the last heartbeat.", "latencyMs"),
  perShard("gatehouse_events_received_total", "counter", "Dispatches from Discord.", "received"),
  perShard("gatehouse_received_bytes_total", "counter", "Bytes of dispatches.", "receivedBytes"),
  perShard(
    "gatehouse_events_forwarded_total",
    "counter",
    "Events sent to a consumer; one that is sent again counts again.",
    "forwarded",
  ),
  perShard(
    "gatehouse_events_acknowledged_total",
    "counter",
    "Events that a consumer has dealt with.",
    "acknowledged",
  ),
  perShard("gatehouse_events_queued", "gauge", "Events not acknowledged yet.", "queued"),
  perShard(
    "gatehouse_queue_bytes",
    "gauge",
    "Bytes of the events not acknowledged.",
    "queuedBytes",
  ),
  perShard(
    "gatehouse_queue_disk_bytes",
    "gauge",
    "Disk that the events not acknowledged take.",
    "queuedDiskBytes",
  ),
  perShard(
    "gatehouse_shard_queue_age_seconds",
    "gauge",
    "How long the oldest event that is not acknowledged has waited.",
    "queueAgeMs",
    1000,
  ),
  perShard(
    "gatehouse_shard_ack_lag_seconds",
    "gauge",
    "Mean time from an event's arrival to its acknowledgement, of late.",
    "ackLagMs",
    1000,
  ),
  counter(
    "gatehouse_events_by_type_total",
    "Dispatches from Discord since the unit started, by type.",
    ({ eventsByType }) =>
      Object.entries(eventsByType).map(([type, value]) => ({ labels: { type }, value })),
  ),
  perShard(
    "gatehouse_events_dropped_total",
    "counter",
    "Events lost because the queue was full; the bot was told by a GAP.",
    "dropped",
  ),
  perShard(
    "gatehouse_events_withheld_total",
    "counter",
    "Events that EDITED_MESSAGES or WORKER_MODULE withheld.",
    "withheld",
  ),
  perShard("gatehouse_identifies_total", "counter", "Sessions begun with IDENTIFY.", "identifies"),
  perShard("gatehouse_resumes_total", "counter", "Sessions picked up with RESUME.", "resumes"),
  counter(
    "gatehouse_reconnects_total",
    "Connections that ended, by cause.",
    ({ shards }) =>
      shards.flatMap(({ shardId, counters }) =>
        Object.entries(counters?.reconnects ?? {}).map(([cause, value]) => ({
          labels: { shard: shardId, cause },
          value,
        }))
      ),
  ),
  perShard("gatehouse_stale_inputs_total", "counter", "Inputs of an ended connection.", "stale"),
  perShard("gatehouse_illegal_inputs_total", "counter", "Inputs that were a bug.", "illegal"),
  gauge(
    "gatehouse_worker_running",
    "1 while a worker runs.",
    ({ workers }) =>
      workers.map(({ workerId, state }) => ({
        labels: { worker: workerId },
        value: Number(state === "running"),
      })),
  ),
  counter(
    "gatehouse_worker_restarts_total",
    "Times a worker was started again.",
    (snapshot) =>
      snapshot.workers.map(({ workerId, restarts }) => ({
        labels: { worker: workerId },
        value: restarts,
      })),
  ),
  gauge(
    "gatehouse_cluster_connected",
    "1 while a cluster's link is up.",
    ({ clusters }) =>
      clusters.map(({ clusterId, state }) => ({
        labels: { cluster: clusterId },
        value: Number(state === "connected"),
      })),
  ),
  counter(
    "gatehouse_cluster_restarts_total",
    "Times a cluster was started again.",
    (snapshot) =>
      snapshot.clusters.map(({ clusterId, restarts }) => ({
        labels: { cluster: clusterId },
        value: restarts,
      })),
  ),
  gauge(
    "gatehouse_service_connected",
    "1 while a service's link is up.",
    ({ services }) =>
      services.map(({ name, state }) => ({
        labels: { service: name },
        value: Number(state === "connected"),
      })),
  ),
  counter(
    "gatehouse_service_restarts_total",
    "Times a service was started again.",
    (snapshot) =>
      snapshot.services.map(({ name, restarts }) => ({
        labels: { service: name },
        value: restarts,
      })),
  ),
  counter(
    "gatehouse_interactions_total",
    "Interactions whose bot was away, by what became of them.",
    ({ interactions }) =>
      Object.entries(interactions).map(([outcome, value]) => ({ labels: { outcome }, value })),
  ),
  identify("gatehouse_identify_remaining", "Identifies left for today.", "remaining"),
  identify("gatehouse_identify_limit", "Identifies that Discord allows per day.", "total"),
  identify("gatehouse_identify_reserve", "Identifies that are not spent by ourselves.", "reserve"),
  identify("gatehouse_identify_waiting", "Shards that wait for a slot.", "waiting"),
  identify("gatehouse_identify_max_concurrency", "Identify keys per window.", "maxConcurrency"),
  ...REST_METRICS.map((metric): Metric => ({
    ...metric,
    samples: ({ rest }) => metric.samples(rest),
  })),
];

/** All metrics of `snapshot` in Prometheus' text format. */
export function renderMetrics(snapshot: Snapshot): string {
  return renderText(METRICS, snapshot);
}

function gauge(name: string, help: string, samples: Metric["samples"]): Metric {
  return { name, type: "gauge", help, samples };
}

function counter(name: string, help: string, samples: Metric["samples"]): Metric {
  return { name, type: "counter", help, samples };
}

/** A number that each shard counts, over `unit`; a shard that has not counted yet has no sample. */
function perShard(
  name: string,
  type: Metric["type"],
  help: string,
  field: Exclude<keyof ShardCounters, "shardId" | "reconnects">,
  unit = 1,
): Metric {
  return {
    name,
    type,
    help,
    samples: ({ shards }) =>
      shards.flatMap(({ shardId, counters }) => {
        const value = counters?.[field] ?? null;
        return value === null ? [] : [{ labels: { shard: shardId }, value: value / unit }];
      }),
  };
}

function identify(name: string, help: string, field: keyof Snapshot["identify"]): Metric {
  return gauge(name, help, (snapshot) => [{ labels: {}, value: snapshot.identify[field] }]);
}

/**
 * The numbers of a unit, and of the REST proxy by itself, in the text that Prometheus reads: the answer
 * of `/metrics`.
 * See the [text format](https://prometheus.io/docs/instrumenting/exposition_formats/).
 *
 * @module
 */

import { intentNames, PRIVILEGED_INTENTS } from "../../protocol/discord/intents.ts";
import {
  type RestRouteSnapshot,
  type RestSnapshot,
  SHARD_STATES,
  type ShardCounters,
  type Snapshot,
  type Times,
} from "../../protocol/status.ts";

/** One number with its labels. */
export interface Sample {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
  /** What comes after the metric's name: the parts of a histogram have one each. Default: nothing. */
  readonly suffix?: "_bucket" | "_sum" | "_count";
}

/** One metric: what it counts and how it is read off what is known. */
export interface Metric<Known> {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
  samples(known: Known): readonly Sample[];
}

const FUSE_STATES: readonly RestSnapshot["fuse"][] = ["closed", "slow", "open", "banned"];

/** Every metric of the proxy. */
export const REST_METRICS: readonly Metric<RestSnapshot>[] = [
  metric(
    "gatehouse_rest_requests_total",
    "Requests, by route and answer; by says who answered.",
    ({ routes }) =>
      routes.flatMap(({ method, route, answers }) =>
        answers.map(({ status, scope, by, count }) => ({
          labels: { method, route, status, scope, by },
          value: count,
        }))
      ),
  ),
  perRoute("gatehouse_rest_route_queue_seconds_total", "Time in the queue.", "queueMs"),
  perRoute(
    "gatehouse_rest_route_upstream_seconds_total",
    "Time until Discord's answers.",
    "upstreamMs",
  ),
  histogram("gatehouse_rest_queue_seconds", "Time in the queue, by lane.", "queue"),
  histogram("gatehouse_rest_upstream_seconds", "Time until Discord's answers.", "upstream"),
  one("gatehouse_rest_waiting", "Requests that wait for their limits.", (rest) => rest.waiting),
  one("gatehouse_rest_in_flight", "Requests at Discord's.", (rest) => rest.inFlight),
  one("gatehouse_rest_credentials", "Credentials that are remembered.", (rest) => rest.credentials),
  one("gatehouse_rest_buckets", "Buckets that are remembered.", (rest) => rest.buckets),
  one(
    "gatehouse_rest_dead_ends",
    "Routes, webhooks and credentials that Discord has said no to.",
    (rest) => rest.deadEnds,
  ),
  one(
    "gatehouse_rest_invalid",
    "Invalid requests in the last ten minutes.",
    (rest) => rest.invalid,
  ),
  one(
    "gatehouse_rest_strangers_invalid",
    "Of callers without the secret, invalid requests in the last ten minutes.",
    (rest) => rest.strangersInvalid,
  ),
  metric(
    "gatehouse_rest_fuse",
    "1 under what the proxy does about invalid requests.",
    ({ fuse }) =>
      FUSE_STATES.map((state) => ({ labels: { state }, value: Number(fuse === state) })),
  ),
];

/** Every metric of the port. */
export const PORT_METRICS: readonly Metric<{ readonly size: number; readonly cut: number }>[] = [
  metric("gatehouse_connections", "Connections of the port.", ({ size }) => [
    { labels: {}, value: size },
  ]),
  metric(
    "gatehouse_connections_cut_total",
    "Connections that were ended, or not let in, because there was no room.",
    ({ cut }) => [{ labels: {}, value: cut }],
  ),
];

/**
 * Every metric of a unit. Counters of shards begin at 0 with each life of their worker, which
 * Prometheus knows how to read.
 */
export const METRICS: readonly Metric<Snapshot>[] = [
  metric("gatehouse_info", "1; the labels say what kind of unit this is.", ({ mode }) => [
    { labels: { mode }, value: 1 },
  ]),
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
    ({ shards }) =>
      shards.map(({ shardId, state }) => ({ labels: { shard: shardId, state }, value: 1 })),
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
    ({ shards }) =>
      shards.flatMap(({ shardId, guilds }) =>
        guilds === null ? [] : [{ labels: { shard: shardId }, value: guilds }]
      ),
  ),
  perShard("gatehouse_shard_latency_ms", "Round trip of the last heartbeat.", "latencyMs"),
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
    ({ shards }) =>
      shards.flatMap(({ shardId: shard, counters }) =>
        labelled(counters?.reconnects ?? {}, (cause) => ({ shard, cause }))
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
    ({ interactions }) => labelled({ ...interactions }, (outcome) => ({ outcome })),
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
  ...REST_METRICS.map((metric): Metric<Snapshot> => ({
    ...metric,
    samples: ({ rest }) => metric.samples(rest),
  })),
];

/** All metrics of `snapshot` in Prometheus' text format. */
export function renderMetrics(snapshot: Snapshot): string {
  return renderText(METRICS, snapshot);
}

/** All `metrics` of what is known, as text. */
export function renderText<Known>(metrics: readonly Metric<Known>[], known: Known): string {
  return metrics.map((metric) =>
    `# HELP ${metric.name} ${metric.help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}\n` +
    `# TYPE ${metric.name} ${metric.type}\n` +
    metric.samples(known).map((sample) => line(metric.name, sample)).join("")
  ).join("");
}

function line(name: string, { labels, value, suffix }: Sample): string {
  const pairs = Object.entries(labels).map(([label, text]) =>
    `${label}="${escaped(String(text))}"`
  );
  return `${name}${suffix ?? ""}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${value}\n`;
}

function escaped(label: string): string {
  return label.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

/** A counter, by its name, or a gauge. */
function metric<Known>(
  name: string,
  help: string,
  samples: Metric<Known>["samples"],
): Metric<Known> {
  return { name, type: name.endsWith("_total") ? "counter" : "gauge", help, samples };
}

/** One number of the whole. */
function one<Known>(name: string, help: string, value: (known: Known) => number): Metric<Known> {
  return metric(name, help, (known) => [{ labels: {}, value: value(known) }]);
}

function identify(
  name: string,
  help: string,
  field: Exclude<keyof Snapshot["identify"], "held">,
): Metric<Snapshot> {
  return one(name, help, (snapshot) => snapshot.identify[field]);
}

/** A number that each shard counts, over `unit`; a shard that has not counted yet has no sample. */
function perShard(
  name: string,
  help: string,
  field: Exclude<keyof ShardCounters, "shardId" | "reconnects">,
  unit = 1,
): Metric<Snapshot> {
  return metric(name, help, ({ shards }) =>
    shards.flatMap(({ shardId, counters }) => {
      const value = counters?.[field] ?? null;
      return value === null ? [] : [{ labels: { shard: shardId }, value: value / unit }];
    }));
}

/** Of each place where something is kept running: whether it is well, and its restarts. */
function perPlace(
  kind: "worker" | "cluster" | "service",
  well: "running" | "connected",
  help: string,
  of: (snapshot: Snapshot) => { id: number | string; state: string; restarts: number }[],
): Metric<Snapshot>[] {
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

/** Counts by name, each name as a label. */
function labelled(
  counts: Readonly<Record<string, number>>,
  labels: (name: string) => Sample["labels"],
): Sample[] {
  return Object.entries(counts).map(([name, value]) => ({ labels: labels(name), value }));
}

function perRoute(
  name: string,
  help: string,
  field: Extract<keyof RestRouteSnapshot, "queueMs" | "upstreamMs">,
): Metric<RestSnapshot> {
  return metric(name, help, ({ routes }) =>
    routes.map(({ method, route, [field]: ms }) => ({
      labels: { method, route },
      value: ms / 1000,
    })));
}

function histogram(name: string, help: string, field: "queue" | "upstream"): Metric<RestSnapshot> {
  return {
    name,
    type: "histogram",
    help,
    samples: ({ lanes }) => lanes.flatMap((times) => histogramOf(times.lane, times[field])),
  };
}

function histogramOf(lane: string, { buckets, count, sumMs }: Times): Sample[] {
  return [
    ...buckets.map(({ boundMs, count }): Sample => ({
      labels: { lane, le: boundMs / 1000 },
      value: count,
      suffix: "_bucket",
    })),
    { labels: { lane, le: "+Inf" }, value: count, suffix: "_bucket" },
    { labels: { lane }, value: sumMs / 1000, suffix: "_sum" },
    { labels: { lane }, value: count, suffix: "_count" },
  ];
}

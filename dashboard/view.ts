/**
 * A unit's snapshot, and what is known beside it, as the page shows them.
 *
 * @module
 */

import { shardText } from "../protocol/ids.ts";
import type {
  RestRouteSnapshot,
  RestSnapshot,
  ShardSnapshot,
  Snapshot,
} from "../protocol/status.ts";
import { answersOf } from "../rest/answers.ts";
import { NO_FIGURES } from "./load.ts";
import type { Standing } from "./watched.ts";
import type {
  DashboardCluster,
  DashboardRest,
  DashboardRoute,
  DashboardService,
  DashboardShard,
  DashboardUnit,
  DashboardView,
  ProcessFigures,
} from "./words.ts";

/** Routes that are shown. */
const MOST_ROUTES = 20;

/** What is known beside the snapshot. */
export interface Beside extends Pick<DashboardView, "atMs" | "incidents" | "history"> {
  readonly version: string;
  readonly startedAtMs: number;
  readonly standing: Standing;
  readonly process: ProcessFigures;
  readonly next: DashboardView["identify"]["next"];
  readonly clusters: ReadonlyMap<number, ProcessFigures>;
  readonly services: ReadonlyMap<string, ProcessFigures>;
  /** Events per second of a shard, by its key. */
  readonly eventsPerSecond: (key: string) => number;
  readonly lastErrorOf: (key: string) => DashboardShard["lastError"];
}

/** Everything that the page shows. */
export function viewOf(snapshot: Snapshot, beside: Beside): DashboardView {
  const { workers, identify, reshard, fleet } = snapshot;
  const { atMs, incidents, history, next } = beside;
  return {
    atMs,
    unit: unitView(snapshot, beside),
    shards: snapshot.shards.map((shard) => shardView(shard, beside)).sort(byKey),
    workers,
    clusters: clusterViews(snapshot, beside),
    services: serviceViews(snapshot, beside),
    identify: { ...identify, next },
    rest: restView(snapshot.rest),
    reshard,
    fleet,
    incidents,
    history,
  };
}

function unitView(snapshot: Snapshot, beside: Beside): DashboardUnit {
  const { mode, fleet, totalShards, guildLimit, discovery, deafTypes } = snapshot;
  const { version, startedAtMs, standing: { ready, reasons, warnings }, process } = beside;
  return {
    version,
    mode,
    name: fleet?.self ?? null,
    startedAtMs,
    totalShards,
    isReady: ready,
    reasons: [...reasons, ...warnings],
    memoryBytes: process.memoryBytes ?? 0,
    cpuPercent: process.cpuPercent,
    guildLimit,
    discovery,
    deafTypes,
  };
}

/** What is known of one shard beside its snapshot. */
type BesideShard = Pick<Beside, "eventsPerSecond" | "lastErrorOf">;

/** One shard as the page shows it. */
export function shardView(shard: ShardSnapshot, beside: BesideShard): DashboardShard {
  const { shardId, totalShards, role, state, reason, sinceMs, workerId, clusterId } = shard;
  const { counters, guilds, sessionSinceMs } = shard;
  const key = shardText(shard);
  return {
    key,
    shardId,
    totalShards,
    role,
    state,
    reason,
    sinceMs,
    sessionSinceMs,
    workerId,
    clusterId,
    latencyMs: wholeOf(counters?.latencyMs),
    eventsPerSecond: beside.eventsPerSecond(key),
    guilds,
    queued: counters?.queued ?? 0,
    queueAgeMs: Math.round(counters?.queueAgeMs ?? 0),
    ackLagMs: wholeOf(counters?.ackLagMs),
    reconnects: Object.values(counters?.reconnects ?? {}).reduce((sum, count) => sum + count, 0),
    lastError: beside.lastErrorOf(key),
  };
}

function byKey(one: DashboardShard, other: DashboardShard): number {
  return one.totalShards - other.totalShards || one.shardId - other.shardId;
}

function wholeOf(figure: number | null | undefined): number | null {
  return typeof figure === "number" ? Math.round(figure) : null;
}

function clusterViews({ clusters, shards }: Snapshot, beside: Beside): DashboardCluster[] {
  const counts = new Map<number, number>();
  for (const { clusterId } of shards) {
    if (clusterId !== null) counts.set(clusterId, (counts.get(clusterId) ?? 0) + 1);
  }
  return clusters.map((cluster) => ({
    ...cluster,
    ...(beside.clusters.get(cluster.clusterId) ?? NO_FIGURES),
    shards: counts.get(cluster.clusterId) ?? 0,
  }));
}

function serviceViews({ services }: Snapshot, beside: Beside): DashboardService[] {
  return services.map((service) => ({
    ...service,
    ...(beside.services.get(service.name) ?? NO_FIGURES),
  }));
}

function restView(rest: RestSnapshot): DashboardRest {
  const { waiting, inFlight, buckets, deadEnds, fuse, invalid, waits } = rest;
  const { byDiscord, byProxy } = answersOf(rest.routes);
  return {
    waiting,
    inFlight,
    buckets,
    deadEnds,
    fuse,
    invalid,
    limited: { byDiscord, byProxy },
    waits,
    routes: rest.routes.map(routeView).sort(byWaiting).slice(0, MOST_ROUTES),
  };
}

function routeView(route: RestRouteSnapshot): DashboardRoute {
  const { answers, limited } = answersOf([route]);
  const mean = (sumMs: number) => answers === 0 ? 0 : Math.round(sumMs / answers);
  return {
    route: `${route.method} ${route.route}`,
    waiting: route.waiting,
    answers,
    limited,
    queueMs: mean(route.queueMs),
    upstreamMs: mean(route.upstreamMs),
  };
}

/** Those that wait now, then those that have been refused, then those that are used. */
function byWaiting(one: DashboardRoute, other: DashboardRoute): number {
  return other.waiting - one.waiting || other.limited - one.limited || other.answers - one.answers;
}

/**
 * What the dashboard's page and the unit say to each other, as JSON. The page gets one {@linkcode DashboardView}
 * when it opens, then a {@linkcode DashboardChange} once a second at most, with what has become another.
 *
 * @module
 */

import type {
  DeafType,
  FleetSnapshot,
  GuildLimit,
  IdentifySnapshot,
  RestWait,
  ShardDuty,
  ShardState,
} from "../protocol/status.ts";
import type { ClusterSnapshot, DiscoverySnapshot, WorkerSnapshot } from "../protocol/status.ts";
import type { ReshardSnapshot } from "../protocol/reshard.ts";

/** Everything that the page shows. */
export interface DashboardView {
  /** When it was so, ms since the Unix epoch. */
  readonly atMs: number;
  readonly unit: DashboardUnit;
  /** In the order of total and id. */
  readonly shards: readonly DashboardShard[];
  readonly workers: readonly WorkerSnapshot[];
  readonly clusters: readonly DashboardCluster[];
  readonly services: readonly DashboardService[];
  readonly identify: DashboardIdentify;
  readonly rest: DashboardRest;
  readonly reshard: ReshardSnapshot | null;
  readonly fleet: FleetSnapshot | null;
  /** The newest first, 200 at most. */
  readonly incidents: readonly Incident[];
  readonly history: DashboardHistory;
}

/**
 * What has become another since the last one: whole parts, except that of shards only those that changed come, of
 * incidents only new ones, and of the history only the newest moment.
 */
export interface DashboardChange
  extends Partial<Omit<DashboardView, "atMs" | "shards" | "incidents" | "history">> {
  readonly atMs: number;
  readonly shards?: readonly DashboardShard[];
  /** Keys of those that are no more. */
  readonly goneShards?: readonly string[];
  /** The newest first. */
  readonly incidents?: readonly Incident[];
  readonly moment: Moment;
}

/** The unit itself. */
export interface DashboardUnit {
  /** Of Gatehouse. */
  readonly version: string;
  readonly mode: "discord" | "simulator";
  /** Its name in the fleet; `null`: it is by itself. */
  readonly name: string | null;
  readonly startedAtMs: number;
  readonly totalShards: number;
  readonly isReady: boolean;
  /** Why it is not, and what is degraded though it is, in words. */
  readonly reasons: readonly string[];
  /** Resident bytes of its process. */
  readonly memoryBytes: number;
  /** Of one core, of late: 100 is one core in full. */
  readonly cpuPercent: number | null;
  readonly guildLimit: GuildLimit;
  readonly discovery: DiscoverySnapshot | null;
  readonly deafTypes: readonly DeafType[];
}

/** One shard. */
export interface DashboardShard {
  /** `id/total`, as `3/16`: what it is called in `goneShards` and in addresses. */
  readonly key: string;
  readonly shardId: number;
  readonly totalShards: number;
  readonly role: ShardDuty;
  readonly state: ShardState;
  /** In a person's words: why it is in this state. */
  readonly reason: string;
  readonly sinceMs: number;
  /** When its session began, ms since the Unix epoch; `null`: it has none, or that is not known. */
  readonly sessionSinceMs: number | null;
  readonly workerId: number;
  readonly clusterId: number | null;
  readonly latencyMs: number | null;
  /** Events per second, of late. */
  readonly eventsPerSecond: number;
  readonly guilds: number | null;
  readonly queued: number;
  readonly queueAgeMs: number;
  readonly ackLagMs: number | null;
  readonly reconnects: number;
  /** The last thing that went wrong, and when; `null`: nothing did. */
  readonly lastError: { readonly atMs: number; readonly text: string } | null;
}

/** What is known of a process that runs code of the bot's; `null`: not yet, or it cannot be told. */
export interface ProcessFigures {
  readonly memoryBytes: number | null;
  /** Of one core, of late. */
  readonly cpuPercent: number | null;
}

/** A cluster. */
export interface DashboardCluster extends ClusterSnapshot, ProcessFigures {
  /** Shards whose events it gets. */
  readonly shards: number;
}

/** A service. */
export interface DashboardService extends ProcessFigures {
  readonly name: string;
  readonly state: ClusterSnapshot["state"];
  readonly reason: string;
  readonly restarts: number;
}

/** Identifies: what is left, and who comes next. */
export interface DashboardIdentify extends IdentifySnapshot {
  /** The shards that come next, in their order, 16 at most. */
  readonly next: readonly { readonly shardId: number; readonly inMs: number }[];
}

/** REST: what waits, what was refused. */
export interface DashboardRest {
  readonly waiting: number;
  readonly inFlight: number;
  readonly buckets: number;
  readonly deadEnds: number;
  readonly fuse: "closed" | "slow" | "open" | "banned";
  /** Invalid requests in the last ten minutes. */
  readonly invalid: number;
  /** 429s since the unit started, by Discord and by the proxy in its place. */
  readonly limited: { readonly byDiscord: number; readonly byProxy: number };
  /** Buckets that requests wait for, those that have waited the longest first, 20 at most; without any token. */
  readonly waits: readonly RestWait[];
  /** Routes that wait most, the longest first, 20 at most. */
  readonly routes: readonly DashboardRoute[];
}

/** One route of Discord's. */
export interface DashboardRoute {
  /** `GET /channels/:id/messages`. */
  readonly route: string;
  /** Requests that wait now. */
  readonly waiting: number;
  /** Answers since the unit started. */
  readonly answers: number;
  readonly limited: number;
  /** Mean time that a request waits for its limits. */
  readonly queueMs: number;
  /** Mean time until Discord's answer. */
  readonly upstreamMs: number;
}

/** Something that a person may want to know of afterwards. */
export interface Incident {
  /** Grows by one with each. */
  readonly id: number;
  readonly atMs: number;
  readonly level: "info" | "warn" | "error";
  /** One sentence. */
  readonly text: string;
  /** What it is about. */
  readonly about:
    | "shard"
    | "worker"
    | "cluster"
    | "service"
    | "rest"
    | "reshard"
    | "fleet"
    | "unit"
    | "operator";
  /** Key of the shard, id of the cluster or worker, name of the service. Default: the whole. */
  readonly of?: string;
}

/** The last ten minutes, one moment every `stepMs`, the oldest first. */
export interface DashboardHistory {
  readonly stepMs: number;
  readonly moments: readonly Moment[];
}

/** Figures of all shards at one moment. */
export interface Moment {
  readonly atMs: number;
  readonly eventsPerSecond: number;
  readonly queued: number;
  /** Of the shard in the middle, and of the slowest; `null`: nobody has one. */
  readonly latencyMs: { readonly median: number; readonly most: number } | null;
  readonly restPerSecond: number;
  readonly restWaiting: number;
  readonly limitedPerSecond: number;
  readonly memoryBytes: number;
}

/** The answer of `GET /dashboard/shards/<id>-<total>`: one shard's past. */
export interface ShardHistory {
  readonly shard: DashboardShard;
  /** What state it went into and why, the newest first, 100 at most. */
  readonly changes: readonly {
    readonly atMs: number;
    readonly state: ShardState;
    readonly reason: string;
  }[];
  /** Incidents of this shard, the newest first. */
  readonly incidents: readonly Incident[];
}

/**
 * What `POST /dashboard/act` takes: a method of the unit, as `unit/methods.ts` reads it. Its answer is
 * `{"ok":true}`, or `{"error":"…"}` with a status of 400 and above.
 */
export type DashboardAct =
  | { readonly method: "kill" | "respawn" | "spawn"; readonly clusterId: number }
  | { readonly method: "kill" | "respawn" | "spawn"; readonly service: string }
  | { readonly method: "restartAll" }
  | { readonly method: "reconnect"; readonly shardId: number; readonly session: "keep" | "end" }
  | { readonly method: "restartWorker"; readonly workerId: number }
  | { readonly method: "reshard"; readonly totalShards: number }
  | { readonly method: "pauseReshard" | "resumeReshard" | "cancelReshard" }
  /** The unit stops as by SIGTERM: sessions are kept, in a fleet its shards go to others first. */
  | { readonly method: "drain" };

/**
 * How things stand, in words that the log, the metrics, `/control/state` and `/readyz` share.
 *
 * @module
 */

import type { IntentName } from "./discord/intents.ts";
import type { FleetSnapshot } from "./fleet_status.ts";
import type { ReshardSnapshot } from "./reshard.ts";
import type { Stats } from "./stats.ts";

export type * from "./fleet_status.ts";
export type * from "./stats.ts";

/** States of a shard's session; `gateway/session/table.ts` says how they follow another. */
export const SHARD_STATES = [
  "idle",
  "queued",
  "connecting",
  "hello",
  "identifying",
  "resuming",
  "ready",
  "closing",
  "backing off",
  "stopped",
] as const;

/** One of {@linkcode SHARD_STATES}. */
export type ShardState = typeof SHARD_STATES[number];

/** Why a connection ended, as a small fixed set: the label of `gatehouse_reconnects_total`. */
export type Cause =
  | "closed by discord"
  | "connect failed"
  | "corrupt frame"
  | "deadline"
  | "invalid session"
  | "op 7"
  | "requested"
  | "zombie";

/** A shard as seen from outside. */
export interface ShardStatus {
  readonly shardId: number;
  readonly state: ShardState;
  /** In a person's words: why the shard is in this state. */
  readonly reason: string;
  /** When the state was entered, ms since the Unix epoch. */
  readonly sinceMs: number;
  /** Number of the connection; grows by one with each. */
  readonly connection: number;
}

/** What a shard has counted since its worker began. */
export interface ShardCounters {
  readonly shardId: number;
  /** Dispatches received from Discord. */
  readonly received: number;
  readonly receivedBytes: number;
  /** Records sent to the cluster (a resent one counts again). */
  readonly forwarded: number;
  readonly acknowledged: number;
  /** Events that wait for their acknowledgement, in memory or on disk. */
  readonly queued: number;
  /** Memory that they take. */
  readonly queuedBytes: number;
  /** Disk that they take. */
  readonly queuedDiskBytes: number;
  /** Memory that its guilds take, about, as was last measured; 0 where none are kept. */
  readonly guildBytes: number;
  /** Disk that they take. */
  readonly guildDiskBytes: number;
  /**
   * How long the oldest of them has waited; 0 where none waits. Of those that an earlier life of the
   * worker left on disk nobody knows when they came: they count from when they were found there.
   */
  readonly queueAgeMs: number;
  /** Mean time from an event's arrival to its acknowledgement, of late; `null` before the first. */
  readonly ackLagMs: number | null;
  /** Interactions that were dropped because they waited longer than their token lives. */
  readonly expired: number;
  /**
   * What an earlier life stored and nobody can read: events, which went to the bot as they are, and parts
   * of files, which it was told of by a GAP or Discord replayed.
   */
  readonly unreadable: number;
  /** Events that `EDITED_MESSAGES` or `WORKER_MODULE` withheld. */
  readonly withheld: number;
  /** Newest cursor that was given out. */
  readonly newestCursor: number;
  /** Events that the outbox had to drop; the bot is told by a GAP. */
  readonly dropped: number;
  readonly identifies: number;
  readonly resumes: number;
  readonly reconnects: Readonly<Partial<Record<Cause, number>>>;
  /** Events whose number was not above the one before, outside a replay: they got cursors of ours. */
  readonly renumbered: number;
  /** Inputs of an old connection that were dropped. */
  readonly stale: number;
  /** Inputs that the session table does not know in their state: each is a bug, and was dropped. */
  readonly illegal: number;
  /** Round trip of the last heartbeat; `null` before the first. */
  readonly latencyMs: number | null;
}

/** The whole unit at one moment: the answer of `/control/state`. */
export interface Snapshot {
  readonly mode: "discord" | "simulator";
  readonly totalShards: number;
  /** All that live: while guilds move to another total, shards of both. Of each id at most one serves. */
  readonly shards: readonly ShardSnapshot[];
  readonly workers: readonly WorkerSnapshot[];
  readonly clusters: readonly ClusterSnapshot[];
  readonly services: readonly ServiceSnapshot[];
  readonly identify: IdentifySnapshot;
  readonly intents: IntentsSnapshot;
  /**
   * Dispatches from Discord since the unit started, by type. What has no usual name, or is one more
   * than 200 names, is under `other`.
   */
  readonly eventsByType: Readonly<Record<string, number>>;
  readonly guildLimit: GuildLimit;
  /** The reshard that is under way; else the last one since the unit started; `null`: there was none. */
  readonly reshard: ReshardSnapshot | null;
  /** Types whose events have stopped while others flow: the sessions may have become deaf to them. */
  readonly deafTypes: readonly DeafType[];
  readonly interactions: InteractionSnapshot;
  /** Files of the state folder that could not be read at the start: what they held began anew. */
  readonly stateFilesSetAside: number;
  readonly rest: RestSnapshot;
  /** Why no shard has started yet; `null` once Discord has said where to connect. */
  readonly discovery: DiscoverySnapshot | null;
  /** The units of the fleet that this one belongs to; `null`: it is by itself. */
  readonly fleet: FleetSnapshot | null;
}

/** Discord has not said where to connect, and is asked again. */
export interface DiscoverySnapshot {
  /** In a person's words: what came of the last time. */
  readonly reason: string;
  /** When it is asked again, ms since the Unix epoch. */
  readonly untilMs: number;
}

/** How many guilds a shard may have, and when there are to be more shards. */
export interface GuildLimit {
  /** Discord allows no more. */
  readonly most: number;
  /** `RESHARD_AT` percent of it. */
  readonly reshardAt: number;
  /** Whether the unit reshards by itself then. */
  readonly isAutomatic: boolean;
}

/** A type whose events have stopped. */
export interface DeafType {
  readonly type: string;
  /** When the last one came, ms since the Unix epoch, to the minute. */
  readonly sinceMs: number;
  /** How many were to be expected until it was noticed. */
  readonly expected: number;
  /** How many of other types came meanwhile. */
  readonly others: number;
}

/** What became of interactions whose bot was away. */
export interface InteractionSnapshot {
  /** Deferred in the bot's place. */
  readonly deferred: number;
  /** Answered in the bot's place. */
  readonly answered: number;
  /** Discord did not take the response, or could not be reached in time. */
  readonly failed: number;
  /** Too old to be responded to, or to be delivered. */
  readonly expired: number;
  /** What Discord has POSTed. */
  readonly posted: PostedSnapshot;
}

/** What Discord has POSTed to this unit since it began. */
export interface PostedSnapshot {
  readonly interactions: number;
  readonly webhookEvents: number;
  /** What came before, and was not taken again. */
  readonly repeats: number;
  /** What the disk did not take in time. */
  readonly refused: number;
}

/**
 * What a shard is for: its events go to the bot; or they are kept, until it serves in the place of others; or
 * others serve in its place, and its session is being ended. See `docs/resharding.md`.
 */
export type ShardDuty = "serves" | "rises" | "ends";

/** A shard with the worker and cluster that serve it. */
export interface ShardSnapshot extends ShardStatus {
  /** Number of shards that it is one of. */
  readonly totalShards: number;
  readonly role: ShardDuty;
  readonly workerId: number;
  readonly clusterId: number | null;
  /** Intents that are wanted and its session does not have, because Discord refused them. */
  readonly lacks: readonly IntentName[];
  /** When its session began, ms since the Unix epoch; `null`: it has none, or that is not known. */
  readonly sessionSinceMs: number | null;
  /** Guilds that it has, of 2,500 that Discord allows; `null` before its first READY. */
  readonly guilds: number | null;
  readonly counters: ShardCounters | null;
}

/** The shards that serve: of each id there is one at most. */
export function servingOf<Shard extends Pick<ShardSnapshot, "role">>(
  shards: readonly Shard[],
): Shard[] {
  return shards.filter(({ role }) => role === "serves");
}

/** A worker and its life. */
export interface WorkerSnapshot {
  readonly workerId: number;
  readonly state: "starting" | "running" | "restarting" | "failed" | "stopped";
  readonly reason: string;
  readonly shards: readonly number[];
  /** How often it was started again. */
  readonly restarts: number;
}

/** A cluster and its link. */
export interface ClusterSnapshot {
  readonly clusterId: number;
  readonly kind: "built in" | "remote";
  readonly state: "starting" | "connected" | "away" | "backing off" | "stopped";
  readonly reason: string;
  readonly restarts: number;
}

/** A service. */
export interface ServiceSnapshot extends Pick<ClusterSnapshot, "state" | "reason" | "restarts"> {
  readonly name: string;
}

/** The intents of the bot. */
export interface IntentsSnapshot {
  /** `INTENTS`, as a number. */
  readonly wanted: number;
  /** Those that Discord refuses now: new sessions are without them. */
  readonly refused: readonly IntentName[];
  /** Shards whose sessions lack intents that are wanted. */
  readonly shards: readonly number[];
}

/** What is left of the day's identifies. */
export interface IdentifySnapshot {
  readonly maxConcurrency: number;
  readonly waiting: number;
  readonly remaining: number;
  readonly total: number;
  /** Identifies that are never spent without `--force`. */
  readonly reserve: number;
  readonly resetAfterMs: number;
  /** Time until the next slot for the first waiting shard; 0 when none waits. */
  readonly nextSlotMs: number;
  /** Shards wait, and what is left today is kept for the reserve, or nobody can be asked; `null`: nobody is held back. */
  readonly held: IdentifyHold | null;
}

/** Why shards are held back, and until when. */
export interface IdentifyHold {
  /** When Discord fills the day's identifies up, ms since the Unix epoch; `null`: it is not known, or never. */
  readonly untilMs: number | null;
  /** In a fleet: why nobody can be asked for permits. Without it, it is the reserve that holds them back. */
  readonly away?: string;
}

/** The REST proxy. Counters begin at 0 with the unit. */
export interface RestSnapshot {
  /** Requests that wait for their limits. */
  readonly waiting: number;
  /** Requests at Discord's, as far as they are counted: callbacks are not. */
  readonly inFlight: number;
  /** Credentials with limits of their own that are remembered. */
  readonly credentials: number;
  /** Buckets that are remembered. */
  readonly buckets: number;
  /** Routes, webhooks, tokens and credentials that Discord has said no to: they are answered here. */
  readonly deadEnds: number;
  /** Invalid requests in the last ten minutes, without those of strangers. */
  readonly invalid: number;
  /** Those of callers that did not show the secret where there is one: they are counted apart. */
  readonly strangersInvalid: number;
  /** What the proxy does about them: nothing, slow down, stop; or Cloudflare keeps us out. */
  readonly fuse: "closed" | "slow" | "open" | "banned";
  readonly routes: readonly RestRouteSnapshot[];
  /**
   * Buckets that requests wait for now, those that have waited the longest first, 20 at most. In a fleet those that
   * this unit keeps, whosever the requests are.
   */
  readonly waits: readonly RestWait[];
  readonly lanes: readonly RestLaneTimes[];
}

/** Requests that wait for one bucket: of one route, and one channel, guild or webhook. */
export interface RestWait {
  readonly method: string;
  /** Template: `/channels/:id/messages`. */
  readonly route: string;
  /** What Discord counts the route apart for: `channels/1`, `guilds/1`, `webhooks/1`; empty: nothing. Never a token. */
  readonly major: string;
  readonly waiting: number;
  /** How long the first of them has waited. */
  readonly waitedMs: number;
  /** Until the next may go, as far as its limits go; `null`: an answer of Discord's must come first. */
  readonly nextMs: number | null;
}

/** One route of Discord's API, and what was asked of it. */
export interface RestRouteSnapshot {
  readonly method: string;
  /** Template: `/channels/:id/messages`. */
  readonly route: string;
  /** Requests that wait for their limits now. */
  readonly waiting: number;
  /** Sum of the times that requests waited. */
  readonly queueMs: number;
  /** Sum of the times until the heads of Discord's answers. */
  readonly upstreamMs: number;
  readonly answers: readonly RestAnswerCount[];
}

/** Answers of one kind. */
export interface RestAnswerCount {
  readonly status: number;
  /** Scope of a 429, else empty. */
  readonly scope: string;
  readonly by: "discord" | "proxy";
  readonly count: number;
}

/** How long the requests of one lane took. */
export interface RestLaneTimes {
  readonly lane: string;
  readonly queue: Times;
  readonly upstream: Times;
}

/** A histogram: how many took at most so long. */
export interface Times {
  readonly buckets: readonly { readonly boundMs: number; readonly count: number }[];
  readonly count: number;
  readonly sumMs: number;
}

/** What happens in a unit, as its `status()` tells it. */
export type Status =
  | {
    readonly kind: "shard";
    readonly shard: ShardStatus;
    /** Number of shards that it is one of: while guilds move, there are shards of two totals. */
    readonly totalShards: number;
    readonly role: ShardDuty;
  }
  | { readonly kind: "cluster"; readonly cluster: ClusterSnapshot }
  | { readonly kind: "service"; readonly service: ServiceSnapshot }
  /** A reshard has come further: once a second at most, and when it begins, is steered, or ends. */
  | { readonly kind: "reshard"; readonly reshard: ReshardSnapshot }
  /** The fleet is another than before: once a second at most. */
  | { readonly kind: "fleet"; readonly fleet: FleetSnapshot }
  /** Every cluster is connected and its shards have all been ready, for the first time. */
  | { readonly kind: "allClustersReady" }
  /** All members of a cluster's guilds have come (it may be cluster 0), or, with `null`, of all. */
  | { readonly kind: "ALL_MEMBERS_CACHED"; readonly clusterId: number | null }
  | { readonly kind: "STATS_UPDATED"; readonly stats: Stats }
  /** Every shard is ready and every cluster connected, for the first time. */
  | { readonly kind: "ready"; readonly tookMs: number }
  | { readonly kind: "stopping"; readonly reason: string };

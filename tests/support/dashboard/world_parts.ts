/**
 * What of a unit that is not there does not move: its clusters, its REST, its fleet. Not a test.
 *
 * @module
 */

import type { DashboardRest, DashboardView } from "../../../dashboard/words.ts";
import type { Random } from "../../../ports/random.ts";

/** What `unitsOf()` goes by. */
export interface PartsOptions {
  readonly count: number;
  readonly clusters: number;
  readonly nowMs: number;
  readonly isCalm: boolean;
  readonly random: Random;
}

type Parts = Pick<
  DashboardView,
  "unit" | "workers" | "clusters" | "services" | "identify" | "fleet"
>;

/** The unit, and who runs code for it. */
export function unitsOf({ count, clusters, nowMs, isCalm, random }: PartsOptions): Parts {
  return {
    unit: {
      version: "0.1.0",
      mode: count === 1 ? "simulator" : "discord",
      name: isCalm ? null : "gate-a",
      startedAtMs: nowMs - 5_448_000,
      totalShards: count,
      isReady: isCalm || count < 8,
      reasons: isCalm || count < 8
        ? []
        : ["shard 17 is backing off: closed 4009: session timed out", "shard 23 is resuming"],
      memoryBytes: 210e6 + count * 90e3,
      cpuPercent: Math.min(90, 1.5 + count * 0.04),
      guildLimit: { most: 2_500, reshardAt: 2_000, isAutomatic: false },
      discovery: null,
      deafTypes: [],
    },
    workers: Array.from({ length: Math.ceil(count / 256) }, (_, workerId) => ({
      workerId,
      state: "running",
      reason: "runs",
      shards: range(workerId * 256, Math.min(count, (workerId + 1) * 256)),
      restarts: workerId === 0 && !isCalm ? 1 : 0,
    })),
    clusters: Array.from({ length: clusters }, (_, clusterId) => ({
      clusterId,
      kind: "built in",
      state: clusterId === 2 && !isCalm ? "backing off" : "connected",
      reason: clusterId === 2 && !isCalm
        ? "left with code 1; is started again in 4 s"
        : "connected",
      restarts: clusterId === 2 && !isCalm ? 6 : clusterId === 0 && !isCalm ? 1 : 0,
      memoryBytes: clusterId === 2 && !isCalm ? null : Math.round(90e6 + random() * 200e6),
      cpuPercent: clusterId === 2 && !isCalm ? null : Math.round(random() * 300) / 10,
      shards: Math.round(count / clusters),
    })),
    services: isCalm ? [] : [
      {
        name: "stats-site",
        state: "connected",
        reason: "connected",
        restarts: 0,
        memoryBytes: 61e6,
        cpuPercent: 0.4,
      },
      {
        name: "payments",
        state: "away",
        reason: "said goodbye; is expected back",
        restarts: 2,
        memoryBytes: null,
        cpuPercent: null,
      },
    ],
    identify: {
      maxConcurrency: count > 500 ? 16 : 1,
      waiting: isCalm || count < 8 ? 0 : 11,
      remaining: 956,
      total: 1_000,
      reserve: 100,
      resetAfterMs: 40_320_000,
      nextSlotMs: isCalm || count < 8 ? 0 : 2_100,
      held: null,
      next: isCalm || count < 8
        ? []
        : [53, 150, 247, 344, 441, 538, 635, 732].filter((id) => id < count)
          .map((shardId, at) => ({ shardId, inMs: 2_100 + at * 5_000 })),
    },
    fleet: isCalm || count < 8 ? null : {
      self: "gate-a",
      isJoined: true,
      leader: "gate-a",
      epoch: 41,
      units: [
        { unit: "gate-a", isAlive: true, shards: count },
        { unit: "gate-b", isAlive: true, shards: count },
        { unit: "gate-c", isAlive: false, shards: 4 },
      ],
      moves: 4,
      unowned: 0,
      taking: 2,
      giving: 0,
      cutOffSinceMs: null,
      warnings: ["gate-c was not heard of for 9 s"],
    },
  };
}

/** REST. */
export function restOf(isCalm: boolean): DashboardRest {
  return {
    waiting: isCalm ? 0 : 37,
    inFlight: 6,
    buckets: 412,
    deadEnds: isCalm ? 0 : 3,
    fuse: isCalm ? "closed" : "slow",
    invalid: isCalm ? 2 : 5_120,
    limited: { byDiscord: isCalm ? 0 : 4, byProxy: 1_233 },
    waits: isCalm ? [] : WAITS,
    routes: [
      {
        route: "POST /channels/:id/messages",
        waiting: isCalm ? 0 : 31,
        answers: 812_401,
        limited: 1_180,
        queueMs: 412,
        upstreamMs: 88,
      },
      {
        route: "PATCH /guilds/:id/members/:id",
        waiting: isCalm ? 0 : 6,
        answers: 9_120,
        limited: 51,
        queueMs: 1_310,
        upstreamMs: 140,
      },
      {
        route: "POST /interactions/:id/:token/callback",
        waiting: 0,
        answers: 401_112,
        limited: 0,
        queueMs: 0,
        upstreamMs: 61,
      },
      {
        route: "GET /guilds/:id/audit-logs",
        waiting: 0,
        answers: 1_011,
        limited: 2,
        queueMs: 3,
        upstreamMs: 210,
      },
    ],
  };
}

/** One route waits in one of its channels, another for an answer of Discord's. */
const WAITS: DashboardRest["waits"] = [
  {
    method: "POST",
    route: "/channels/:id/messages",
    major: "channels/81384788765712384",
    waiting: 31,
    waitedMs: 12_400,
    nextMs: 1_850,
  },
  {
    method: "PATCH",
    route: "/guilds/:id/members/:id",
    major: "guilds/41771983423143937",
    waiting: 6,
    waitedMs: 700,
    nextMs: null,
  },
];

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, at) => from + at);
}

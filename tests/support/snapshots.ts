/**
 * A snapshot of a unit, for tests of what reads one.
 *
 * @module
 */

import { INTENTS } from "../../protocol/discord/intents.ts";
import type { FleetSnapshot } from "../../protocol/fleet_status.ts";
import type {
  RestSnapshot,
  ShardCounters,
  ShardSnapshot,
  Snapshot,
} from "../../protocol/status.ts";
import { reshard } from "./reshards.ts";

/** Counters of a shard that has not counted anything. */
export function counters(shardId: number, counted: Partial<ShardCounters> = {}): ShardCounters {
  return {
    shardId,
    received: 0,
    receivedBytes: 0,
    forwarded: 0,
    acknowledged: 0,
    queued: 0,
    queuedBytes: 0,
    queuedDiskBytes: 0,
    guildBytes: 0,
    guildDiskBytes: 0,
    queueAgeMs: 0,
    ackLagMs: null,
    expired: 0,
    unreadable: 0,
    withheld: 0,
    newestCursor: 0,
    dropped: 0,
    identifies: 0,
    resumes: 0,
    reconnects: {},
    stale: 0,
    renumbered: 0,
    illegal: 0,
    latencyMs: null,
    ...counted,
  };
}

/** A shard that is ready, unless told otherwise. */
export function shard(shardId: number, changed: Partial<ShardSnapshot> = {}): ShardSnapshot {
  return {
    shardId,
    state: "ready",
    reason: "",
    sinceMs: 0,
    connection: 1,
    totalShards: 2,
    role: "serves",
    workerId: 0,
    clusterId: 0,
    lacks: [],
    sessionSinceMs: null,
    guilds: null,
    counters: null,
    ...changed,
  };
}

/** A REST proxy that has done nothing. */
export const IDLE_REST: RestSnapshot = {
  waiting: 0,
  inFlight: 0,
  credentials: 0,
  buckets: 0,
  deadEnds: 0,
  invalid: 0,
  strangersInvalid: 0,
  fuse: "closed",
  routes: [],
  waits: [],
  lanes: [],
};

/** Two ready shards on one worker, one connected cluster, unless told otherwise. */
/** A fleet of two units with two shards each, seen by the first, which leads. */
export function fleet(overrides: Partial<FleetSnapshot> = {}): FleetSnapshot {
  return {
    self: "a",
    isJoined: true,
    leader: "a",
    epoch: 7,
    units: [{ unit: "a", isAlive: true, shards: 2 }, { unit: "b", isAlive: true, shards: 2 }],
    moves: 0,
    unowned: 0,
    taking: 0,
    giving: 0,
    cutOffSinceMs: null,
    warnings: [],
    ...overrides,
  };
}

export function snapshot(changed: Partial<Snapshot> = {}): Snapshot {
  return {
    mode: "discord",
    totalShards: 2,
    shards: [shard(0), shard(1)],
    workers: [{ workerId: 0, state: "running", reason: "", shards: [0, 1], restarts: 0 }],
    clusters: [{ clusterId: 0, kind: "built in", state: "connected", reason: "", restarts: 0 }],
    services: [],
    rest: IDLE_REST,
    discovery: null,
    fleet: null,
    intents: { wanted: 1, refused: [], shards: [] },
    eventsByType: {},
    reshard: null,
    guildLimit: { most: 2500, reshardAt: 2000, isAutomatic: true },
    deafTypes: [],
    stateFilesSetAside: 0,
    interactions: {
      ...{ deferred: 0, answered: 0, failed: 0, expired: 0 },
      posted: { interactions: 0, webhookEvents: 0, repeats: 0, refused: 0 },
    },
    identify: {
      maxConcurrency: 1,
      waiting: 0,
      remaining: 998,
      total: 1000,
      reserve: 100,
      resetAfterMs: 0,
      nextSlotMs: 0,
      held: null,
    },
    ...changed,
  };
}

/** A snapshot of which every metric has a sample, with every label. */
export function fullSnapshot(): Snapshot {
  const counted = counters(0, { reconnects: { zombie: 1 }, latencyMs: 40, ackLagMs: 3 });
  const times = { buckets: [{ boundMs: 1, count: 1 }], count: 2, sumMs: 30 };
  const answers = [{ status: 429, scope: "user", by: "discord", count: 1 }] as const;
  return snapshot({
    shards: [shard(0, { guilds: 4, counters: counted })],
    services: [{ name: "s", state: "connected", reason: "", restarts: 1 }],
    eventsByType: { MESSAGE_CREATE: 1 },
    intents: { wanted: INTENTS.GUILD_MEMBERS, refused: ["GUILD_MEMBERS"], shards: [0] },
    fleet: fleet(),
    rest: {
      ...IDLE_REST,
      routes: [
        { method: "GET", route: "/gateway/bot", waiting: 0, queueMs: 1, upstreamMs: 2, answers },
      ],
      lanes: [{ lane: "normal", queue: times, upstream: times }],
    },
    reshard: reshard({ leftMs: 1000 }),
  });
}

/**
 * Figures of the processes that a bot runs in, as they are collected from time to time.
 *
 * @module
 */

/** Figures of all processes, every `STATS_INTERVAL_MS`; in a fleet of those of every unit. */
export interface Stats {
  /** By cluster id. One that did not answer in time has `error`. */
  readonly clusters: Readonly<Record<string, ProcessStats>>;
  /** By name. */
  readonly services: Readonly<Record<string, ProcessStats>>;
  /**
   * By worker id: those of the unit that says so. Deno counts memory and processor for the process: those are the
   * manager's.
   */
  readonly workers: Readonly<Record<string, ProcessStats>>;
  /** The unit's own process, and what is left of the day's identifies. In a fleet `discord` is of all its shards. */
  readonly manager: ManagerStats;
  readonly events: EventStats;
  /** In a fleet: what each unit that lives has for itself, by its name. */
  readonly units?: Readonly<Record<string, UnitStats>>;
  /** When they were collected, ms since the Unix epoch. */
  readonly atMs: number;
}

/** Figures of a unit's own process. */
export type ManagerStats = ProcessStats & { readonly identifiesLeft: number };

/** Figures of one unit of a fleet, or why there are none. */
export type UnitStats =
  | Pick<Stats, "workers" | "manager" | "events" | "atMs">
  | { readonly error: string };

/**
 * Dispatches per second since the figures before; the first time, since the unit started.
 *
 * @example
 * ```ts
 * import type { EventStats } from "./stats.ts";
 * const busiest = ({ byType }: EventStats) =>
 *   Object.entries(byType).toSorted(([, a], [, b]) => b - a)[0]?.[0];
 * const byType = { TYPING_START: 2, MESSAGE_CREATE: 10 };
 * console.assert(busiest({ perSecond: 12, byShard: { 0: 12 }, byType }) === "MESSAGE_CREATE");
 * ```
 */
export interface EventStats {
  /** Of all shards. */
  readonly perSecond: number;
  /** By shard id: the same as `manager.discord.eventsPerSecond`. */
  readonly byShard: Readonly<Record<string, number>>;
  /** By type; see `Snapshot.eventsByType`. One that was seen before and not since has 0. */
  readonly byType: Readonly<Record<string, number>>;
}

/** Figures of one process or thread, with what its `getStats()` gave. */
export interface ProcessStats {
  /** Bytes; of a thread only what is its own. `null` where Deno cannot tell. */
  readonly memory: Readonly<Partial<Record<string, number>>> | null;
  /** Processor time in µs; `null` where Deno cannot tell. */
  readonly cpu: { readonly user: number; readonly system: number } | null;
  readonly discord?: DiscordStats;
  /** Why there are no figures. */
  readonly error?: string;
  readonly [own: string]: unknown;
}

/** Figures of the shards of a cluster or worker. */
export interface DiscordStats {
  readonly guilds: number;
  /** How long the unit has been up, ms. */
  readonly uptime: number;
  /** By shard: round trip of the last heartbeat, ms. */
  readonly shardLatency: Readonly<Record<string, number | null>>;
  readonly shardStatus: Readonly<
    Record<string, "disconnected" | "connecting" | "handshaking" | "ready" | "resuming">
  >;
  /** Dispatches per second since the last time, by shard. */
  readonly eventsPerSecond: Readonly<Record<string, number>>;
  /** Events that wait for the bot, by shard. */
  readonly queued: Readonly<Record<string, number>>;
  /** How long the oldest of them has waited, ms, by shard: see `ShardCounters`. */
  readonly queueAgeMs: Readonly<Record<string, number>>;
  /** Mean time until an acknowledgement, ms, by shard; `null` before the first. */
  readonly ackLagMs: Readonly<Record<string, number | null>>;
}

/**
 * Figures of the unit and of all who run code for it, collected from time to time.
 *
 * @module
 */

import type { Config } from "../config/config.ts";
import type { FleetStats } from "./peers/fleet/fleet_stats.ts";
import type { Switchboard } from "../link/switchboard.ts";
import { type Clock, every } from "../ports/clock.ts";
import type { World } from "../ports/world.ts";
import { messageOf } from "../protocol/errors.ts";
import { BARE_FIGURES } from "../protocol/link_call.ts";
import { rounded } from "../protocol/rounded.ts";
import type { PeerKey } from "../protocol/peer.ts";
import {
  type DiscordStats,
  type EventStats,
  type ProcessStats,
  servingOf,
  type ShardSnapshot,
  type ShardState,
  type Snapshot,
  type Stats,
} from "../protocol/status.ts";

/** What collecting needs. */
export interface StatsOptions {
  readonly clock: Clock;
  readonly switchboard: Pick<Switchboard, "ask">;
  readonly snapshot: () => Snapshot;
  /** When the unit started, on `clock`. */
  readonly startedMs: () => number;
  /** What this process says of itself. */
  readonly figures: () => object;
  /** Those of the other units of its fleet. Default: there is none. */
  readonly fleet?: Pick<FleetStats, "answer" | "merged">;
}

/** What collecting again and again takes. */
export interface RepeatOptions extends Pick<World, "log"> {
  readonly config: Pick<Config, "statsIntervalMs">;
  readonly signal: AbortSignal;
  /** They were collected. */
  readonly told: (stats: Stats) => void;
}

/** Time for one answer: `getStats()` may wait for something, but not for ever. */
export const ANSWER_MS = 5_000;

/** Collects figures. */
export class StatsCollector {
  /** What was collected last; `null` before the first time. */
  latest: Stats | null = null;
  readonly #options: StatsOptions;
  readonly #ofShards = new Rates<string>();
  readonly #ofTypes = new Rates<string>();
  #collectedMs: number | null = null;
  /** This unit's own, and since when they are being collected, or were. */
  #own: { readonly sinceMs: number; readonly stats: Promise<Stats>; isDone: boolean } | null = null;

  constructor(options: StatsOptions) {
    this.#options = options;
    options.fleet?.answer((freshMs) => this.#ownWithin(freshMs));
  }

  /** Collects them every `STATS_INTERVAL_MS`, until it is aborted; where that is 0, never. */
  repeat({ config, log, signal, told }: RepeatOptions): void {
    if (config.statsIntervalMs === 0) return;
    const failed = (error: unknown) =>
      log.error("stats were not collected", { error: messageOf(error) });
    const collect = () => void this.collect().then(told, failed);
    const cancel = every(this.#options.clock, config.statsIntervalMs, collect);
    signal.addEventListener("abort", cancel, { once: true });
  }

  /** Asks everybody. Who does not answer in time is there with an `error`. */
  async collect(): Promise<Stats> {
    const { fleet } = this.#options;
    const own = await this.#ownWithin(0);
    this.latest = fleet ? await fleet.merged(own) : own;
    return this.latest;
  }

  /** This unit's own: those that were collected so lately, or are being collected, or new ones. */
  #ownWithin(freshMs: number): Promise<Stats> {
    const nowMs = this.#options.clock.now();
    const last = this.#own;
    if (last && (!last.isDone || nowMs - last.sinceMs < freshMs)) return last.stats;
    const own = { sinceMs: nowMs, stats: this.#collectOwn(), isDone: false };
    const done = () => void (own.isDone = true);
    own.stats.then(done, done);
    this.#own = own;
    return own.stats;
  }

  async #collectOwn(): Promise<Stats> {
    const { clock, snapshot, figures, switchboard } = this.#options;
    const ask = (peer: PeerKey) => askFigures(switchboard, peer);
    const now = snapshot();
    const { clusters, services, workers, identify } = now;
    const shards = servingOf(now.shards);
    const events = this.#events(now);
    const ofShards = (wanted: (shard: ShardSnapshot) => boolean) =>
      this.#discord(shards.filter(wanted), events.byShard);
    const [ofClusters, ofServices] = await Promise.all([
      Promise.all(clusters.map(async ({ clusterId }) => [clusterId, {
        ...await ask({ kind: "cluster", id: clusterId }),
        discord: ofShards((shard) => shard.clusterId === clusterId),
      }])),
      Promise.all(
        services.map(async ({ name }) => [name, await ask({ kind: "service", name })]),
      ),
    ]);
    const ofWorkers = workers.map(({ workerId }) => [workerId, {
      memory: null,
      cpu: null,
      discord: ofShards((shard) => shard.workerId === workerId),
    }]);
    return {
      clusters: Object.fromEntries(ofClusters),
      services: Object.fromEntries(ofServices),
      workers: Object.fromEntries(ofWorkers),
      manager: {
        ...EMPTY,
        ...figures(),
        discord: ofShards(() => true),
        identifiesLeft: identify.remaining,
      },
      events,
      atMs: clock.wallMs(),
    };
  }

  #events({ shards, eventsByType }: Snapshot): EventStats {
    const nowMs = this.#options.clock.now();
    const seconds = (nowMs - (this.#collectedMs ?? this.#options.startedMs())) / 1000;
    this.#collectedMs = nowMs;
    const received = servingOf(shards).map(({ shardId, counters }) =>
      [String(shardId), counters?.received ?? 0] as const
    );
    const byShard = this.#ofShards.since(received, seconds);
    return {
      perSecond: rounded([...byShard.values()].reduce((sum, rate) => sum + rate, 0)),
      byShard: Object.fromEntries(byShard),
      byType: Object.fromEntries(this.#ofTypes.since(Object.entries(eventsByType), seconds)),
    };
  }

  #discord(
    shards: readonly ShardSnapshot[],
    rates: EventStats["byShard"],
  ): DiscordStats {
    const { clock, startedMs } = this.#options;
    const byShard = <Value>(of: (shard: ShardSnapshot) => Value) =>
      Object.fromEntries(shards.map((shard) => [shard.shardId, of(shard)]));
    return {
      guilds: shards.reduce((sum, { guilds }) => sum + (guilds ?? 0), 0),
      uptime: Math.round(clock.now() - startedMs()),
      shardLatency: byShard(({ counters }) => counters?.latencyMs ?? null),
      shardStatus: byShard(({ state }) => STATUS[state]),
      eventsPerSecond: byShard(({ shardId }) => rates[shardId] ?? 0),
      queued: byShard(({ counters }) => counters?.queued ?? 0),
      queueAgeMs: byShard(({ counters }) => counters?.queueAgeMs ?? 0),
      ackLagMs: byShard(({ counters }) => counters?.ackLagMs ?? null),
    };
  }
}

/**
 * What a cluster or service says of itself. Who does not answer in time has an `error`.
 *
 * @param isBare Memory and processor are enough: its bot need not be asked for figures of its own.
 */
export async function askFigures(
  switchboard: StatsOptions["switchboard"],
  peer: PeerKey,
  isBare = false,
): Promise<ProcessStats> {
  try {
    const wanted = isBare ? BARE_FIGURES : null;
    return { ...EMPTY, ...await switchboard.ask(peer, "stats", wanted, ANSWER_MS) as object };
  } catch (error) {
    return { ...EMPTY, error: messageOf(error) };
  }
}

const EMPTY: ProcessStats = { memory: null, cpu: null };

/** Our states in Megane's words. */
const STATUS: Readonly<Record<ShardState, DiscordStats["shardStatus"][string]>> = {
  idle: "disconnected",
  queued: "disconnected",
  connecting: "connecting",
  hello: "handshaking",
  identifying: "handshaking",
  resuming: "resuming",
  ready: "ready",
  closing: "disconnected",
  "backing off": "disconnected",
  stopped: "disconnected",
};

/**
 * What came per second between two looks at counts that only grow.
 */
export class Rates<Key> {
  /** Counts at the last time. */
  #before: ReadonlyMap<Key, number> = new Map();

  /**
   * Per second, rounded, over the `seconds` since the last time. A count that fell began anew: with a worker
   * that was replaced, say.
   */
  since(counts: Iterable<readonly [Key, number]>, seconds: number): Map<Key, number> {
    const now = new Map(counts);
    const before = this.#before;
    this.#before = now;
    return new Map([...now].map(([key, count]) => {
      const then = before.get(key) ?? 0;
      const came = count < then ? count : count - then;
      return [key, seconds > 0 ? rounded(came / seconds) : 0];
    }));
  }
}

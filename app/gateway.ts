/**
 * The gateway side of a unit, joined: workers, identify queue, session points and event links. Made
 * once Discord has said how many shards there are.
 *
 * @module
 */

import type { GatewayInfo } from "../gateway/gateway_info.ts";
import type { IdentifyQueue } from "../gateway/identify_queue.ts";
import { SessionBook } from "../gateway/session_book.ts";
import { partition, workerCount } from "../gateway/shard_plan.ts";
import { Hub } from "../events/hub.ts";
import type { Cancel, Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import { randomHex } from "../ports/random.ts";
import type { Store } from "../ports/store.ts";
import { messageOf } from "../protocol/errors.ts";
import { canResume } from "../protocol/session_point.ts";
import type { ShardSnapshot, ShardStatus } from "../protocol/status.ts";
import type { SpawnThread } from "../workers/life.ts";
import { type PoolEvents, WorkerPool } from "../workers/pool.ts";
import type { Config } from "./config.ts";
import { createIdentifyQueue } from "./identify.ts";

/** Name of the file in the state folder. */
const SAVED_AS = "sessions";
/** Session points are written down this long after a change, at the latest. */
const SAVE_AFTER_MS = 500;
/** How often a worker reports. */
const REPORT_INTERVAL_MS = 1_000;

/** What the gateway side is made with. */
export interface GatewayOptions {
  readonly config: Config;
  readonly info: GatewayInfo;
  readonly totalShards: number;
  readonly shardIds: readonly number[];
  readonly clusterIds: readonly number[];
  readonly clusterOfShard: Readonly<Record<number, number>>;
  readonly cores: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly store: Store;
  readonly spawn: SpawnThread;
  readonly linkChanged: (clusterId: number, isUp: boolean) => void;
  readonly shardChanged: (status: ShardStatus) => void;
  /** Workers are lost again and again: only a new process can help. */
  readonly exhausted: (reason: string) => void;
}

/** The gateway side of a unit. */
export class UnitGateway {
  readonly hub: Hub;
  readonly pool: WorkerPool;
  readonly queue: IdentifyQueue;
  readonly #options: GatewayOptions;
  readonly #book: SessionBook;
  #cancelSave: Cancel | null = null;

  constructor(options: GatewayOptions, queue: IdentifyQueue, saved: unknown) {
    this.#options = options;
    this.queue = queue;
    this.#book = new SessionBook(randomHex(8), () => this.#saveSoon());
    this.#loadSessions(saved);
    this.hub = this.#createHub();
    this.pool = this.#createPool();
  }

  /** Reads what an earlier life wrote down, and joins the parts. Connects nothing yet. */
  static async create(options: GatewayOptions): Promise<UnitGateway> {
    const { store, log } = options;
    const queue = await createIdentifyQueue({
      ...options,
      allow: (shardId, permit) => gateway.pool.allowIdentify(shardId, permit),
      notSaved: (error) => log.error("identify budget was not saved", { error: messageOf(error) }),
    });
    const gateway = new UnitGateway(options, queue, await store.load(SAVED_AS));
    return gateway;
  }

  /** Shards with the worker and the cluster that serve them. */
  get shards(): ShardSnapshot[] {
    const { clusterOfShard } = this.#options;
    return this.pool.shards.map(({ status, workerId, counters }) => ({
      ...status,
      workerId,
      clusterId: clusterOfShard[status.shardId] ?? null,
      counters,
    }));
  }

  /** Closes every shard so that its session lives on, writes the points down, ends the workers. */
  async stop(): Promise<void> {
    this.queue.stop();
    await this.pool.stop("keep");
    this.hub.stop("the unit stops");
    this.#cancelSave?.();
    await this.#save();
  }

  #createHub(): Hub {
    const { clock, log, totalShards, clusterIds, linkChanged } = this.#options;
    return new Hub({
      clock,
      log,
      totalShards,
      stream: this.#book.stream,
      clusterIds,
      link: (clusterId, link, windowBytes) => {
        this.pool.link(clusterId, link, windowBytes);
        linkChanged(clusterId, link !== null);
      },
      acknowledged: (clusterId, link, cursors) => {
        for (const [shardId, cursor] of Object.entries(cursors)) {
          this.#book.acknowledged(Number(shardId), cursor);
        }
        this.pool.acknowledge(clusterId, link, cursors);
      },
    });
  }

  #createPool(): WorkerPool {
    const { config, info, totalShards, shardIds, clusterOfShard, clock, log, spawn } =
      this.#options;
    const { totalWorkers, shardsPerWorker } = config;
    const count = workerCount(shardIds.length, {
      totalWorkers: totalWorkers ?? undefined,
      shardsPerWorker: shardsPerWorker ?? undefined,
      cores: this.#options.cores,
    });
    return new WorkerPool({
      clock,
      log,
      spawn,
      buckets: partition(shardIds, count),
      worker: {
        token: config.discordToken,
        gatewayUrl: info.url,
        intents: config.intents,
        totalShards,
        compression: config.gatewayCompression,
        queueMemoryBytes: config.queueMemoryBytes,
        clusterOfShard,
        reportIntervalMs: REPORT_INTERVAL_MS,
      },
      resumePoint: (shardId) => this.#book.resumePoint(shardId),
      links: () => this.hub.links(),
      events: this.#poolEvents(),
    });
  }

  #poolEvents(): PoolEvents {
    const { shardChanged, exhausted } = this.#options;
    const { queue } = this;
    return {
      expectIdentify: (shardIds) => queue.expect(shardIds),
      requestIdentify: (shardId) => queue.request(shardId),
      identifySent: (shardId, permit) => queue.sent(shardId, permit),
      releaseIdentify: (shardId) => queue.release(shardId),
      lost: (shardIds) => queue.lost(shardIds),
      status: shardChanged,
      session: (shardId, session) => this.#book.session(shardId, session),
      events: (clusterId, link, batch) => this.hub.deliver(clusterId, link, batch),
      exhausted,
    };
  }

  #loadSessions(saved: unknown): void {
    const { config, totalShards, log } = this.#options;
    const { intents } = config;
    const { usable, other } = this.#book.load(
      saved,
      (point) => canResume(point, { shardId: point.shardId, totalShards, intents }),
    );
    if (usable > 0) log.info("sessions of an earlier run are resumed", { sessions: usable });
    if (other > 0) {
      log.warn("sessions of an earlier run cannot be resumed: other shard count or intents", {
        sessions: other,
      });
    }
  }

  #saveSoon(): void {
    this.#cancelSave ??= this.#options.clock.after(SAVE_AFTER_MS, () => {
      this.#cancelSave = null;
      this.#save();
    });
  }

  async #save(): Promise<void> {
    const { store, log } = this.#options;
    await store.save(SAVED_AS, this.#book.save()).catch((error) =>
      log.error("session points were not saved", { error: messageOf(error) })
    );
  }
}

/**
 * The composition root: builds the parts of a unit, joins them, starts and stops them. It decides
 * nothing that a part could decide.
 *
 * @module
 */

import { GatehouseError } from "../protocol/errors.ts";
import { shardRange } from "../protocol/ids.ts";
import type {
  IdentifySnapshot,
  InteractionSnapshot,
  Snapshot,
  Status,
} from "../protocol/status.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import { randomHex } from "../ports/random.ts";
import type { Random } from "../ports/random.ts";
import type { Connect } from "../ports/socket.ts";
import type { Store } from "../ports/store.ts";
import type { GatewayInfo } from "../gateway/gateway_info.ts";
import type { RestProxy } from "../rest/proxy.ts";
import type { RunningCluster } from "../workers/cluster_handle.ts";
import type { SpawnThread } from "../workers/life.ts";
import { Clusters } from "./clusters.ts";
import type { Config } from "./config.ts";
import type { ConsumerDoor } from "./consumers.ts";
import { discover } from "./discover.ts";
import { Feed } from "./feed.ts";
import { UnitGateway } from "./gateway.ts";
import { readiness } from "./readiness.ts";

/** What a unit needs of the world. */
export interface UnitParts {
  readonly config: Config;
  readonly cores: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly store: Store;
  readonly rest: Pick<RestProxy, "snapshot">;
  /** Folder for events that do not fit into memory; `null`: memory only. */
  readonly queueDir: string | null;
  /** Who may consume on `/gateway`, and where. */
  readonly consumerDoor: ConsumerDoor;
  readonly connect: Connect;
  readonly fetch: typeof fetch;
  /** Starts a shard worker. */
  readonly spawn: SpawnThread;
  /** Starts a built-in cluster that authenticates with `credential`. */
  readonly startCluster: (clusterId: number, credential: string) => RunningCluster;
}

/** One Gatehouse process' worth of work. */
export class Unit {
  /** Credentials of the built-in clusters, each valid for the life of this unit. */
  readonly credentials = new Set<string>();
  /** Resolves with a reason when the unit cannot go on and its process has to be restarted. */
  readonly failed: Promise<string>;
  readonly #parts: UnitParts;
  readonly #clusters: Clusters;
  readonly #feed = new Feed<Status>();
  readonly #stopping = new AbortController();
  #fail!: (reason: string) => void;
  #gateway: UnitGateway | null = null;
  #totalShards = 0;
  #startedMs = 0;
  #wasReady = false;

  constructor(parts: UnitParts) {
    this.#parts = parts;
    this.failed = new Promise((resolve) => this.#fail = resolve);
    this.#clusters = new Clusters({
      ...parts,
      start: (clusterId) => this.#startCluster(clusterId),
      changed: (cluster) => this.#tell({ kind: "cluster", cluster }),
    });
  }

  /** Event links, workers and the identify queue; `null` until Discord has been asked. */
  get gateway(): UnitGateway | null {
    return this.#gateway;
  }

  /** The consumers of this unit. */
  get clusters(): Clusters {
    return this.#clusters;
  }

  /**
   * Asks Discord where to connect, starts the clusters, brings every shard up. Resolves when all are
   * on their way; `status()` tells when they are ready.
   *
   * @throws {GatehouseError} `unauthorized` when Discord does not accept the token, `bad_config` when
   * the shard range does not fit the number of shards that Discord recommends.
   */
  async start(): Promise<void> {
    const { config, clock, log } = this.#parts;
    this.#startedMs = clock.now();
    const info = await discover({
      ...this.#parts,
      apiUrl: config.discordApiUrl,
      token: config.discordToken,
      signal: this.#stopping.signal,
    });
    const shardIds = this.#plan(info);
    const gateway = await this.#createGateway(info, shardIds);
    this.#stopping.signal.throwIfAborted();
    this.#gateway = gateway;
    log.info("shards start", {
      shards: shardIds.length,
      totalShards: this.#totalShards,
      maxConcurrency: info.sessionStartLimit.maxConcurrency,
      identifiesLeft: info.sessionStartLimit.remaining,
    });
    this.#clusters.start(gateway.hub);
    gateway.pool.spawnShards();
  }

  /** Stops cleanly: sessions are kept, clusters finish what they do. Calling it again does nothing. */
  async stop(reason: string): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    this.#stopping.abort(new Error(`the unit stops: ${reason}`));
    this.#tell({ kind: "stopping", reason });
    // Clusters first: what they are working on is acknowledged before the points are written down.
    await this.#clusters.stop();
    await this.#gateway?.stop();
    this.#clusters.hangUp();
    this.#feed.end();
  }

  /** Everything at this moment. */
  get snapshot(): Snapshot {
    const gateway = this.#gateway;
    return {
      mode: this.#parts.config.mode,
      totalShards: this.#totalShards,
      shards: gateway?.shards ?? [],
      workers: gateway?.pool.workers ?? [],
      clusters: this.#clusters.snapshots,
      identify: gateway?.queue.snapshot ?? NO_IDENTIFIES,
      interactions: gateway?.interactions ?? NO_INTERACTIONS,
      rest: this.#parts.rest.snapshot,
    };
  }

  /** What happens from now on. */
  status(): AsyncGenerator<Status> {
    return this.#feed.read();
  }

  #plan(info: GatewayInfo): number[] {
    const { config } = this.#parts;
    const total = config.totalShards ?? info.shards;
    const last = config.lastShardId ?? total - 1;
    if (last >= total || config.firstShardId > last) {
      throw new GatehouseError(
        "bad_config",
        "caller",
        `Cannot start shards ${config.firstShardId} to ${last}: there are ${total}, from 0`,
      );
    }
    this.#totalShards = total;
    return shardRange(config.firstShardId, last);
  }

  #createGateway(info: GatewayInfo, shardIds: number[]): Promise<UnitGateway> {
    return UnitGateway.create({
      ...this.#parts,
      info,
      totalShards: this.#totalShards,
      shardIds,
      clusterIds: this.#clusters.ids,
      clusterOfShard: this.#clusters.ofShards(shardIds),
      linkChanged: (clusterId, isUp) => this.#clusters.link(clusterId, isUp),
      shardChanged: (shard) => this.#tell({ kind: "shard", shard }),
      exhausted: (reason) => this.#fail(reason),
    });
  }

  #startCluster(clusterId: number): RunningCluster {
    const credential = randomHex(24);
    this.credentials.add(credential);
    const cluster = this.#parts.startCluster(clusterId, credential);
    cluster.exited.then(() => this.credentials.delete(credential));
    return cluster;
  }

  #tell(status: Status): void {
    this.#feed.publish(status);
    if (this.#wasReady || status.kind === "stopping") return;
    if (!readiness(this.snapshot).ready) return;
    this.#wasReady = true;
    this.#feed.publish({ kind: "ready", tookMs: this.#parts.clock.now() - this.#startedMs });
  }
}

const NO_IDENTIFIES: IdentifySnapshot = {
  maxConcurrency: 1,
  waiting: 0,
  remaining: 0,
  total: 0,
  reserve: 0,
  resetAfterMs: 0,
  nextSlotMs: 0,
};

const NO_INTERACTIONS: InteractionSnapshot = { deferred: 0, answered: 0, failed: 0, expired: 0 };

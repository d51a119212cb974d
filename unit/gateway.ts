/**
 * The gateway side of a unit, joined: workers, identify queue, session points and event links. Made
 * once Discord has said how many shards there are.
 *
 * @module
 */

import type { GatewayInfo } from "../gateway/gateway_info.ts";
import { type CallDesk, type Greeting, Links } from "../link/links.ts";
import type { Clock } from "../ports/clock.ts";
import type { IdentifyGate } from "../ports/identify_gate.ts";
import type { Log } from "../ports/log.ts";
import { randomHex } from "../ports/random.ts";
import type { Store } from "../ports/store.ts";
import { messageOf } from "../protocol/errors.ts";
import { withCursor, withSafe, withSession } from "../protocol/estate.ts";
import type { ShardKey } from "../protocol/ids.ts";
import { type PeerKey, peerText } from "../protocol/peer.ts";
import type { InteractionSnapshot, ShardSnapshot, ShardStatus } from "../protocol/status.ts";
import { Estates } from "../store/estates.ts";
import { inheritQueues } from "../store/queue_folders.ts";
import type { SpawnThread } from "../workers/life.ts";
import { type Address, type PoolEvents, WorkerPool } from "../workers/pool.ts";
import { AwayAnswers } from "./away/answers.ts";
import type { Config } from "../config/config.ts";
import type { Controllers } from "./controllers.ts";
import { type ConsumerDoor, Consumers } from "./consumers/consumers.ts";
import { createIdentifyQueue } from "./identify.ts";
import { IdentifyRequests } from "./identify_requests.ts";
import { QuietShards } from "./quiet_shards.ts";
import { workerOptions } from "./worker_options.ts";
import { planWorkers } from "./worker_plan.ts";

/** What the gateway side is made with. */
export interface GatewayOptions {
  readonly config: Config;
  readonly info: GatewayInfo;
  readonly totalShards: number;
  readonly shardIds: readonly number[];
  /** Clusters and services. */
  readonly peers: readonly PeerKey[];
  readonly clusterOfShard: Readonly<Record<number, number>>;
  readonly cores: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly store: Store;
  /** Folder for events that do not fit into memory; `null`: memory only. */
  readonly queueDir: string | null;
  readonly fetch: typeof fetch;
  /** Who may consume on `/gateway`, and where. */
  readonly consumerDoor: ConsumerDoor;
  readonly spawn: SpawnThread;
  /** What is called for each step that the program may replace. */
  readonly controllers: Controllers;
  /** Who makes and takes calls of clusters and services. */
  readonly calls?: CallDesk;
  /** A peer can be reached with everything, or not any more. */
  readonly linkChanged: (peer: PeerKey, isUp: boolean) => void;
  /** Where a cluster that is linked takes its events from the workers; `null`: it does not. */
  readonly addressOf: (peer: PeerKey, port: number | null) => Address | null;
  readonly shardChanged: (status: ShardStatus) => void;
  /** With `CACHE_ALL_MEMBERS`: all members of a shard's guilds have come to its cluster. */
  readonly membersCached: (shardId: number) => void;
  /** Workers are lost again and again: only a new process can help. */
  readonly exhausted: (reason: string) => void;
}

/** The gateway side of a unit. */
export class UnitGateway {
  readonly links: Links;
  readonly pool: WorkerPool;
  readonly queue: IdentifyGate;
  readonly consumers: Consumers;
  readonly #options: GatewayOptions;
  readonly #estates: Estates;
  readonly #quiet: QuietShards;
  readonly #away: AwayAnswers;
  /** Peers that can be reached, by their text. */
  readonly #reached = new Set<string>();

  constructor(options: GatewayOptions, queue: IdentifyGate, estates: Estates) {
    this.#options = options;
    this.queue = queue;
    this.#estates = estates;
    this.#away = new AwayAnswers({
      apiUrl: options.config.discordApiUrl,
      fetch: options.fetch,
      clock: options.clock,
      log: options.log,
      inviteCode: options.config.botServerInviteCode,
      estates,
    });
    this.#quiet = new QuietShards({ ...options, pool: () => this.pool });
    this.consumers = new Consumers({
      ...options,
      estates,
      links: () => this.links,
      pool: () => this.pool,
      door: options.consumerDoor,
    });
    this.links = this.#createLinks();
    this.pool = this.#createPool();
  }

  /** Reads what an earlier life wrote down, and joins the parts. Connects nothing yet. */
  static async create(options: GatewayOptions): Promise<UnitGateway> {
    const { log, totalShards, shardIds, queueDir } = options;
    const queue = await createIdentifyQueue({
      ...options,
      allow: ({ id }, permit) => gateway.pool.allowIdentify(id, permit),
      notSaved: (error) => log.error("identify budget was not saved", { error: messageOf(error) }),
    });
    const estates = await Estates.open({ ...options, newStream: randomHex(8) });
    await estates.begin(totalShards, shardIds, options.config.intents);
    if (queueDir !== null) {
      // What stays where it was, Discord replays as far as it can.
      await inheritQueues(queueDir, totalShards, shardIds).catch((error) =>
        log.error("events of an earlier run cannot be used", { error: messageOf(error) })
      );
    }
    const gateway = new UnitGateway(options, queue, estates);
    await gateway.consumers.load();
    return gateway;
  }

  /** Shards with the worker and the cluster that serve them. */
  get shards(): ShardSnapshot[] {
    return this.pool.shards.map(({ status, workerId, counters }) => ({
      ...status,
      workerId,
      clusterId: this.#clusterOf(status.shardId),
      counters,
    }));
  }

  /** The consumers on `/gateway`; `null` when the unit stops. */
  get openConsumers(): Consumers | null {
    return this.consumers.isStopped ? null : this.consumers;
  }

  /** How many guilds a shard has, as far as is known. */
  guildsOf(shardId: number): number {
    return this.#estates.of(this.#key(shardId)).guilds?.guildIds.length ?? 0;
  }

  /** What became of interactions whose bot was away. */
  get interactions(): InteractionSnapshot {
    const dropped = this.pool.shards.reduce((sum, it) => sum + (it.counters?.expired ?? 0), 0);
    return { ...this.#away.tally, expired: this.#away.tally.expired + dropped };
  }

  /** Closes every shard so that its session lives on, writes the points down, ends the workers. */
  async stop(): Promise<void> {
    this.queue.stop();
    await this.consumers.stop();
    await this.pool.stop("keep");
    this.links.bye("the unit stops");
    this.links.stop("the unit stops");
    await this.#estates.close();
    // Whoever saved last did not wait: the folder is the next one's from here on.
    await this.#options.store.settled();
  }

  #key(id: number): ShardKey {
    return { total: this.#options.totalShards, id };
  }

  #clusterOf(shardId: number): number | null {
    const peer = this.pool.consumerOf(shardId);
    return peer?.kind === "cluster" ? peer.id : null;
  }

  #createLinks(): Links {
    const { clock, totalShards, peers, calls, controllers } = this.#options;
    return new Links({
      ...(calls && { calls }),
      clock,
      totalShards,
      stream: this.#estates.stream,
      peers: () => peers,
      link: (...changed) => this.#link(...changed),
      acknowledged: (...done) => controllers.events.acknowledged(...done),
    });
  }

  /** The workers bring a cluster that listens its events themselves; others get them through us. */
  #link(peer: PeerKey, link: number | null, { windowBytes, port }: Greeting): void {
    const address = link === null ? null : this.#options.addressOf(peer, port);
    this.pool.introduce(peer, address);
    // A service has no shards whose events it could get.
    if (!address && peer.kind !== "service") this.pool.link(peer, link, windowBytes);
    this.#look(peer);
  }

  /** A cluster counts as linked when every worker that has events for it has a way to it. */
  #look(peer: PeerKey): void {
    if (peer.kind === "consumer") return;
    const key = peerText(peer);
    const isUp = this.links.of(peer) !== undefined &&
      (!this.pool.isIntroduced(peer) || this.pool.isLinked(peer));
    if (isUp === this.#reached.has(key)) return;
    if (isUp) this.#reached.add(key);
    else this.#reached.delete(key);
    this.#options.linkChanged(peer, isUp);
  }

  #createPool(): WorkerPool {
    const { clock, log, spawn, controllers } = this.#options;
    const buckets = planWorkers(this.#options);
    return new WorkerPool({
      clock,
      log,
      spawn,
      buckets,
      worker: workerOptions({
        ...this.#options,
        workers: buckets.length,
        stream: this.#estates.stream,
      }),
      bringUp: (workerId, shardId) => controllers.gateway.tellWorkerToIdentify(workerId, shardId),
      estateOf: (shardId) => this.#estates.of(this.#key(shardId)),
      links: () =>
        this.links.all().filter(({ peer }) =>
          peer.kind !== "service" && !this.pool.isIntroduced(peer)
        ),
      events: this.#poolEvents(),
    });
  }

  #poolEvents(): PoolEvents {
    const { shardChanged, exhausted, controllers, log } = this.#options;
    const { queue } = this;
    const estates = this.#estates;
    const key = (shardId: number) => this.#key(shardId);
    const identifies = new IdentifyRequests({ queue, log, gateway: controllers.gateway });
    return {
      expectIdentify: (shardIds) => queue.expect(shardIds.map(key)),
      REQUEST_IDENTIFY: ({ shardId }) => identifies.request(key(shardId)),
      IDENTIFY_SENT: ({ shardId, permit }) => queue.sent(key(shardId), permit),
      RELEASE_IDENTIFY: ({ shardId }) => identifies.release(key(shardId)),
      lost: (shardIds) => identifies.lost(shardIds.map(key)),
      SHARD_STATUS: ({ status }) => shardChanged(status),
      SESSION: ({ shardId, began }) =>
        estates.change(key(shardId), (estate) => withSession(estate, began)),
      SAFE: ({ shards }) => {
        for (const [shardId, safe] of Object.entries(shards)) {
          estates.change(key(Number(shardId)), (estate) => withSafe(estate, safe));
        }
      },
      AWAY: async ({ shardId, cursor, payload }) => {
        const event = { shard: key(shardId), cursor, payload };
        this.pool.mark(shardId, cursor, await this.#away.answer(event));
      },
      MEMBERS_CACHED: ({ shardId }) => this.#options.membersCached(shardId),
      REPORT: ({ shards }) => {
        for (const { shardId, newestCursor } of shards) {
          estates.change(key(shardId), (estate) => withCursor(estate, newestCursor));
        }
        this.#quiet.look();
      },
      linked: (peer) => this.#look(peer),
      EVENTS: ({ peer, link, batch }) => controllers.events.deliver(peer, link, batch),
      exhausted,
    };
  }
}

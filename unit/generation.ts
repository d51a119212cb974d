/**
 * A generation: the shards of one total, their workers and estates. A unit has more than one only while
 * it reshards; what all of them share (links, identify gate, consumers) is in `gateway.ts`.
 *
 * @module
 */

import { QuietWatch } from "../gateway/quiet.ts";
import type { IdentifyGate } from "../ports/identify_gate.ts";
import type { World } from "../ports/world.ts";
import { messageOf } from "../protocol/errors.ts";
import { withCursor, withSafe, withSession } from "../protocol/estate.ts";
import type { ShardKey } from "../protocol/ids.ts";
import type { PeerKey } from "../protocol/peer.ts";
import type { ShardSnapshot, ShardStatus } from "../protocol/status.ts";
import type { Estates } from "../store/estates.ts";
import type { SpawnThread } from "../workers/slot.ts";
import { type PoolEvents, type PoolOptions, WorkerPool } from "../workers/pool.ts";
import type { AwayAnswers } from "./away_answers.ts";
import { crowdedShards, lookForCrowding, MOST_GUILDS } from "./crowding.ts";
import { IdentifyRequests } from "./identify.ts";
import { type PlanOptions, planWorkers, workerOptions } from "./worker_plan.ts";

/** What a generation is made of, and what it shares with the others. */
export interface GenerationOptions extends PlanOptions, Pick<World, "clock" | "log"> {
  /** Starts a shard worker. */
  readonly spawn: SpawnThread;
  readonly estates: Estates;
  readonly gate: IdentifyGate;
  readonly away: AwayAnswers;
  readonly links: PoolOptions["links"];
  /** A worker's link to a cluster that it dials came up or went down. */
  readonly linked: (peer: PeerKey) => void;
  readonly shardChanged: (status: ShardStatus) => void;
  /** With `CACHE_ALL_MEMBERS`: all members of a shard's guilds have come to its cluster. */
  readonly membersCached: (shardId: number) => void;
  /** Workers are lost again and again: only a new process can help. */
  readonly exhausted: (reason: string) => void;
}

/** The shards of one total. */
export class Generation {
  readonly total: number;
  readonly pool: WorkerPool;
  readonly #options: GenerationOptions;
  readonly #quiet: QuietWatch;
  /** See `lookForCrowding()`. */
  #crowdingTold = 0;

  constructor(options: GenerationOptions) {
    const { config, totalShards, controllers, estates } = options;
    const { quietAfterMs, quietResumeAfterMs: resumeAfterMs } = config;
    this.#options = options;
    this.total = totalShards;
    this.#quiet = new QuietWatch({ quietAfterMs, resumeAfterMs });
    const buckets = planWorkers(options);
    this.pool = new WorkerPool({
      ...options,
      buckets,
      worker: workerOptions(options, buckets.length, estates.stream),
      bringUp: (workerId, shardId) => controllers.gateway.tellWorkerToIdentify(workerId, shardId),
      estateOf: (shardId) => estates.of(this.#key(shardId)),
      events: this.#poolEvents(),
    });
  }

  /** Shards with the worker and the cluster that serve them. */
  get shards(): ShardSnapshot[] {
    return this.pool.shards.map(({ status, workerId, counters }) => {
      const peer = this.pool.consumerOf(status.shardId);
      return {
        ...status,
        workerId,
        clusterId: peer?.kind === "cluster" ? peer.id : null,
        guilds: this.#guildsOf(status.shardId),
        counters,
      };
    });
  }

  /** How many guilds a shard has, as far as is known. */
  guildsOf(shardId: number): number {
    return this.#guildsOf(shardId) ?? 0;
  }

  /** What READY named counts until the bot has dealt with it, and what came after it. */
  #guildsOf(shardId: number): number | null {
    const { guilds, facts } = this.#options.estates.of(this.#key(shardId));
    return (guilds ?? facts)?.guildIds.length ?? null;
  }

  #lookForCrowding(): void {
    const shards = this.pool.shards.map(({ status: { shardId } }) => {
      return { shardId, guilds: this.#guildsOf(shardId) };
    });
    const { told, fullest } = lookForCrowding(shards, this.#crowdingTold);
    this.#crowdingTold = told;
    if (!fullest) return;
    const crowded = crowdedShards(shards).length;
    this.#options.log.warn("a shard is near the limit of guilds, raise TOTAL_SHARDS", {
      ...fullest,
      limit: MOST_GUILDS,
      crowded,
    });
  }

  #key(id: number): ShardKey {
    return { total: this.total, id };
  }

  #poolEvents(): PoolEvents {
    const { gate, away, estates, controllers, log } = this.#options;
    const { linked, shardChanged, membersCached, exhausted } = this.#options;
    const key = (shardId: number) => this.#key(shardId);
    const identifies = new IdentifyRequests({ queue: gate, log, gateway: controllers.gateway });
    return {
      expectIdentify: (shardIds) => gate.expect(shardIds.map(key)),
      lost: (shardIds) => identifies.lost(shardIds.map(key)),
      linked,
      exhausted,
      REQUEST_IDENTIFY: ({ shardId }) => void identifies.request(key(shardId)),
      IDENTIFY_SENT: ({ shardId, permit }) => gate.sent(key(shardId), permit),
      RELEASE_IDENTIFY: ({ shardId }) => identifies.release(key(shardId)),
      SHARD_STATUS: ({ status }) => shardChanged(status),
      SESSION: ({ shardId, began }) =>
        estates.change(key(shardId), (estate) => withSession(estate, began)),
      SAFE: ({ shards }) => {
        for (const [shardId, safe] of Object.entries(shards)) {
          estates.change(key(Number(shardId)), (estate) => withSafe(estate, safe));
        }
      },
      AWAY: async ({ shardId, cursor, payload }) => {
        const mark = await away.answer({ shard: key(shardId), cursor, payload });
        this.pool.mark(shardId, cursor, mark);
      },
      MEMBERS_CACHED: ({ shardId }) => membersCached(shardId),
      REPORT: ({ shards }) => {
        for (const { shardId, newestCursor } of shards) {
          estates.change(key(shardId), (estate) => withCursor(estate, newestCursor));
        }
        lookForQuiet(this.#quiet, this.pool, this.#options);
        this.#lookForCrowding();
      },
      EVENTS: ({ peer, link, batch }) => controllers.events.deliver(peer, link, batch),
    };
  }
}

/**
 * An open connection on which nothing comes, while others get theirs, is not to be trusted: tells of
 * quiet shards, and lets those resume that stay so.
 */
export function lookForQuiet(
  watch: QuietWatch,
  pool: Pick<WorkerPool, "shards" | "reconnect">,
  { clock, log }: Pick<World, "clock" | "log">,
): void {
  const samples = pool.shards.map(({ status, counters }) => ({
    ...status,
    received: counters?.received ?? 0,
  }));
  for (const { act, ...finding } of watch.observe(clock.wallMs(), samples)) {
    if (act === "report") log.warn("shard is quiet against the others", finding);
    else {
      log.warn("shard stays quiet, it resumes", finding);
      pool.reconnect(finding.shardId, "keep").catch((error) =>
        log.warn("quiet shard did not resume", { ...finding, error: messageOf(error) })
      );
    }
  }
}

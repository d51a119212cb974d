/**
 * All workers of a unit, of whichever total their shards are. A bare shard id is enough to find one: of each id
 * at most one shard serves, whatever moves. See `docs/resharding.md`.
 *
 * @module
 */

import { TypeTally } from "../../intake/type_tally.ts";
import type { MembersAnswer, MembersRequest } from "../../protocol/discord/members.ts";
import type { Wanted } from "../../protocol/link_call.ts";
import type { PeerKey } from "../../protocol/peer.ts";
import type { WorkerSnapshot } from "../../protocol/status.ts";
import type { ShardInfo, ShardPayload } from "../../protocol/worker_message.ts";
import type { WorkerPool } from "../../workers/pool.ts";

/** The workers of one total. */
export interface PoolOfTotal {
  readonly total: number;
  readonly pool: WorkerPool;
  /** Whether a shard serves the bot. */
  serves(shardId: number): boolean;
}

/** The workers of a unit. */
export class Pools {
  readonly #all: () => readonly [PoolOfTotal, ...PoolOfTotal[]];
  /** What was counted by workers of totals that are gone. */
  readonly #gone = new TypeTally();

  /** @param all Of each total, the one that serves first; never none. */
  constructor(all: () => readonly [PoolOfTotal, ...PoolOfTotal[]]) {
    this.#all = all;
  }

  /** Workers as seen from outside. */
  get workers(): WorkerSnapshot[] {
    return this.#pools.flatMap(({ workers }) => workers);
  }

  /** Dispatches of each type that were counted of shards that serve, also by those who are gone. */
  get eventsByType(): TypeTally {
    const tally = new TypeTally();
    tally.add(this.#gone.totals);
    for (const { eventsByType } of this.#pools) tally.add(eventsByType.totals);
    return tally;
  }

  /** Starts every worker, and every shard in it. */
  spawnShards(): void {
    for (const pool of this.#pools) pool.spawnShards();
  }

  /** Resolves when each worker that was started is well, or lost. */
  async settled(): Promise<void> {
    await Promise.all(this.#pools.map((pool) => pool.settled()));
  }

  /** Which worker has a shard; -1 when none of this unit has. */
  calculateWorkerId(shardId: number): number {
    return this.#of(shardId).calculateWorkerId(shardId);
  }

  /** Tells a worker to bring a shard up. */
  tellWorkerToIdentify(workerId: number, shardId: number): void {
    this.#ofWorker(workerId).tellWorkerToIdentify(workerId, shardId);
  }

  /** Sends a gateway command on a shard: see {@linkcode WorkerPool.sendPayload}. */
  async sendPayload(shardId: number, payload: ShardPayload): Promise<void> {
    await this.#of(shardId).sendPayload(shardId, payload);
  }

  /** Asks for members on a shard: see {@linkcode WorkerPool.requestMembers}. */
  async requestMembers(shardId: number, request: MembersRequest): Promise<MembersAnswer> {
    return await this.#of(shardId).requestMembers(shardId, request);
  }

  /** What each worker that runs knows of it: see {@linkcode WorkerPool.find}. */
  find(wanted: Wanted, deadlineMs: number): Promise<unknown>[] {
    return this.#pools.flatMap((pool) => pool.find(wanted, deadlineMs));
  }

  /** What a shard knows of itself, now. */
  async shardInfo(shardId: number): Promise<ShardInfo> {
    return await this.#of(shardId).shardInfo(shardId);
  }

  /** Reconnects a shard: by RESUME, or with a new session. */
  async reconnect(shardId: number, session: "keep" | "end"): Promise<void> {
    await this.#of(shardId).reconnect(shardId, session);
  }

  /** Others may have resumed sessions of this unit: see {@linkcode WorkerPool.doubt}. */
  doubt(isOn: boolean): void {
    for (const pool of this.#pools) pool.doubt(isOn);
  }

  /** Whether workers bring a cluster its events themselves. */
  isIntroduced(peer: PeerKey): boolean {
    return this.#pools.some((pool) => pool.isIntroduced(peer));
  }

  /** Replaces a worker; its shards resume in the next one. */
  restart(workerId: number): void {
    this.#ofWorker(workerId).restart(workerId);
  }

  /** Lets a worker die in the way that a test asks for. */
  crash(workerId: number, how: "throw" | "exit" | "hang"): void {
    this.#ofWorker(workerId).crash(workerId, how);
  }

  /** Closes every shard, with its session or without, and ends the workers. */
  async stop(session: "keep" | "end"): Promise<void> {
    await Promise.all(this.#pools.map((pool) => pool.stop(session)));
  }

  /** The workers of a total are gone: what they counted stays counted. */
  note({ eventsByType }: Pick<WorkerPool, "eventsByType">): void {
    this.#gone.add(eventsByType.totals);
  }

  get #pools(): readonly WorkerPool[] {
    return this.#all().map(({ pool }) => pool);
  }

  /** The one whose shard serves; where none does, the one that runs it. */
  #of(shardId: number): WorkerPool {
    const all = this.#all();
    const found = all.find((each) => each.serves(shardId)) ??
      all.find(({ pool }) => pool.calculateWorkerId(shardId) !== -1) ?? all[0];
    return found.pool;
  }

  #ofWorker(id: number): WorkerPool {
    const pool = this.#pools.find(({ workers }) => workers.some(({ workerId }) => workerId === id));
    return pool ?? this.#all()[0].pool;
  }
}

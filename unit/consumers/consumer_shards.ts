/**
 * The shards that consumers on `/gateway` have: each such consumer is one more link of the shard's
 * worker, beside those of the clusters. Sessions and sockets are not its business.
 *
 * @module
 */

import type { Backlog, ShardEvents } from "../../downstream/world.ts";
import { type Clock, sleep } from "../../ports/clock.ts";
import { GatehouseError } from "../../protocol/errors.ts";
import { type EventRecord, readBatch } from "../../protocol/event_frame.ts";
import type { WorkerPool } from "../../workers/pool.ts";

/** Ids from here on are no cluster's: the consumer of shard n has this one plus n. */
export const CONSUMER_BASE = 1_000_000;
/** Bytes that may be under way to one consumer unacknowledged. */
export const CONSUMER_WINDOW_BYTES = 16 * 1024 * 1024;
/** How long a shard whose worker is being restarted is waited for. */
export const HOLD_DEADLINE_MS = 10_000;
const RETRY_MS = 100;

/** What it works with. */
export interface ConsumerShardsOptions {
  readonly clock: Clock;
  readonly pool: () => Pick<
    WorkerPool,
    "assign" | "release" | "backlog" | "link" | "acknowledge"
  >;
}

interface Taken {
  readonly link: number;
  readonly deliver: (record: EventRecord) => void;
}

/** The shards of a unit, as its consumers see them. */
export class ConsumerShards implements ShardEvents {
  readonly #options: ConsumerShardsOptions;
  readonly #taken = new Map<number, Taken>();
  #link = 0;
  #stopped = false;

  constructor(options: ConsumerShardsOptions) {
    this.#options = options;
  }

  /**
   * Nobody gets the shard's events from now on, whatever becomes of its worker.
   *
   * @throws {GatehouseError} `worker_lost` or `deadline` when the worker cannot be reached for 10 s.
   */
  hold(shardId: number): Promise<Backlog> {
    this.#letGo(shardId);
    this.#options.pool().assign(shardId, null);
    return this.#backlog(shardId);
  }

  /** Delivers what is not acknowledged, and what comes. */
  take(shardId: number, deliver: (record: EventRecord) => void): void {
    const link = ++this.#link;
    const pool = this.#options.pool();
    this.#taken.set(shardId, { link, deliver });
    pool.assign(shardId, idOf(shardId));
    pool.link(idOf(shardId), link, CONSUMER_WINDOW_BYTES);
  }

  /** The consumer is done with everything up to `cursor`. */
  acknowledge(shardId: number, cursor: number): void {
    const taken = this.#taken.get(shardId);
    if (!taken) return;
    this.#options.pool().acknowledge(idOf(shardId), taken.link, { [shardId]: cursor });
  }

  /** The shard goes back to its cluster, or its events wait. */
  release(shardId: number): void {
    this.#letGo(shardId);
    this.#options.pool().release(shardId);
  }

  /** Takes a batch of a worker; stale when the shard was taken anew since. */
  deliver(consumerId: number, link: number, batch: Uint8Array): void {
    const shardId = consumerId - CONSUMER_BASE;
    const taken = this.#taken.get(shardId);
    if (taken?.link !== link) return;
    for (const record of readBatch(batch)) {
      // An event may end the connection that it is delivered to.
      if (this.#taken.get(shardId) !== taken) return;
      taken.deliver(record);
    }
  }

  /** The links that are up, for a worker that has just started. */
  links(): { clusterId: number; link: number; windowBytes: number }[] {
    return [...this.#taken].map(([shardId, { link }]) => (
      { clusterId: idOf(shardId), link, windowBytes: CONSUMER_WINDOW_BYTES }
    ));
  }

  /** Waits for no worker any more. */
  stop(): void {
    this.#stopped = true;
  }

  #letGo(shardId: number): void {
    if (this.#taken.delete(shardId)) this.#options.pool().link(idOf(shardId), null, 0);
  }

  async #backlog(shardId: number): Promise<Backlog> {
    const { clock, pool } = this.#options;
    const deadlineMs = clock.now() + HOLD_DEADLINE_MS;
    while (true) {
      try {
        return await pool().backlog(shardId);
      } catch (error) {
        if (!isWorkerLost(error) || this.#stopped || clock.now() >= deadlineMs) throw error;
      }
      await sleep(clock, RETRY_MS);
    }
  }
}

function idOf(shardId: number): number {
  return CONSUMER_BASE + shardId;
}

function isWorkerLost(error: unknown): boolean {
  return error instanceof GatehouseError && error.code === "worker_lost";
}

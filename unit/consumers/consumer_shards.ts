/**
 * The shards that consumers on `/gateway` have: each such consumer is one more link, beside those of
 * the clusters. Sessions and sockets are not its business.
 *
 * @module
 */

import type { ShardEvents } from "../../downstream/world.ts";
import type { Links } from "../../link/links.ts";
import { type Clock, sleep } from "../../ports/clock.ts";
import { GatehouseError } from "../../protocol/errors.ts";
import { type EventRecord, readBatch } from "../../protocol/event_frame.ts";
import type { ConsumerKey } from "../../protocol/peer.ts";
import type { ShardBacklog } from "../../protocol/worker_message.ts";
import type { WorkerPool } from "../../workers/pool.ts";

/** Bytes that may be under way to one consumer unacknowledged. */
export const CONSUMER_WINDOW_BYTES = 16 * 1024 * 1024;
/** How long a shard whose worker is being restarted is waited for. */
export const HOLD_DEADLINE_MS = 10_000;
const RETRY_MS = 100;

/** What it works with. */
export interface ConsumerShardsOptions {
  readonly totalShards: number;
  readonly clock: Clock;
  readonly links: Pick<Links, "open" | "close" | "acknowledge">;
  readonly pool: Pick<WorkerPool, "assign" | "release" | "backlog">;
}

/** The shards of a unit, as its consumers see them. */
export class ConsumerShards implements ShardEvents {
  readonly #options: ConsumerShardsOptions;
  #stopped = false;

  constructor(options: ConsumerShardsOptions) {
    this.#options = options;
  }

  /**
   * Nobody gets the shard's events from now on, whatever becomes of its worker.
   *
   * @throws {GatehouseError} `worker_lost` or `deadline` when the worker cannot be reached for 10 s.
   */
  hold(shardId: number): Promise<ShardBacklog> {
    const { links, pool } = this.#options;
    links.close(this.#peer(shardId));
    pool.assign(shardId, null);
    return this.#backlog(shardId);
  }

  /** Delivers what is not acknowledged, and what comes. */
  take(shardId: number, deliver: (record: EventRecord) => void): void {
    const { links, pool } = this.#options;
    const peer = this.#peer(shardId);
    let isOver = false;
    pool.assign(shardId, peer);
    links.open(peer, CONSUMER_WINDOW_BYTES, {
      sendBytes(batch) {
        for (const record of readBatch(batch)) {
          // An event may end the connection that it is delivered to.
          if (isOver) return;
          deliver(record);
        }
      },
      close: () => isOver = true,
    });
  }

  /** The consumer is done with everything up to `cursor`. */
  acknowledge(shardId: number, cursor: number): void {
    this.#options.links.acknowledge(this.#peer(shardId), { [shardId]: cursor });
  }

  /** The shard goes back to its cluster, or its events wait. */
  release(shardId: number): void {
    const { links, pool } = this.#options;
    links.close(this.#peer(shardId));
    pool.release(shardId);
  }

  /** Waits for no worker any more. */
  stop(): void {
    this.#stopped = true;
  }

  #peer(id: number): ConsumerKey {
    return { kind: "consumer", shard: { total: this.#options.totalShards, id } };
  }

  async #backlog(shardId: number): Promise<ShardBacklog> {
    const { clock, pool } = this.#options;
    const deadlineMs = clock.now() + HOLD_DEADLINE_MS;
    while (true) {
      try {
        return await pool.backlog(shardId);
      } catch (error) {
        if (!isWorkerLost(error) || this.#stopped || clock.now() >= deadlineMs) throw error;
      }
      await sleep(clock, RETRY_MS);
    }
  }
}

function isWorkerLost(error: unknown): boolean {
  return error instanceof GatehouseError && error.code === "worker_lost";
}

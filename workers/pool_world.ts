/**
 * What the pool of a unit's workers is made with, and what it tells.
 *
 * @module
 */

import type { Estate } from "../protocol/estate.ts";
import type { PeerKey } from "../protocol/peer.ts";
import type { ShardRole } from "../protocol/reshard.ts";
import type { FromWorker, WorkerOptions } from "../protocol/worker_message.ts";
import type { SlotOptions } from "./slot.ts";

/** What the pool needs. */
export interface PoolOptions extends Pick<SlotOptions, "clock" | "log" | "spawn"> {
  /** Shards of each worker, one worker after another. */
  readonly buckets: readonly (readonly number[])[];
  /** Id of the first worker; the others' follow. Default: 0. */
  readonly firstWorkerId?: number;
  readonly worker: Omit<WorkerOptions, "workerId">;
  /** What a worker is given of a shard. */
  readonly estateOf: (shardId: number) => Estate;
  /** Links that are up and that batches go over through the main thread. */
  readonly links: () => readonly { peer: PeerKey; link: number; windowBytes: number }[];
  readonly events: PoolEvents;
  /**
   * What a shard does now; `null`: nothing, it is not brought up, nor is a worker that has no other. One that
   * `WorkerPool.bringUp` let rise is not asked for until it serves. Default: all serve.
   */
  readonly roleOf?: (shardId: number) => ShardRole | null;
  /** Called for each shard of a worker that begins: `WorkerPool.tellWorkerToIdentify` follows. */
  readonly bringUp: (workerId: number, shardId: number) => void;
}

/** What only the pool and its parts act on. */
type OwnWord = "DYING" | "LINKED" | "LOG" | "NONCE_REPLY" | "STARTED";

/** What a worker says, by type. */
type WorkerEvents = {
  readonly [Type in Exclude<FromWorker["type"], OwnWord>]: (
    message: Extract<FromWorker, { type: Type }>,
  ) => void;
};

/** What the pool tells its owner: the words of its workers, and what became of them. */
export interface PoolEvents extends WorkerEvents {
  /** These shards come up without a session: they are about to ask. */
  expectIdentify(shardIds: readonly number[]): void;
  /** The worker of these shards is lost. */
  lost(shardIds: readonly number[]): void;
  /** A worker's link to a cluster that it dials came up or went down. */
  linked(peer: PeerKey): void;
  /** Workers are lost again and again: only a new process can help. */
  exhausted(reason: string): void;
  /** A module of the user's cannot be loaded in a worker, and never could. */
  refused(reason: string): void;
}

/** Where a cluster listens for the unit. */
export interface Address {
  readonly url: string;
  /** Sent as `Authorization`. */
  readonly secretKey: string | null;
}

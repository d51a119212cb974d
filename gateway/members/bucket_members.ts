/**
 * The members of the shards of one worker, each shard's by itself.
 *
 * @module
 */

import type { WorkerOptions } from "../../protocol/worker_message.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import type { Random } from "../../ports/random.ts";
import type { Shard } from "../shard.ts";
import { ShardMembers } from "./shard_members.ts";

/** Possible first parts of a nonce: 9 characters. */
const LIVES = 36 ** 9;

/** What they work with. */
export interface MembersOptions {
  readonly worker: WorkerOptions;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Newest cursor of a shard. */
  readonly newest: (shardId: number) => number;
  /** With the event `cursor`, the newest, every guild of a shard has its last chunk. */
  readonly complete: (shardId: number, cursor: number) => void;
  /** The bot is done with these chunks, too. */
  readonly cached: (shardId: number) => void;
}

/** The members of the shards of one worker. */
export class Members {
  readonly #options: MembersOptions;
  readonly #shards = new Map<number, ShardMembers>();
  /** A replay brings nonces of earlier lives of the worker: this part tells them apart. */
  readonly #life: string;
  #nonces = 0;

  constructor(options: MembersOptions) {
    this.#options = options;
    this.#life = Math.floor(options.random() * LIVES).toString(36);
  }

  /** A shard is there. */
  add(shardId: number, shard: Pick<Shard, "status" | "turn">): void {
    const { worker, clock, log, newest, complete, cached } = this.#options;
    const members = new ShardMembers({
      shardId,
      worker,
      clock,
      log,
      shard,
      newNonce: () => `gatehouse-${this.#life}-${(++this.#nonces).toString(36)}`,
      newest: () => newest(shardId),
      complete: (cursor) => complete(shardId, cursor),
      cached: () => cached(shardId),
    });
    this.#shards.set(shardId, members);
  }

  /** The members of one shard. */
  of(shardId: number): ShardMembers | undefined {
    return this.#shards.get(shardId);
  }
}

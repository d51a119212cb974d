/**
 * What the workers of a pool have told last of each shard.
 *
 * @module
 */

import type { Clock } from "../ports/clock.ts";
import type { ShardCounters, ShardStatus } from "../protocol/status.ts";

/** A shard as its worker has told of it last. */
export interface ShardRow {
  readonly status: ShardStatus;
  /** When its worker last reported; `null`: it has not. */
  readonly counters: ShardCounters | null;
}

/** The shards of a pool. */
export class ShardTable {
  readonly #clock: Pick<Clock, "epochMs">;
  readonly #statuses = new Map<number, ShardStatus>();
  readonly #counters = new Map<number, ShardCounters>();

  constructor(clock: Pick<Clock, "epochMs">) {
    this.#clock = clock;
  }

  /** A shard does nothing. */
  idle(shardId: number, reason: string): void {
    const sinceMs = this.#clock.epochMs();
    this.#statuses.set(shardId, { shardId, state: "idle", reason, sinceMs, connection: 0 });
  }

  /** A shard does nothing, and what it counted is of no use. */
  over(shardId: number): void {
    this.#counters.delete(shardId);
    this.idle(shardId, "it is over");
  }

  /** Its worker says how a shard is. */
  tell(status: ShardStatus): void {
    this.#statuses.set(status.shardId, status);
  }

  /** A worker has reported. */
  count(shards: readonly ShardCounters[]): void {
    for (const counters of shards) this.#counters.set(counters.shardId, counters);
  }

  /** How a shard is; `null`: there is none of this id. */
  statusOf(shardId: number): ShardStatus | null {
    return this.#statuses.get(shardId) ?? null;
  }

  /** All, those that do nothing as well, by id. */
  get all(): ShardRow[] {
    return [...this.#statuses].sort(([a], [b]) => a - b).map(([shardId, status]) => ({
      status,
      counters: this.#counters.get(shardId) ?? null,
    }));
  }
}

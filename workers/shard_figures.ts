/**
 * What the shards of one worker have counted, as it is reported.
 *
 * @module
 */

import type { World } from "../ports/world.ts";
import { rounded } from "../protocol/rounded.ts";
import type { ShardCounters } from "../protocol/status.ts";
import type { EventQueue } from "../queue/worker_queue.ts";
import type { Shard } from "../gateway/shard.ts";

/** Whom the figures are asked of. */
export interface ShardFiguresOptions extends Pick<World, "clock" | "log"> {
  readonly queue: Pick<EventQueue, "of">;
  /** Dispatches of a shard that the bot was not to get. */
  readonly withheld: (shardId: number) => number;
}

/** A shard, as far as it counts. */
type Counting = Pick<Shard, "tally" | "latencyMs">;

/** The figures of the shards of one worker. */
export class ShardFigures {
  readonly #options: ShardFiguresOptions;
  readonly #expired = new Map<number, number>();
  /** Events dropped when it was last reported. */
  #dropped = 0;

  constructor(options: ShardFiguresOptions) {
    this.#options = options;
  }

  /** An interaction of a shard waited longer than its token lives. */
  expired(shardId: number): void {
    this.#expired.set(shardId, (this.#expired.get(shardId) ?? 0) + 1);
    this.#options.log.warn("interaction waited too long", { shardId });
  }

  /** The figures of all shards; what was dropped since the last time is logged. */
  report(shards: Iterable<readonly [number, Counting]>): ShardCounters[] {
    const all = [...shards].map(([shardId, shard]) => this.of(shardId, shard));
    const dropped = all.reduce((sum, counters) => sum + counters.dropped, 0);
    if (dropped > this.#dropped) {
      const events = dropped - this.#dropped;
      this.#options.log.error("the queue is full, events were dropped, the bot is told", {
        events,
      });
    }
    this.#dropped = dropped;
    return all;
  }

  /** The figures of one shard. */
  of(shardId: number, { tally, latencyMs }: Counting): ShardCounters {
    const { clock, queue, withheld } = this.#options;
    const { counts, queued, queuedBytes, diskBytes, newest, lag } = queue.of(shardId);
    return {
      shardId,
      latencyMs: rounded(latencyMs),
      ...counts,
      queued,
      queuedBytes,
      queuedDiskBytes: diskBytes,
      queueAgeMs: rounded(lag.ageMs(clock.now())),
      ackLagMs: rounded(lag.lagMs),
      expired: this.#expired.get(shardId) ?? 0,
      withheld: withheld(shardId),
      newestCursor: newest,
      ...tally,
      reconnects: { ...tally.reconnects },
    };
  }
}

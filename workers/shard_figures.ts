/**
 * What the shards of one worker have counted, as it is reported.
 *
 * @module
 */

import type { World } from "../ports/world.ts";
import { messageOf } from "../protocol/errors.ts";
import { rounded } from "../protocol/rounded.ts";
import type { ShardCounters } from "../protocol/status.ts";
import type { EventQueue } from "../queue/worker_queue.ts";
import type { Shard } from "../gateway/shard.ts";
import type { WorkerGuilds } from "./guilds/shards.ts";

/** Whom the figures are asked of. */
export interface ShardFiguresOptions extends Pick<World, "clock" | "log"> {
  readonly queue: Pick<EventQueue, "of" | "damaged">;
  /** Dispatches of a shard that the bot was not to get. */
  readonly withheld: (shardId: number) => number;
  /** What the guilds of a shard take; `null`: none are kept. */
  readonly guilds: Pick<WorkerGuilds, "memoryBytes" | "diskBytes"> | null;
}

/** A shard, as far as it counts. */
type Counting = Pick<Shard, "tally" | "latencyMs">;

/** Records of a shard that could not be prepared. */
interface Unprepared {
  readonly records: number;
  /** Of the newest: a record that is sent again counts once. */
  readonly cursor: number;
  readonly error: unknown;
  /** How many of them have been told. */
  readonly told: number;
}

/** The figures of the shards of one worker. */
export class ShardFigures {
  readonly #options: ShardFiguresOptions;
  readonly #expired = new Map<number, number>();
  readonly #unprepared = new Map<number, Unprepared>();
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

  /** A record could not be prepared; the log tells it with the next report. */
  unprepared(shardId: number, cursor: number, error: unknown): void {
    const { records = 0, cursor: newest = -1, told = 0 } = this.#unprepared.get(shardId) ?? {};
    if (cursor <= newest) return;
    this.#unprepared.set(shardId, { records: records + 1, cursor, error, told });
  }

  /** A shard is gone. */
  forget(shardId: number): void {
    this.#expired.delete(shardId);
    this.#unprepared.delete(shardId);
  }

  /** The figures of all shards; what was dropped or unreadable since the last time is logged. */
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
    this.#tellUnprepared();
    return all;
  }

  /** One line for each shard, however many they are. */
  #tellUnprepared(): void {
    for (const [shardId, of] of this.#unprepared) {
      const { records, cursor, error, told } = of;
      if (records === told) continue;
      this.#unprepared.set(shardId, { ...of, told: records });
      this.#options.log.error("stored events cannot be read, they go to the bot as they are", {
        shardId,
        events: records - told,
        cursor,
        error: messageOf(error),
      });
    }
  }

  /** The figures of one shard. */
  of(shardId: number, { tally, latencyMs }: Counting): ShardCounters {
    const { clock, queue, withheld, guilds } = this.#options;
    const { counts, queued, queuedBytes, diskBytes, newest, lag } = queue.of(shardId);
    const damaged = queue.damaged(shardId);
    return {
      shardId,
      latencyMs: rounded(latencyMs),
      ...counts,
      queued,
      queuedBytes,
      queuedDiskBytes: diskBytes,
      guildBytes: guilds?.memoryBytes(shardId) ?? 0,
      guildDiskBytes: guilds?.diskBytes(shardId) ?? 0,
      queueAgeMs: rounded(lag.ageMs(clock.now())),
      ackLagMs: rounded(lag.lagMs),
      expired: this.#expired.get(shardId) ?? 0,
      unreadable: (this.#unprepared.get(shardId)?.records ?? 0) + damaged,
      withheld: withheld(shardId),
      newestCursor: newest,
      ...tally,
      reconnects: { ...tally.reconnects },
    };
  }
}

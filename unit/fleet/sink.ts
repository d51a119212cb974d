/**
 * The events of all shards that this unit has, into the event stream: see `docs/protocols.md`.
 *
 * @module
 */

import type { World } from "../../ports/world.ts";
import type { EventStream } from "../../ports/fleet/event_stream.ts";
import { type ShardKey, type ShardKeyText, shardKeyText } from "../../protocol/ids.ts";
import { SinkShard, type SinkShards } from "./sink_shard.ts";

/** Each shard of a unit adds so much to the time that events wait for others: a unit writes 250 batches per second. */
const LINGER_MS_PER_SHARD = 4;

/** What the sink needs. */
export interface EventSinkOptions extends Pick<World, "clock" | "log"> {
  readonly stream: EventStream;
  readonly shards: SinkShards;
  /** Name of the numbering that cursors belong to. */
  readonly numbering: () => string;
}

/**
 * Writes what the shards of this unit bring, each event once, in order; what cannot be kept just now waits with the
 * shard, in memory and on disk, as what waits for a bot.
 *
 * @example
 * ```ts
 * import { systemClock } from "../../ports/clock.ts";
 * import { silentLog } from "../../ports/log.ts";
 * import { EventSink } from "./sink.ts";
 * const stream = { last: () => Promise.resolve(null), append: () => Promise.resolve(1) };
 * const shards = { hold: () => Promise.resolve(), take() {}, acknowledge() {} };
 * const world = { clock: systemClock, log: silentLog };
 * const sink = new EventSink({ ...world, stream, shards, numbering: () => "n" });
 * sink.have([{ id: 0, total: 1 }]);
 * sink.stop();
 * console.assert(sink.written === 0);
 * ```
 */
export class EventSink {
  /** Events that were kept. */
  written = 0;
  readonly #options: EventSinkOptions;
  readonly #shards = new Map<ShardKeyText, SinkShard>();
  /** Why nothing can be kept, of each shard of which nothing can. */
  readonly #troubles = new Map<ShardKeyText, string>();

  constructor(options: EventSinkOptions) {
    this.#options = options;
  }

  /** These shards serve here from now on, and no others. */
  have(shards: readonly ShardKey[]): void {
    const wanted = new Map(shards.map((shard) => [shardKeyText(shard), shard]));
    for (const [key, shard] of this.#shards) {
      if (wanted.has(key)) continue;
      this.#shards.delete(key);
      this.#troubles.delete(key);
      shard.stop();
    }
    for (const [key, shard] of wanted) {
      if (!this.#shards.has(key)) this.#shards.set(key, this.#open(key, shard));
    }
  }

  /** Writes nothing more. */
  stop(): void {
    this.have([]);
  }

  #open(key: ShardKeyText, shard: ShardKey): SinkShard {
    const { log } = this.#options;
    return new SinkShard({
      ...this.#options,
      shard,
      lingerMs: () => LINGER_MS_PER_SHARD * this.#shards.size,
      kept: (events) => this.written += events,
      troubled: (why) => {
        const was = this.#troubles.size;
        if (why === null) this.#troubles.delete(key);
        else this.#troubles.set(key, why);
        const is = this.#troubles.size;
        if (was === 0 && is > 0) {
          log.warn("events are not kept in the event stream", { reason: why });
        }
        if (was > 0 && is === 0) log.info("events are kept in the event stream again");
      },
    });
  }
}

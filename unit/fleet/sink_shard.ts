/**
 * One shard's events on their way into the event stream: read beside the bot, by a name, and acknowledged once they
 * are kept. A batch is under way at a time; what comes meanwhile makes the next one.
 *
 * @module
 */

import type { Cancel, Clock } from "../../ports/clock.ts";
import type { EventStream, KeptBatch } from "../../ports/fleet/event_stream.ts";
import type { Log } from "../../ports/log.ts";
import { type Random, seededRandom } from "../../ports/random.ts";
import { redialDelayMs } from "../../ports/redial.ts";
import { GatehouseError, messageOf } from "../../protocol/errors.ts";
import type { EventRecord } from "../../protocol/event_frame.ts";
import { type Seat, type ShardKey, shardKeyText } from "../../protocol/ids.ts";
import { encodeStreamBatch, encodeTooLarge } from "./stream_batch.ts";

/** The name by which the event stream reads each shard. No client on `/gateway` may have it meanwhile. */
export const SINK_READER = "nats";
/** Bytes of a batch, unless a single event has more. */
const BATCH_BYTES = 128 * 1024;
/** Tries are 2 s apart at most: what waits meanwhile takes memory, then disk. */
const MOST_PATIENCE = 4;
/** Bytes that may wait here for their turn: a batch that is under way, and the next one. */
export const SINK_WINDOW_BYTES: number = 2 * BATCH_BYTES;

/** The shards as the stream reads them: `ConsumerShards`. */
export interface SinkShards {
  hold(shard: Seat): Promise<unknown>;
  take(shard: Seat, deliver: (record: EventRecord) => void, windowBytes: number): void;
  acknowledge(shard: Seat, cursor: number): void;
}

/** What one shard needs. */
export interface SinkShardOptions {
  readonly shard: ShardKey;
  readonly shards: SinkShards;
  readonly stream: EventStream;
  /** Name of the numbering that cursors belong to. */
  readonly numbering: () => string;
  /** How long events wait for others. */
  readonly lingerMs: () => number;
  readonly clock: Clock;
  readonly log: Log;
  /** So many events are kept. */
  readonly kept: (events: number) => void;
  /** Nothing can be kept, and why; or it can again (`null`). */
  readonly troubled: (why: string | null) => void;
}

/** One shard. */
export class SinkShard {
  readonly #options: SinkShardOptions;
  readonly #seat: Seat;
  /** Shards do not all try again at once. */
  readonly #random: Random;
  #waiting: EventRecord[] = [];
  #bytes = 0;
  /** The newest of what waits. */
  #newest = 0;
  /** What is kept already. */
  #kept: KeptBatch = { revision: 0, cursor: 0, numbering: "" };
  #batchBytes = BATCH_BYTES;
  #isWriting = false;
  #failures = 0;
  /** Ends the pause before the next batch, or try. */
  #cancel: Cancel | null = null;
  #isOver = false;

  constructor(options: SinkShardOptions) {
    this.#options = options;
    this.#seat = { ...options.shard, reader: SINK_READER };
    this.#random = seededRandom(options.shard.id);
    void this.#open();
  }

  /** Reads and writes no more. What is not acknowledged waits for whoever goes on. */
  stop(): void {
    this.#isOver = true;
    this.#cancel?.();
    this.#waiting = [];
  }

  /** From here on events wait for us, whether they can be kept just now or not. */
  async #open(): Promise<void> {
    const { shards } = this.#options;
    try {
      await shards.hold(this.#seat);
      if (this.#isOver) return;
      this.#know(await this.#options.stream.last(this.#options.shard));
      if (this.#isOver) return;
      this.#succeeded();
      shards.take(this.#seat, (record) => this.#take(record), SINK_WINDOW_BYTES);
    } catch (error) {
      this.#again(error, () => this.#open());
    }
  }

  #take(record: EventRecord): void {
    if (this.#isOver) return;
    // It comes once more after its worker was lost, which may not know what we are done with.
    if (record.cursor <= this.#kept.cursor) return this.#acknowledge();
    if (record.cursor <= this.#newest) return;
    this.#newest = record.cursor;
    this.#waiting.push(record);
    this.#bytes += record.body.length;
    if (this.#isWriting || this.#failures > 0) return;
    if (this.#bytes >= BATCH_BYTES) {
      this.#cancel?.();
      this.#write();
    } else {
      this.#cancel ??= this.#options.clock.after(this.#options.lingerMs(), () => this.#write());
    }
  }

  /** Writes all that waits, batch after batch. */
  async #write(): Promise<void> {
    this.#cancel = null;
    this.#isWriting = true;
    try {
      while (this.#waiting.length > 0 && !this.#isOver) await this.#writeOne();
      this.#succeeded();
    } catch (error) {
      this.#again(error, () => this.#write());
    } finally {
      this.#isWriting = false;
    }
  }

  async #writeOne(): Promise<void> {
    const batch = firstOf(this.#waiting, this.#batchBytes);
    const { cursor } = batch.at(-1)!;
    const body = encodeStreamBatch(batch);
    const revision = body === null ? this.#kept.revision : await this.#append(batch, body);
    if (this.#isOver) return;
    if (revision === null) {
      // Another unit has written, or what was there last is too old.
      this.#know(await this.#options.stream.last(this.#options.shard));
      return;
    }
    this.#kept = { revision, cursor, numbering: this.#options.numbering() };
    this.#drop();
    this.#options.kept(batch.length);
  }

  async #append(
    batch: readonly EventRecord[],
    body: Uint8Array<ArrayBuffer>,
  ): Promise<number | null> {
    const { stream, shard, log, numbering } = this.#options;
    const { cursor } = batch.at(-1)!;
    const head = { cursor, numbering: numbering() };
    try {
      return await stream.append(shard, { ...head, body }, this.#kept.revision);
    } catch (error) {
      if (!(error instanceof GatehouseError && error.code === "too_large")) throw error;
      if (batch.length > 1) {
        // The server takes less at once than we thought.
        this.#batchBytes /= 2;
        return null;
      }
      const about = { shardId: shard.id, cursor, bytes: batch[0]!.body.length };
      log.error("an event is too large for the event stream", { ...about, error: error.message });
      const told = { ...head, body: encodeTooLarge(batch[0]!) };
      return await stream.append(shard, told, this.#kept.revision);
    }
  }

  #know(last: KeptBatch | null): void {
    const isOurs = last !== null && last.numbering === this.#options.numbering();
    this.#kept = {
      revision: last?.revision ?? 0,
      numbering: this.#options.numbering(),
      // Cursors only grow: of what is forgotten there we still know.
      cursor: Math.max(isOurs ? last.cursor : 0, this.#kept.cursor),
    };
    this.#drop();
  }

  /** What is kept need not wait. */
  #drop(): void {
    const { cursor } = this.#kept;
    const kept = this.#waiting.findIndex((record) => record.cursor > cursor);
    const gone = this.#waiting.splice(0, kept < 0 ? this.#waiting.length : kept);
    this.#bytes -= gone.reduce((sum, { body }) => sum + body.length, 0);
    this.#newest = Math.max(this.#newest, cursor);
    if (gone.length > 0) this.#acknowledge();
  }

  #acknowledge(): void {
    this.#options.shards.acknowledge(this.#seat, this.#kept.cursor);
  }

  #succeeded(): void {
    if (this.#failures === 0 || this.#isOver) return;
    this.#failures = 0;
    this.#options.troubled(null);
  }

  #again(error: unknown, task: () => Promise<void>): void {
    if (this.#isOver) return;
    const { clock, log, shard, troubled } = this.#options;
    const delayMs = Math.round(
      redialDelayMs(Math.min(++this.#failures, MOST_PATIENCE), this.#random),
    );
    const about = { shard: shardKeyText(shard), error: messageOf(error), delayMs };
    log.debug("events of a shard are not kept yet", about);
    troubled(messageOf(error));
    this.#cancel?.();
    this.#cancel = clock.after(delayMs, () => {
      this.#cancel = null;
      void task();
    });
  }
}

/** As many of these as one batch may have: at least one. */
function firstOf(records: readonly EventRecord[], mostBytes: number): readonly EventRecord[] {
  let bytes = 0;
  const end = records.findIndex(({ body }) => (bytes += body.length) > mostBytes);
  return end < 0 ? records.slice() : records.slice(0, Math.max(1, end));
}

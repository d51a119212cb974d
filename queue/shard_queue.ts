/**
 * Everything of one shard that the bot has not acknowledged, in order: in memory as long as the bot
 * keeps up, on disk when it is away or slow.
 *
 * ```
 * direct:    accept ───────────────────────▶ front ──▶ bot
 * spilling:  accept ──▶ tail ──▶ disk ─────▶ front ──▶ bot
 * ```
 *
 * While it spills, everything that is not acknowledged is on disk or on its way there, so that the
 * newest cursor on disk is safe: a session may be resumed after it. The front holds what is under way
 * and the next little; the rest is read back when it is its turn.
 *
 * @module
 */

import { messageOf } from "../protocol/errors.ts";
import { type EventRecord, type Gap, gapRecord, RECORD } from "../protocol/event_frame.ts";
import type { Cancel, Clock } from "../ports/clock.ts";
import type { Spool } from "../ports/spool.ts";
import { Lag } from "./lag.ts";
import { Outbox } from "./outbox.ts";
import type { Overflow } from "./shedding.ts";

/** Bytes written at once. */
const WRITE_BYTES = 1024 * 1024;
/** Memory that several events share, at most. */
const SLAB_BYTES = 64 * 1024;
const NO_SLAB = new Uint8Array();
/** How long after a failed write or read it is tried again. */
export const RETRY_MS = 1_000;

/** What the queue of a shard needs. */
export interface ShardQueueOptions {
  readonly clock: Clock;
  /** There is something new to send, of so many bytes. */
  readonly wake: (bytes: number) => void;
  /** Memory taken or given back. */
  readonly account: (bytes: number) => void;
  /** The bot is done with everything up to this cursor. */
  readonly acknowledged: (cursor: number) => void;
  /** Everything up to this cursor is safe on disk. */
  readonly stored: (cursor: number) => void;
  /** The disk failed; events stay in memory and it is tried again. */
  readonly failed: (reason: string) => void;
  /** Whether the disk may take more. */
  readonly mayWrite: () => boolean;
  /** Unsent bytes that are kept in memory while the rest is on disk. */
  readonly frontBytes: () => number;
  /** Gives each record as it is to be sent, or `null` to stop before it. */
  readonly prepare?: (record: EventRecord) => EventRecord | null;
}

/** The queue of one shard. */
export class ShardQueue {
  readonly shardId: number;
  /** How long records wait; those of an earlier life have waited since {@linkcode ShardQueue.open}. */
  readonly lag: Lag = new Lag();
  /** Newest cursor that was taken: what comes again is dropped, and a new session begins above it. */
  newest = 0;
  readonly #options: ShardQueueOptions;
  readonly #front: Outbox;
  /** What is on its way to disk; `null` in direct mode. */
  #tail: Outbox | null = null;
  #spool: Spool | null = null;
  #trimmer: Trimmer | null = null;
  /** Newest cursor that is, or was, in the front. */
  #fronted = 0;
  /** Newest cursor on disk. */
  #onDisk = 0;
  /** Records on disk that are not in the front, as far as this life knows. */
  #behind = 0;
  #droppedBefore = 0;
  #slab = NO_SLAB;
  #slabUsed = 0;
  #writing: Promise<void> | null = null;
  #reading = false;
  /** Ends the wait after a write that failed. */
  #cancelRetry: Cancel | null = null;

  constructor(shardId: number, options: ShardQueueOptions) {
    this.shardId = shardId;
    this.#options = options;
    this.#front = new Outbox(options.account);
  }

  /** Records in memory or on disk. */
  get queued(): number {
    return this.#front.queued + (this.#tail?.queued ?? 0) + this.#behind;
  }

  /** Memory taken. */
  get queuedBytes(): number {
    return this.#front.queuedBytes + (this.#tail?.queuedBytes ?? 0);
  }

  /** Memory that {@linkcode ShardQueue.shed} could free. */
  get unsentBytes(): number {
    return (this.#tail ?? this.#front).unsentBytes;
  }

  /** Bytes on disk. */
  get diskBytes(): number {
    return this.#spool?.bytes ?? 0;
  }

  /** Records sent (resent ones again), records that the bot is done with, events that had no room. */
  get counts(): { forwarded: number; acknowledged: number; dropped: number } {
    const { forwarded, acknowledged, dropped } = this.#front;
    const more = (this.#tail?.dropped ?? 0) + this.#droppedBefore;
    return { forwarded, acknowledged, dropped: dropped + more };
  }

  /** Whether there is something in memory to send. */
  get hasUnsent(): boolean {
    return this.#front.hasUnsent;
  }

  /** Takes over what an earlier life left on disk; before the first event. */
  open(spool: Spool, acknowledged: number): void {
    this.#spool = spool;
    this.#trimmer = new Trimmer(spool, this.#options.failed);
    this.newest = Math.max(acknowledged, spool.last ?? 0);
    this.#fronted = acknowledged;
    if (spool.last === null || spool.last <= acknowledged) {
      return this.#trimmer.trim(this.newest);
    }
    this.#tail = new Outbox(this.#options.account);
    this.#onDisk = spool.last;
    this.lag.accepted(spool.last, this.#options.clock.now());
    this.#options.stored(this.#onDisk);
    this.#refill();
  }

  /** Takes a dispatch, unless it came before. The bytes are copied. */
  accept(cursor: number, payload: Uint8Array): void {
    const body = this.#copy(payload);
    this.#enter({ shardId: this.shardId, kind: RECORD.DISPATCH, cursor, body });
  }

  /** Takes word of events that will never come, unless it came before. */
  gap(gap: Gap): void {
    this.#enter(gapRecord(this.shardId, gap));
  }

  /** Moves unsent records to `batch` until it holds `limitBytes`; gives the bytes moved. */
  takeUnsent(batch: EventRecord[], limitBytes: number): number {
    const bytes = this.#front.takeUnsent(batch, limitBytes, this.#options.prepare);
    this.#refill();
    return bytes;
  }

  /** Everything up to `cursor` is dealt with; gives the bytes that were under way. */
  acknowledge(cursor: number): number {
    const before = this.#front.acknowledged;
    const bytes = this.#front.acknowledge(cursor);
    // Only what was sent can be acknowledged, whatever the bot says.
    const last = this.#front.lastAcknowledged;
    this.lag.acknowledged(last, this.#options.clock.now());
    if (this.#front.acknowledged > before) this.#options.acknowledged(last);
    if (this.#tail) this.#trimmer?.trim(last);
    this.#settle();
    if (this.queued === 0) this.#slab = NO_SLAB;
    return bytes;
  }

  /** The taker is new: everything is to be sent again. Gives the bytes that were under way. */
  rewind(): number {
    return this.#front.rewind();
  }

  /** Frees memory by dropping events, which a GAP tells; gives the bytes freed. */
  shed(bytes: number, overflow?: Overflow): number {
    return (this.#tail ?? this.#front).shed(bytes, overflow);
  }

  /**
   * From now on events go through the disk, beginning with what is in memory. Nothing happens where
   * there is no disk, or it is so already.
   */
  spill(): void {
    if (!this.#spool || this.#tail || this.#front.queued === 0) return;
    this.#tail = new Outbox(this.#options.account);
    this.#writing = this.#spillFront(this.#front.unacknowledged);
  }

  /** Puts what is in memory on disk, where there is one, and closes the files. */
  async close(): Promise<void> {
    this.#cancelRetry?.();
    this.#cancelRetry = null;
    this.spill();
    this.#write();
    while (this.#writing) await this.#writing;
    await this.#spool?.close();
  }

  /**
   * A copy of its own where little waits; else one of several in a slab, which is cheaper. A slab is as
   * large as what waits at most: it may be held by its last event.
   */
  #copy(payload: Uint8Array): Uint8Array {
    const { length } = payload;
    if (this.#slab === NO_SLAB || this.#slab.length - this.#slabUsed < length) {
      const size = Math.min(SLAB_BYTES, this.queuedBytes);
      if (size < 2 * length) return new Uint8Array(payload);
      this.#slab = new Uint8Array(size);
      this.#slabUsed = 0;
    }
    const from = this.#slabUsed;
    this.#slab.set(payload, from);
    this.#slabUsed = from + length;
    return this.#slab.subarray(from, this.#slabUsed);
  }

  #enter(record: EventRecord): void {
    if (record.cursor <= this.newest) return;
    this.newest = record.cursor;
    this.lag.accepted(record.cursor, this.#options.clock.now());
    if (!this.#tail) return this.#show([record]);
    this.#tail.push(record);
    this.#write();
  }

  async #spillFront(records: readonly EventRecord[]): Promise<void> {
    const isWritten = await this.#append(records);
    this.#writing = null;
    if (!isWritten) return this.#direct();
    this.#behind += this.#front.forgetUnsent(this.#options.frontBytes());
    this.#fronted = this.#front.lastCursor ?? this.#fronted;
    this.#write();
    this.#settle();
  }

  #write(): void {
    if (this.#writing || this.#cancelRetry || !this.#tail?.hasUnsent) return;
    this.#writing = this.#writeTail(this.#tail);
  }

  async #writeTail(tail: Outbox): Promise<void> {
    const batch: EventRecord[] = [];
    const bytes = tail.takeUnsent(batch, WRITE_BYTES);
    const isNext = this.#fronted >= this.#onDisk;
    const isWritten = await this.#append(batch);
    this.#writing = null;
    if (!isWritten) {
      tail.rewind();
      return this.#retryWrite();
    }
    tail.acknowledge(this.#onDisk);
    const isRoom = this.#front.unsentBytes + bytes <= this.#options.frontBytes();
    if (isNext && isRoom) this.#show(batch);
    else this.#behind += batch.length;
    this.#write();
    this.#refill();
    this.#settle();
  }

  /** Whatever comes meanwhile, a disk that failed is left alone for a while. */
  #retryWrite(): void {
    this.#cancelRetry = this.#options.clock.after(RETRY_MS, () => {
      this.#cancelRetry = null;
      this.#write();
    });
  }

  async #append(records: readonly EventRecord[]): Promise<boolean> {
    try {
      if (!this.#options.mayWrite()) throw new Error("QUEUE_DISK_BYTES are used up");
      await this.#spool!.append(records);
    } catch (error) {
      this.#options.failed(messageOf(error));
      return false;
    }
    this.#onDisk = records.at(-1)!.cursor;
    this.#options.stored(this.#onDisk);
    return true;
  }

  /** Puts records into the front. */
  #show(records: readonly EventRecord[]): void {
    for (const record of records) {
      if (record.cursor <= this.#fronted) continue;
      this.#fronted = record.cursor;
      this.#front.push(record);
      this.#options.wake(record.body.length);
    }
  }

  /** Reads on when the front runs low. */
  #refill(): void {
    if (!this.#tail || this.#reading || this.#fronted >= this.#onDisk) return;
    if (this.#front.unsentBytes > this.#options.frontBytes() / 2) return;
    this.#reading = true;
    this.#read();
  }

  async #read(): Promise<void> {
    let records: EventRecord[];
    try {
      records = await this.#spool!.read(this.#fronted, this.#options.frontBytes() / 2);
      if (records.length === 0) throw new Error("the disk does not give what was written");
    } catch (error) {
      this.#options.failed(messageOf(error));
      this.#options.clock.after(RETRY_MS, () => {
        this.#reading = false;
        this.#refill();
      });
      return;
    }
    this.#reading = false;
    this.#behind = Math.max(0, this.#behind - records.length);
    this.#show(records);
    this.#refill();
    this.#settle();
  }

  /** Everything was sent and acknowledged: the disk is not needed any more. */
  #settle(): void {
    if (!this.#tail || this.#writing || this.#reading || this.#tail.queued > 0) return;
    if (this.#fronted < this.#onDisk || this.#front.queued > 0) return;
    this.#trimmer?.trim(this.#onDisk);
    this.#direct();
  }

  /** Back to memory only, with what has not been written. */
  #direct(): void {
    const tail = this.#tail;
    this.#tail = null;
    this.#behind = 0;
    if (!tail) return;
    this.#droppedBefore += tail.dropped;
    const records = tail.unacknowledged;
    tail.takeUnsent([], Infinity);
    tail.acknowledge(Infinity);
    this.#show(records);
  }
}

/**
 * Deletes from a spool what is dealt with, one deletion at a time, always up to the newest cursor asked
 * for.
 */
export class Trimmer {
  readonly #spool: Spool;
  readonly #failed: (reason: string) => void;
  #wanted = -1;
  #done = -1;
  #isAtWork = false;

  /** @param failed Told why a deletion failed; the next one tries again. */
  constructor(spool: Spool, failed: (reason: string) => void) {
    this.#spool = spool;
    this.#failed = failed;
  }

  /** Everything up to `cursor` may go. */
  trim(cursor: number): void {
    this.#wanted = Math.max(this.#wanted, cursor);
    if (!this.#isAtWork) this.#work();
  }

  async #work(): Promise<void> {
    this.#isAtWork = true;
    try {
      while (this.#done < this.#wanted && this.#spool.first !== null) {
        const cursor = this.#wanted;
        await this.#spool.trim(cursor);
        this.#done = cursor;
      }
    } catch (error) {
      this.#failed(messageOf(error));
    }
    this.#isAtWork = false;
  }
}

/**
 * Everything of one shard that the bot (or a reader beside it) has not acknowledged, in order: in memory as
 * long as it keeps up, on disk when it is away or slow.
 *
 * ```
 * direct:    accept ───────────────────────▶ front ──▶ bot
 * spilling:  accept ──▶ tail ──▶ disk ─────▶ front ──▶ bot
 * ```
 *
 * While it spills, everything that is not acknowledged is on disk or on its way there, so that the
 * newest cursor on disk is safe: a session may be resumed after it. The front holds the next little;
 * the rest, and what has to be sent again, is read back when it is its turn. So of what is on disk
 * nothing has to be in memory, be it under way or not.
 *
 * @module
 */

import { messageOf } from "../protocol/errors.ts";
import { type EventRecord, type Gap, gapRecord, RECORD } from "../protocol/event_frame.ts";
import type { Spool } from "../ports/spool.ts";
import { Lag } from "./lag.ts";
import { DiskSide } from "./disk_side.ts";
import { Outbox, type Tell } from "./outbox.ts";
import type { ShardQueueOptions } from "./queue_world.ts";
import { Retry } from "./retry.ts";
import type { Overflow } from "./shedding.ts";
import { Slab } from "./slab.ts";

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
  #disk: DiskSide | null = null;
  /** Whether all of the front is on disk, too. */
  #isSafe = false;
  /** Newest cursor that is, or was, in the front. */
  #fronted = 0;
  /** Records on disk that are not in the front, as far as this life knows. */
  #behind = 0;
  #droppedBefore = 0;
  readonly #slab = new Slab();
  #writing: Promise<void> | null = null;
  #reading = false;
  /** Whether whoever takes has taken all of the front, and wants more. */
  #isWanted = false;
  /** Whether in direct mode something is on disk: it goes when it is acknowledged. */
  #isLeft = false;
  /** Grows when the front begins anew: what was being read then does not follow what is in it. */
  #fronts = 0;
  readonly #writeAgain: Retry;
  readonly #readAgain: Retry;
  #isClosed = false;

  constructor(shardId: number, options: ShardQueueOptions) {
    this.shardId = shardId;
    this.#options = options;
    this.#front = new Outbox(options.account);
    this.#writeAgain = new Retry(options.clock);
    this.#readAgain = new Retry(options.clock);
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

  /** Memory that is free once what is to be written is on disk, where a write that failed succeeds. */
  get pendingBytes(): number {
    if (!this.#tail) return this.#writeAgain.isPending ? this.#front.queuedBytes : 0;
    return this.#tail.queuedBytes + (this.#isSafe ? 0 : this.#front.queuedBytes);
  }

  /** Memory that {@linkcode ShardQueue.spill} could free. */
  get spillableBytes(): number {
    if (this.#isClosed || this.#tail || this.#writeAgain.isPending || !this.#disk) return 0;
    return this.#front.queuedBytes;
  }

  /** Bytes on disk. */
  get diskBytes(): number {
    return this.#disk?.bytes ?? 0;
  }

  /** Records sent (resent ones again), records that the bot is done with, events that had no room. */
  get counts(): { forwarded: number; acknowledged: number; dropped: number } {
    const { forwarded, acknowledged, dropped } = this.#front;
    const more = (this.#tail?.dropped ?? 0) + this.#droppedBefore;
    return { forwarded, acknowledged, dropped: dropped + more };
  }

  /** Everything up to this cursor is dealt with. */
  get acknowledged(): number {
    return this.#front.lastAcknowledged;
  }

  /** Up to this cursor Discord need not send anything again: it is dealt with, or on disk. */
  get safe(): number {
    return Math.max(this.acknowledged, this.#onDisk);
  }

  /** Whether there is something to send, in memory or on disk. */
  get hasUnsent(): boolean {
    return this.#front.hasUnsent || this.#hasMoreOnDisk;
  }

  /** Begins after what was acknowledged, with what an earlier life left on disk; before the first event. */
  open(spool: Spool | null, acknowledged: number): void {
    this.newest = Math.max(acknowledged, spool?.last ?? 0);
    this.#fronted = this.#front.lastAcknowledged = acknowledged;
    if (!spool) return;
    this.#disk = new DiskSide(spool, this.#options);
    if (spool.last === null || spool.last <= acknowledged) return this.#disk.trim(this.newest);
    this.#tail = new Outbox(this.#options.account);
    this.#isSafe = true;
    this.#disk.newest = spool.last;
    this.lag.accepted(spool.last, this.#options.clock.now());
    this.#options.stored(this.#onDisk);
    this.#refill();
  }

  /** Takes a dispatch, unless it came before. The bytes are copied. */
  accept(cursor: number, payload: Uint8Array): void {
    const body = this.#slab.copy(payload, Math.min(this.queuedBytes, this.#options.shareBytes()));
    this.#enter({ shardId: this.shardId, kind: RECORD.DISPATCH, cursor, body });
  }

  /** Takes word of events that will never come, unless it came before. */
  gap(gap: Gap): void {
    this.#enter(gapRecord(this.shardId, gap));
  }

  /** Takes what was taken elsewhere, as it is. The bodies are kept. */
  restore(records: readonly EventRecord[]): void {
    for (const record of records) this.#enter(record);
  }

  /** Moves unsent records to `batch` until it holds `limitBytes`; gives the bytes moved. Wakes for more. */
  takeUnsent(batch: EventRecord[], limitBytes: number): number {
    const bytes = this.#front.takeUnsent(batch, limitBytes, this.#options.prepare);
    if (this.#isSafe) this.#front.forgetSent();
    this.#isWanted = !this.#front.hasUnsent;
    this.#refill();
    this.#settle();
    return bytes;
  }

  /** Everything up to `cursor` is dealt with; gives the bytes that were under way. */
  acknowledge(cursor: number): number {
    const before = this.#front.acknowledged;
    const bytes = this.#front.acknowledge(cursor);
    // Only what was sent can be acknowledged, whatever the bot says.
    const last = this.acknowledged;
    this.lag.acknowledged(last, this.#options.clock.now());
    if (this.#front.acknowledged > before) this.#options.acknowledged(last);
    if (this.#tail || this.#isLeft) this.#disk?.trim(last);
    if (last >= this.#onDisk) this.#isLeft = false;
    this.#settle();
    if (this.queued === 0) this.#slab.clear();
    return bytes;
  }

  /** Whether something was sent that is not acknowledged. */
  get isUnderWay(): boolean {
    return this.#front.isUnderWay;
  }

  /**
   * What is not acknowledged above a cursor, be it under way or not, as it came: about so many bytes, at least one
   * record where there is one.
   *
   * @throws {GatehouseError} `bad_state` when the disk cannot be read.
   */
  async waiting(after: number, limitBytes: number): Promise<EventRecord[]> {
    const from = Math.max(after, this.acknowledged);
    if (from < this.#onDisk) return await this.#disk!.read(from, limitBytes);
    const memory = [...this.#front.unacknowledged, ...this.#tail?.unacknowledged ?? []];
    const piece: EventRecord[] = [];
    Outbox.of(memory.filter(({ cursor }) => cursor > from)).takeUnsent(piece, limitBytes);
    return piece;
  }

  /** The taker is new: everything is to be sent again. Gives the bytes that were under way. */
  rewind(): number {
    this.#isWanted = false;
    const { forgotten, queued } = this.#front;
    if (!this.#isSafe && forgotten === 0) return this.#front.rewind();
    this.#behind += this.#isSafe ? queued : forgotten;
    if (!this.#isSafe) {
      // What is in memory alone follows to disk what comes before it.
      const later = this.#tail ? this.#empty(this.#tail) : [];
      this.#tail = Outbox.of([...this.#front.unacknowledged, ...later], this.#options.account);
      this.#isSafe = true;
      this.#write();
    }
    this.#fronted = this.#front.lastAcknowledged;
    this.#fronts++;
    return this.#front.clear();
  }

  /** Frees memory by dropping events, which a GAP tells; gives the bytes freed. */
  shed(bytes: number, overflow?: Overflow, tell?: Tell): number {
    return (this.#tail ?? this.#front).shed(bytes, overflow, tell);
  }

  /** From now on events go through the disk, beginning with what is in memory; where that can be. */
  spill(): void {
    if (this.spillableBytes === 0) return;
    this.#tail = new Outbox(this.#options.account);
    this.#writing = this.#spillFront(this.#front.unacknowledged);
  }

  /** Puts what is in memory on disk, where there is one, and closes the files; tries and takes nothing after that. */
  async close(): Promise<void> {
    this.#tryNoMore();
    this.spill();
    this.#write();
    while (this.#writing) await this.#writing;
    this.#isClosed = true;
    await this.#disk?.close();
  }

  /** Nobody wants it any more: gives back memory and disk, and takes nothing after that. */
  async discard(): Promise<void> {
    this.newest = Infinity;
    this.#tryNoMore();
    let writing: Promise<void> | null;
    do {
      writing = this.#writing;
      this.#front.clear();
      this.#tail?.clear();
      this.#isSafe = false;
      this.#fronts++;
      await writing;
    } while (writing);
    await this.#disk?.empty();
  }

  #enter(record: EventRecord): void {
    if (record.cursor <= this.newest || this.#isClosed) return;
    this.newest = record.cursor;
    this.lag.accepted(record.cursor, this.#options.clock.now());
    if (!this.#tail) return this.#show([record]);
    this.#tail.push(record);
    this.#write();
  }

  async #spillFront(records: readonly EventRecord[]): Promise<void> {
    const tail = this.#tail;
    const isWritten = await this.#disk!.appendAll(records);
    this.#writing = null;
    // A new taker came meanwhile: what was to be written is in another tail.
    if (tail !== this.#tail) return isWritten ? this.#write() : this.#retryWrite();
    if (!isWritten) {
      this.#isLeft = this.#onDisk > this.#front.lastAcknowledged;
      // First: whoever hears of the memory that is given back must not spill again.
      this.#retryWrite();
      return this.#direct();
    }
    this.#isSafe = true;
    this.#isLeft = false;
    this.#behind += this.#front.forgetUnsent(this.#options.shareBytes());
    this.#fronted = this.#front.lastCursor ?? this.#fronted;
    this.#front.forgetSent();
    this.#write();
    this.#refill();
    this.#settle();
  }

  #write(): void {
    if (this.#isClosed || this.#writing || this.#writeAgain.isPending) return;
    if (!this.#tail?.hasUnsent) return;
    this.#writing = this.#writeTail(this.#tail);
  }

  async #writeTail(tail: Outbox): Promise<void> {
    const batch: EventRecord[] = [];
    const bytes = tail.takeUnsent(batch, this.#options.shareBytes());
    const before = this.#onDisk;
    const isWritten = await this.#disk!.append(batch);
    this.#writing = null;
    if (!isWritten) {
      tail.rewind();
      return this.#retryWrite();
    }
    tail.acknowledge(this.#onDisk);
    const isRoom = this.#front.unsentBytes + bytes <= this.#options.shareBytes();
    if (this.#fronted >= before && (isRoom || this.#isWanted)) this.#show(batch);
    else this.#behind += batch.length;
    this.#write();
    this.#refill();
    this.#settle();
  }

  /** Whatever comes meanwhile, a disk that failed is left alone for a while. */
  #retryWrite(): void {
    this.#writeAgain.later(() => {
      if (this.#tail) this.#write();
      else this.#options.maySpill?.();
    });
  }

  #tryNoMore(): void {
    this.#writeAgain.end();
    this.#readAgain.end();
  }

  /** Newest cursor on disk. */
  get #onDisk(): number {
    return this.#disk?.newest ?? 0;
  }

  get #hasMoreOnDisk(): boolean {
    return this.#isSafe && this.#fronted < this.#onDisk;
  }

  #show(records: readonly EventRecord[]): void {
    let bytes = 0;
    for (const record of records) {
      if (record.cursor <= this.#fronted) continue;
      this.#fronted = record.cursor;
      this.#front.push(record);
      bytes += record.body.length;
    }
    this.#isWanted = false;
    if (this.#front.hasUnsent) this.#options.wake(bytes);
  }

  /** Reads on when somebody waits for it, or when the front runs low and there is room; else says that there is more. */
  #refill(): void {
    const { shareBytes, hasRoom } = this.#options;
    if (this.#reading || this.#readAgain.isOver || !this.#hasMoreOnDisk) return;
    const mayReadAhead = this.#front.unsentBytes <= shareBytes() / 2 && hasRoom();
    if (this.#isWanted || mayReadAhead) this.#read();
    else if (!this.#front.hasUnsent) this.#options.wake(0);
  }

  async #read(): Promise<void> {
    this.#reading = true;
    const fronts = this.#fronts;
    let records: EventRecord[];
    try {
      records = await this.#disk!.read(this.#fronted, this.#options.shareBytes() / 2);
      if (records.length === 0) throw new Error("the disk does not give what was written");
    } catch (error) {
      this.#options.failed(messageOf(error), false);
      this.#readAgain.later(() => {
        this.#reading = false;
        this.#refill();
      });
      return;
    }
    this.#reading = false;
    if (fronts !== this.#fronts) return this.#refill();
    this.#behind = Math.max(0, this.#behind - records.length);
    this.#show(records);
    this.#refill();
    this.#settle();
  }

  /** Everything was sent: the disk is needed for a new taker alone, and for no event that comes. */
  #settle(): void {
    if (!this.#tail || this.#writing || this.#reading || this.#tail.queued > 0) return;
    if (this.#fronted < this.#onDisk || this.#front.hasUnsent) return;
    this.#isLeft = this.#front.queued > 0;
    if (!this.#isLeft) this.#disk?.trim(this.#onDisk);
    this.#direct();
  }

  /** Back to memory only, with what has not been written. */
  #direct(): void {
    const records = this.#tail ? this.#empty(this.#tail) : [];
    this.#tail = null;
    this.#isSafe = false;
    this.#behind = 0;
    this.#show(records);
  }

  #empty(tail: Outbox): EventRecord[] {
    this.#droppedBefore += tail.dropped;
    return tail.empty();
  }
}

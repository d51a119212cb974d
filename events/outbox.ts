/**
 * The events of one shard on their way to the bot: kept until they are acknowledged, sent again when
 * the link is new. `queue.ts` bounds it: what does not fit is dropped from the
 * oldest unsent on, and a GAP record tells the bot in its place.
 *
 * @module
 */

import {
  type EventRecord,
  type Gap,
  RECORD,
  RECORD_HEADER_BYTES,
} from "../protocol/event_frame.ts";

/** What a record costs beside its bytes: the object, the view, the slot. */
const RECORD_OVERHEAD_BYTES = 128;
/** The head of the array is cut off once so many records are done with. */
const COMPACT_AFTER = 1_024;

/** The outbox of one shard. */
export class Outbox {
  /** Records sent, resent ones again. */
  forwarded = 0;
  acknowledged = 0;
  dropped = 0;
  readonly shardId: number;
  #records: EventRecord[] = [];
  /** Index of the first record that is not acknowledged. */
  #head = 0;
  /** Index of the first record that is not sent. */
  #next = 0;
  #bytes = 0;
  #unsentBytes = 0;

  constructor(shardId: number) {
    this.shardId = shardId;
  }

  /** Records kept. */
  get queued(): number {
    return this.#records.length - this.#head;
  }

  /** Memory that the records kept take. */
  get queuedBytes(): number {
    return this.#bytes;
  }

  /** Of {@linkcode Outbox.queuedBytes}, what {@linkcode Outbox.shed} could free. */
  get unsentBytes(): number {
    return this.#unsentBytes;
  }

  /** Whether there is something to send. */
  get hasUnsent(): boolean {
    return this.#next < this.#records.length;
  }

  /** Takes a dispatch. The bytes are copied. */
  accept(cursor: number, payload: Uint8Array): void {
    this.#append({
      shardId: this.shardId,
      kind: RECORD.DISPATCH,
      cursor,
      body: new Uint8Array(payload),
    });
  }

  /** Takes word of events that will never come. */
  gap(gap: Gap): void {
    this.#append(this.#gapRecord(gap));
  }

  /** Moves unsent records to `batch` until it holds `limitBytes`; gives the bytes moved. */
  takeUnsent(batch: EventRecord[], limitBytes: number): number {
    let bytes = 0;
    while (this.#next < this.#records.length && bytes < limitBytes) {
      const record = this.#records[this.#next++]!;
      batch.push(record);
      bytes += sentBytes(record);
      this.#unsentBytes -= keptBytes(record);
      this.forwarded++;
    }
    return bytes;
  }

  /** Everything up to `cursor` is dealt with; gives the bytes that were under way. */
  acknowledge(cursor: number): number {
    let bytes = 0;
    while (this.#head < this.#next && this.#records[this.#head]!.cursor <= cursor) {
      const record = this.#records[this.#head++]!;
      bytes += sentBytes(record);
      this.#bytes -= keptBytes(record);
      this.acknowledged++;
    }
    this.#compact();
    return bytes;
  }

  /** The link is new: everything that is not acknowledged is to be sent again. */
  rewind(): void {
    this.#next = this.#head;
    this.#unsentBytes = this.#bytes;
  }

  /**
   * Drops unsent records, oldest first, until `bytes` are free; a GAP takes their place. What is
   * under way stays: it may have arrived. Gives the bytes freed.
   */
  shed(bytes: number): number {
    const before = this.#bytes;
    let end = this.#next;
    while (end < this.#records.length && before - this.#bytes < bytes) {
      const record = this.#records[end++]!;
      this.#bytes -= keptBytes(record);
      if (record.kind === RECORD.DISPATCH) this.dropped++;
    }
    if (end === this.#next) return 0;
    const first = this.#records[this.#next]!;
    const gap = this.#gapRecord({
      from: first.kind === RECORD.GAP ? gapFrom(first) : first.cursor,
      to: this.#records[end - 1]!.cursor,
      reason: "the queue is full: raise QUEUE_MEMORY_BYTES, or let the bot read faster",
    });
    this.#records.splice(this.#next, end - this.#next, gap);
    this.#bytes += keptBytes(gap);
    this.#unsentBytes -= before - this.#bytes;
    return before - this.#bytes;
  }

  #append(record: EventRecord): void {
    this.#records.push(record);
    this.#bytes += keptBytes(record);
    this.#unsentBytes += keptBytes(record);
  }

  #gapRecord(gap: Gap): EventRecord {
    const body = new TextEncoder().encode(JSON.stringify(gap));
    return { shardId: this.shardId, kind: RECORD.GAP, cursor: gap.to, body };
  }

  #compact(): void {
    if (this.#head < COMPACT_AFTER || this.#head * 2 < this.#records.length) return;
    this.#records = this.#records.slice(this.#head);
    this.#next -= this.#head;
    this.#head = 0;
  }
}

function sentBytes(record: EventRecord): number {
  return RECORD_HEADER_BYTES + record.body.length;
}

function keptBytes(record: EventRecord): number {
  return RECORD_OVERHEAD_BYTES + record.body.length;
}

function gapFrom(record: EventRecord): number | null {
  return (JSON.parse(new TextDecoder().decode(record.body)) as Gap).from;
}

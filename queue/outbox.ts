/**
 * Records of one shard in memory on their way to whoever takes them: kept until they are
 * acknowledged, sent again when the taker is new. Bounds and disks are not its business: see
 * `shard_queue.ts`.
 *
 * @module
 */

import { type EventRecord, RECORD_HEADER_BYTES } from "../protocol/event_frame.ts";
import { keptBytes, type Overflow, shed, type Stretch } from "./shedding.ts";

/** The head of the array is cut off once so many records are done with. */
const COMPACT_AFTER = 1_024;
/** What is left of a record whose body was forgotten costs so much. */
const SENT_BYTES = 48;

/** A record under way that can be read again from elsewhere: what its acknowledgement needs. */
interface Sent {
  readonly cursor: number;
  readonly sentBytes: number;
  readonly body?: undefined;
}

/** Hears of events that have gone. */
export type Tell = (gone: Stretch) => void;

/** Records of one shard, in order. */
export class Outbox {
  /** Records sent, resent ones again. */
  forwarded = 0;
  acknowledged = 0;
  /** Cursor of the last record that was acknowledged, perhaps in an earlier life; 0 before the first. */
  lastAcknowledged = 0;
  /** Events dropped by {@linkcode Outbox.shed}. */
  dropped = 0;
  /** Memory that the records kept take. */
  queuedBytes = 0;
  /** Of {@linkcode Outbox.queuedBytes}, what {@linkcode Outbox.shed} could free. */
  unsentBytes = 0;
  readonly #account: (bytes: number) => void;
  #records: (EventRecord | Sent)[] = [];
  /** Index of the first record that is not acknowledged. */
  #head = 0;
  /** Index of the first record whose body is here. */
  #whole = 0;
  /** Index of the first record that is not sent. */
  #next = 0;

  /** @param account Told of every change of {@linkcode Outbox.queuedBytes}. */
  constructor(account: (bytes: number) => void = () => {}) {
    this.#account = account;
  }

  /** One that holds these records; see {@linkcode Outbox.push}. */
  static of(records: readonly EventRecord[], account?: (bytes: number) => void): Outbox {
    const outbox = new Outbox(account);
    for (const record of records) outbox.push(record);
    return outbox;
  }

  /** Records kept. */
  get queued(): number {
    return this.#records.length - this.#head;
  }

  /** Whether there is something to send. */
  get hasUnsent(): boolean {
    return this.#next < this.#records.length;
  }

  /** Whether a record was sent that is not acknowledged. */
  get isUnderWay(): boolean {
    return this.#head < this.#next;
  }

  /** Cursor of the newest record kept. */
  get lastCursor(): number | null {
    return this.queued === 0 ? null : this.#records.at(-1)!.cursor;
  }

  /** Everything that is not acknowledged, in order, beginning after what was forgotten. */
  get unacknowledged(): EventRecord[] {
    return this.#records.slice(Math.max(this.#head, this.#whole)) as EventRecord[];
  }

  /** Records not acknowledged whose bodies were forgotten: the first of all. */
  get forgotten(): number {
    return Math.max(0, this.#whole - this.#head);
  }

  /** Takes a record. Its cursor is above those before it; its body must not change any more. */
  push(record: EventRecord): void {
    this.#records.push(record);
    this.unsentBytes += keptBytes(record);
    this.#changed(keptBytes(record));
  }

  /**
   * Moves unsent records to `batch` until it holds `limitBytes`; gives the bytes moved.
   *
   * @param prepare Gives each record as it is to be sent, or `null` to stop before it.
   */
  takeUnsent(
    batch: EventRecord[],
    limitBytes: number,
    prepare: (record: EventRecord) => EventRecord | null = (record) => record,
  ): number {
    let bytes = 0;
    while (this.#next < this.#records.length && bytes < limitBytes) {
      const record = this.#records[this.#next] as EventRecord;
      const prepared = prepare(record);
      if (prepared === null) break;
      this.#next++;
      batch.push(prepared);
      bytes += sentBytes(record);
      this.unsentBytes -= keptBytes(record);
      this.forwarded++;
    }
    return bytes;
  }

  /** Everything up to `cursor` that was sent is dealt with; gives the bytes that were under way. */
  acknowledge(cursor: number): number {
    let sent = 0;
    let kept = 0;
    while (this.#head < this.#next && this.#records[this.#head]!.cursor <= cursor) {
      const record = this.#records[this.#head++]!;
      sent += sentBytes(record);
      kept += memoryBytes(record);
      this.acknowledged++;
      this.lastAcknowledged = record.cursor;
    }
    this.#changed(-kept);
    this.#compact();
    return sent;
  }

  /**
   * The taker is new: everything that is not acknowledged is to be sent again, of which nothing may
   * have been forgotten. Gives the bytes that were under way to the old one.
   */
  rewind(): number {
    const bytes = this.#underWayBytes();
    this.#next = this.#head;
    this.unsentBytes = this.queuedBytes;
    return bytes;
  }

  /**
   * Keeps of what is under way no more than its acknowledgement needs. To be sent again it has to be
   * read from elsewhere, after {@linkcode Outbox.clear}.
   */
  forgetSent(): void {
    let freed = 0;
    this.#whole = Math.max(this.#whole, this.#head);
    for (; this.#whole < this.#next; this.#whole++) {
      const record = this.#records[this.#whole]!;
      freed += memoryBytes(record) - SENT_BYTES;
      this.#records[this.#whole] = { cursor: record.cursor, sentBytes: sentBytes(record) };
    }
    this.#changed(-freed);
  }

  /** Forgets everything, which is somewhere else; gives the bytes that were under way. */
  clear(): number {
    const bytes = this.#underWayBytes();
    this.#records = [];
    this.#head = this.#whole = this.#next = 0;
    this.unsentBytes = 0;
    this.#changed(-this.queuedBytes);
    return bytes;
  }

  /** Forgets everything; gives what is not acknowledged and was not forgotten. */
  empty(): EventRecord[] {
    const records = this.unacknowledged;
    this.clear();
    return records;
  }

  /**
   * Drops unsent records until `bytes` are free; GAPs take their place. What is under way stays: it
   * may have arrived. Gives the bytes freed.
   *
   * @param tell Told of where events were that have gone.
   */
  shed(bytes: number, overflow: Overflow = "drop-oldest", tell: Tell = () => {}): number {
    const { kept, dropped, gone } = shed(this.#unsent(), bytes, overflow);
    this.dropped += dropped;
    gone.forEach(tell);
    return this.#replaceUnsent(kept);
  }

  /** Forgets unsent records beyond `bytes`, which are somewhere else; gives how many. */
  forgetUnsent(bytes: number): number {
    let end = this.#next;
    for (let kept = 0; end < this.#records.length && kept < bytes; end++) {
      kept += memoryBytes(this.#records[end]!);
    }
    const forgotten = this.#records.length - end;
    this.#replaceUnsent(this.#unsent(end));
    return forgotten;
  }

  #underWayBytes(): number {
    let bytes = 0;
    for (let at = this.#head; at < this.#next; at++) bytes += sentBytes(this.#records[at]!);
    return bytes;
  }

  #unsent(end?: number): EventRecord[] {
    return this.#records.slice(this.#next, end) as EventRecord[];
  }

  #replaceUnsent(unsent: readonly EventRecord[]): number {
    const before = this.unsentBytes;
    this.#records = [...this.#records.slice(0, this.#next), ...unsent];
    this.unsentBytes = unsent.reduce((sum, record) => sum + keptBytes(record), 0);
    this.#changed(this.unsentBytes - before);
    return before - this.unsentBytes;
  }

  #changed(bytes: number): void {
    this.queuedBytes += bytes;
    this.#account(bytes);
  }

  #compact(): void {
    if (this.#head < COMPACT_AFTER || this.#head * 2 < this.#records.length) return;
    this.#records = this.#records.slice(this.#head);
    this.#next -= this.#head;
    this.#whole = Math.max(0, this.#whole - this.#head);
    this.#head = 0;
  }
}

function sentBytes(record: EventRecord | Sent): number {
  return record.body ? RECORD_HEADER_BYTES + record.body.length : record.sentBytes;
}

function memoryBytes(record: EventRecord | Sent): number {
  return record.body ? keptBytes(record) : SENT_BYTES;
}

/**
 * The dispatches of a shard that change guilds and that not everybody is done with, in order: in memory as
 * far as there is room, the newer ones in the log.
 *
 * @module
 */

import { deflateRawSync, inflateRawSync } from "node:zlib";
import type { GuildLog, GuildRecord } from "../ports/guild_log.ts";
import { wait, type Work } from "./slices.ts";

/** Room for the tails of all shards of a worker. */
export class TailRoom {
  readonly limitBytes: number;
  /** Bytes that they take. */
  bytes = 0;

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes;
  }
}

/** What a record takes beside its payload, about. */
const OVERHEAD_BYTES = 160;
/** Shorter ones are not worth it; longer ones would hold everything up. */
const [LEAST_PACKED, MOST_PACKED] = [1024, 256 * 1024];
/** What is read of the log at a time. */
const READ_BYTES = 256 * 1024;

interface Held {
  readonly cursor: number;
  payload: Uint8Array<ArrayBuffer>;
  isPacked: boolean;
}

/** The tail of one shard. */
export class Tail {
  readonly #room: TailRoom;
  readonly #log: GuildLog | null;
  /** The oldest ones. */
  #held: Held[] = [];
  /** Those of them that are worth packing and are not packed. */
  #large: Held[] = [];
  /** Whether newer ones are in the log only. */
  #isCut: boolean;
  /** Cursor of the newest that came in this life. */
  #last = 0;

  /** @param isCut Whether the log has records that did not come in this life. */
  constructor(room: TailRoom, log: GuildLog | null, isCut = false) {
    this.#room = room;
    this.#log = log;
    this.#isCut = isCut;
  }

  /** Whether there is nothing above a cursor. */
  isEmptyAfter(cursor: number): boolean {
    return !this.#isCut && this.#last <= cursor;
  }

  /** Memory that it takes, about. */
  get bytes(): number {
    return this.#held.reduce((sum, { payload }) => sum + payload.length + OVERHEAD_BYTES, 0);
  }

  /** Whether records should be packed: the room is half full. */
  get isCrowded(): boolean {
    return this.#room.bytes * 2 > this.#room.limitBytes;
  }

  /** Takes a record; false where there is no room, and no log either. */
  push(record: GuildRecord): boolean {
    this.#log?.append(record);
    this.#last = record.cursor;
    if (this.#isCut) return true;
    if (this.#room.bytes + record.payload.length > this.#room.limitBytes) {
      this.#isCut = this.#log !== null;
      return this.#isCut;
    }
    this.#hold(record);
    return true;
  }

  /**
   * Every record above `after`, up to `to`, one after the other.
   *
   * @throws What the log throws.
   */
  *each(after: number, to: number, see: (record: GuildRecord) => Work<void> | void): Work<void> {
    let at = after;
    const held = this.#held;
    for (let i = firstAfter(held, after); i < held.length && held[i]!.cursor <= to; i++) {
      yield* see(unpacked(held[i]!)) ?? [];
      at = held[i]!.cursor;
      yield;
    }
    while (this.#isCut && at < to) {
      const records = yield* this.#read(at);
      for (const record of records) {
        if (record.cursor > to) return;
        yield* see(record) ?? [];
        at = record.cursor;
        yield;
      }
      if (records.length === 0) return;
    }
  }

  /** Everybody is done with what is up to `cursor`. What is in the log comes into memory where there is room. */
  *drop(cursor: number): Work<void> {
    const gone = this.#held.splice(0, firstAfter(this.#held, cursor));
    this.#large.splice(0, firstAfter(this.#large, cursor));
    for (const { payload } of gone) this.#room.bytes -= payload.length + OVERHEAD_BYTES;
    let at = this.#held.at(-1)?.cursor ?? cursor;
    while (this.#isCut && !this.isCrowded) {
      const last = this.#last;
      const records = yield* this.#read(at);
      for (const record of records) this.#hold(record);
      at = records.at(-1)?.cursor ?? at;
      // What came while the log was read is in the log only.
      if (records.length === 0 && this.#last === last) this.#isCut = false;
    }
  }

  /** Compresses what is worth it. */
  *pack(): Work<void> {
    for (let each = this.#large.shift(); each; each = this.#large.shift()) {
      const { length } = each.payload;
      each.payload = new Uint8Array(deflateRawSync(each.payload, { level: 1 }));
      each.isPacked = true;
      this.#room.bytes -= length - each.payload.length;
      yield;
    }
  }

  /** Gives its room back; nothing comes any more. */
  clear(): void {
    for (const { payload } of this.#held) this.#room.bytes -= payload.length + OVERHEAD_BYTES;
    this.#held = [];
    this.#large = [];
    this.#isCut = false;
  }

  #hold({ cursor, payload }: GuildRecord): void {
    const held = { cursor, payload, isPacked: false };
    this.#held.push(held);
    if (payload.length >= LEAST_PACKED && payload.length <= MOST_PACKED) this.#large.push(held);
    this.#room.bytes += payload.length + OVERHEAD_BYTES;
  }

  *#read(after: number): Work<readonly GuildRecord[]> {
    return yield* wait(this.#log!.read(after, READ_BYTES));
  }
}

function unpacked({ cursor, payload, isPacked }: Held): GuildRecord {
  return { cursor, payload: isPacked ? new Uint8Array(inflateRawSync(payload)) : payload };
}

/** Index of the first record above a cursor. */
function firstAfter(held: readonly Held[], cursor: number): number {
  let [from, to] = [0, held.length];
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (held[middle]!.cursor > cursor) to = middle;
    else from = middle + 1;
  }
  return from;
}

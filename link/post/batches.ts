/**
 * The events of a receiver that are not acknowledged, by shard: which may go into the next POST, and which came
 * before. Of a shard at most one batch is under way, so that its events cannot overtake each other.
 *
 * @module
 */

import { type Acknowledged, type EventRecord, readBatch } from "../../protocol/event_frame.ts";
import { postedBytes, type PostedEvent } from "./body.ts";

/** Most of one POST. A single event may be larger. */
export interface BatchLimits {
  readonly events: number;
  readonly bytes: number;
}

/** The events of one POST. */
export interface PostBatch {
  /** The same each time that it is sent. */
  readonly id: string;
  readonly events: readonly PostedEvent[];
}

/** The events of one shard. */
interface Line {
  readonly totalShards: number;
  readonly shardId: number;
  /** Not in a batch yet, in order. */
  waiting: EventRecord[];
  /** Newest cursor that is here, be it in a batch or not. */
  taken: number;
  /** Newest cursor that the receiver has. */
  done: number;
  isUnderWay: boolean;
}

/** The events of one receiver. */
export class Batches {
  readonly #newId: () => string;
  readonly #lines = new Map<number, Line>();
  /** Lines with something that may go, in turn. */
  readonly #ready = new Set<Line>();
  #waitingBytes = 0;

  /** @param newId Names a batch, never twice the same. */
  constructor(newId: () => string) {
    this.#newId = newId;
  }

  /** Bytes that are in no batch yet. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** Whether there is something for another batch. */
  get hasNext(): boolean {
    return this.#ready.size > 0;
  }

  /**
   * Takes a batch of the event link, which is kept. What came before is dropped.
   *
   * @returns What of that the receiver has, to be acknowledged again.
   */
  take(batch: Uint8Array): Acknowledged | null {
    const { totalShards, records } = readBatch(batch);
    const again: Record<string, number> = {};
    for (const record of records) {
      const line = this.#line(totalShards, record.shardId);
      if (record.cursor <= line.done) again[record.shardId] = line.done;
      if (record.cursor <= line.taken) continue;
      line.taken = record.cursor;
      line.waiting.push(record);
      this.#waitingBytes += postedBytes(record);
      if (!line.isUnderWay) this.#ready.add(line);
    }
    return Object.keys(again).length === 0 ? null : { totalShards, cursors: again };
  }

  /** The next batch, which is under way from now on; `null`: there is none. */
  next({ events: mostEvents, bytes: mostBytes }: BatchLimits): PostBatch | null {
    const events: PostedEvent[] = [];
    let bytes = 0;
    for (const line of this.#ready) {
      let count = 0;
      for (const record of line.waiting) {
        const isFull = events.length >= mostEvents || bytes + postedBytes(record) > mostBytes;
        if (isFull && events.length > 0) break;
        events.push({ totalShards: line.totalShards, record });
        bytes += postedBytes(record);
        count++;
      }
      if (count === 0) break;
      line.waiting.splice(0, count);
      line.isUnderWay = true;
      this.#ready.delete(line);
    }
    this.#waitingBytes -= bytes;
    return events.length === 0 ? null : { id: this.#newId(), events };
  }

  /** The receiver has a batch. Gives what is to be acknowledged. */
  delivered(batch: PostBatch): Acknowledged[] {
    const cursors = new Map<number, Record<string, number>>();
    for (const [line, cursor] of this.#ends(batch)) {
      line.done = cursor;
      line.taken = Math.max(line.taken, cursor);
      this.#landed(line);
      cursors.getOrInsertComputed(line.totalShards, () => ({}))[line.shardId] = cursor;
    }
    return [...cursors].map(([totalShards, each]) => ({ totalShards, cursors: each }));
  }

  /** A batch is none any more: its events are the first of those to come, perhaps in smaller ones. */
  dissolve({ events }: PostBatch): void {
    for (const [line, own] of Map.groupBy(events, (event) => this.#lineOf(event))) {
      line.waiting = [...own.map(({ record }) => record), ...line.waiting];
      this.#landed(line);
    }
    for (const { record } of events) this.#waitingBytes += postedBytes(record);
  }

  /** Keeps these batches, which are under way, and nothing else: the rest will come again. */
  forgetAllBut(kept: readonly PostBatch[]): void {
    this.#ready.clear();
    this.#waitingBytes = 0;
    const ends = new Map(kept.flatMap((batch) => [...this.#ends(batch)]));
    for (const line of this.#lines.values()) {
      line.waiting = [];
      line.isUnderWay = ends.has(line);
      line.taken = ends.get(line) ?? line.done;
    }
  }

  #landed(line: Line): void {
    line.isUnderWay = false;
    if (line.waiting.length > 0) this.#ready.add(line);
  }

  /** The last cursor of each line in a batch. */
  #ends({ events }: PostBatch): Map<Line, number> {
    return new Map(events.map((event) => [this.#lineOf(event), event.record.cursor]));
  }

  #lineOf({ totalShards, record }: PostedEvent): Line {
    return this.#line(totalShards, record.shardId);
  }

  #line(totalShards: number, shardId: number): Line {
    const key = totalShards * 2 ** 32 + shardId;
    const known = this.#lines.get(key);
    if (known) return known;
    const line = { totalShards, shardId, waiting: [], taken: -1, done: -1, isUnderWay: false };
    this.#lines.set(key, line);
    return line;
  }
}

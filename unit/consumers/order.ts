/**
 * The events of several shards in one order: that in which they came to a client. Each gets a number, and
 * where it is from is kept until the client is done with it, so that it has the same number whenever it
 * comes again.
 *
 * @module
 */

import type { EventRecord } from "../../protocol/event_frame.ts";
import { isCount, isRecord } from "../../protocol/record.ts";

/** Where an event is from: the shard, and its cursor there. */
export type Place = readonly [shardId: number, cursor: number];

/** What is written down of an order. */
export interface SavedOrder {
  /** Everything up to this number is dealt with. */
  readonly acknowledged: number;
  /** Up to which cursor each shard's events are. */
  readonly done: readonly Place[];
  /** Where those after it are from, in their order. */
  readonly places: readonly Place[];
  /** Up to these cursors the shards' events may have come before, under other numbers. */
  readonly repeats: readonly Place[];
}

/** Places are cut off once so many at the head are done with. */
const COMPACT_AFTER = 1_024;

/**
 * The order of a merged stream.
 *
 * @example
 * ```ts
 * import { MergedOrder } from "./order.ts";
 * const order = new MergedOrder({ acknowledged: 0, done: [[0, 7], [1, 3]], places: [], repeats: [] });
 * console.assert(order.add([1, 4]) === 1 && order.add([0, 9]) === 2);
 * order.acknowledge(1);
 * console.assert(order.done(1) === 4 && order.done(0) === 7);
 * ```
 */
export class MergedOrder {
  /** Everything up to this number is dealt with. */
  acknowledged: number;
  readonly #done: Map<number, number>;
  readonly #repeats: Map<number, number>;
  #places: Place[];
  /** Index of the place that follows what is dealt with. */
  #head = 0;

  constructor({ acknowledged, done, places, repeats }: SavedOrder) {
    this.acknowledged = acknowledged;
    this.#done = new Map(done);
    this.#repeats = new Map(repeats);
    this.#places = [...places];
  }

  /** The highest number that was given. */
  get last(): number {
    return this.acknowledged + this.#places.length - this.#head;
  }

  /** Up to which cursor a shard's events are dealt with. */
  done(shardId: number): number {
    return this.#done.get(shardId) ?? 0;
  }

  /** How many of a shard's events, from this one on, may have come before under other numbers. */
  repeats([shardId, cursor]: Place): number {
    return Math.max(0, (this.#repeats.get(shardId) ?? 0) - cursor + 1);
  }

  /** Where the event with this number is from; `undefined` where it is dealt with, or not given yet. */
  place(number: number): Place | undefined {
    return number <= this.acknowledged
      ? undefined
      : this.#places[this.#head + number - this.acknowledged - 1];
  }

  /** The number of an event that has none. */
  add(place: Place): number {
    this.#places.push(place);
    return this.last;
  }

  /** Everything up to this number is dealt with. */
  acknowledge(number: number): void {
    for (let place = this.place(this.acknowledged + 1); place && this.acknowledged < number;) {
      this.#done.set(...place);
      this.#head++;
      this.acknowledged++;
      place = this.place(this.acknowledged + 1);
    }
    if (this.#head < COMPACT_AFTER || this.#head * 2 < this.#places.length) return;
    this.#places = this.#places.slice(this.#head);
    this.#head = 0;
  }

  /** Up to which cursor a shard's events come no later than this number. */
  cursorAt(number: number, shardId: number): number {
    for (let at = Math.min(number, this.last); at > this.acknowledged; at--) {
      const [id, cursor] = this.place(at)!;
      if (id === shardId) return cursor;
    }
    return this.done(shardId);
  }

  /** Up to which cursor each shard's events have a number, or `more` beyond. */
  reached(more = 0): Place[] {
    const last = new Map(this.#done);
    for (let at = this.#head; at < this.#places.length; at++) last.set(...this.#places[at]!);
    return [...last].map(([shardId, cursor]) => [shardId, cursor + more]);
  }

  /** All of it, to be written down. */
  save(): SavedOrder {
    const { acknowledged } = this;
    const repeats = [...this.#repeats];
    return { acknowledged, done: [...this.#done], places: this.#places.slice(this.#head), repeats };
  }
}

/** An order read from outside; `null` where it is none. */
export function parseOrder(value: unknown): SavedOrder | null {
  if (!isRecord(value) || !isCount(value.acknowledged)) return null;
  const { acknowledged, done, places, repeats } = value;
  const isWhole = isPlaces(done) && isPlaces(places) && isPlaces(repeats);
  return isWhole ? { acknowledged, done, places, repeats } : null;
}

/** Whether it is a list of places. */
export function isPlaces(value: unknown): value is Place[] {
  const isPlace = (each: unknown) =>
    Array.isArray(each) && each.length === 2 && each.every((part) => isCount(part));
  return Array.isArray(value) && value.every(isPlace);
}

/**
 * What comes of several shards, each of which begins with its first event that is not dealt with, brought
 * into their order. Those that have a number come first, each in its turn: what comes too early waits. What
 * has none gets one as it comes, and waits for nothing.
 */
export class Merging {
  readonly #order: MergedOrder;
  readonly #give: (number: number, record: EventRecord) => void;
  /** Shard → cursor up to which its events have come. */
  readonly #came = new Map<number, number>();
  /** The number whose turn it is. */
  #turn: number;
  /** Shard → what came too early; `null` once everything that has a number has come. */
  #early: Map<number, EventRecord[]> | null = new Map();

  /** @param give Gets each event with its number, in order. */
  constructor(order: MergedOrder, give: (number: number, record: EventRecord) => void) {
    this.#order = order;
    this.#give = give;
    this.#turn = order.acknowledged + 1;
  }

  /** An event of a shard; one that came before is dropped. */
  come(record: EventRecord): void {
    const { shardId, cursor } = record;
    if (cursor <= Math.max(this.#came.get(shardId) ?? 0, this.#order.done(shardId))) return;
    this.#came.set(shardId, cursor);
    if (!this.#early) return this.#giveNew(record);
    const early = this.#early.get(shardId) ?? [];
    this.#early.set(shardId, early);
    early.push(record);
    this.#goOn(this.#early);
  }

  /** The client is done with more: what waited for it to come again waits no longer. */
  acknowledged(): void {
    if (this.#early) this.#goOn(this.#early);
  }

  #goOn(early: Map<number, EventRecord[]>): void {
    // The client may be done with more than has come again.
    this.#turn = Math.max(this.#turn, this.#order.acknowledged + 1);
    for (const [shardId, records] of early) {
      const done = this.#order.done(shardId);
      while (records.length > 0 && records[0]!.cursor <= done) records.shift();
    }
    for (; this.#turn <= this.#order.last; this.#turn++) {
      const place = this.#order.place(this.#turn)!;
      const [shardId, cursor] = place;
      const waiting = early.get(shardId) ?? [];
      if (waiting.length === 0) return;
      // It was dropped for want of room meanwhile; a GAP behind it says so.
      if (waiting[0]!.cursor > cursor) continue;
      this.#give(this.#turn, waiting.shift()!);
    }
    this.#early = null;
    for (const records of early.values()) records.forEach((record) => this.#giveNew(record));
  }

  #giveNew(record: EventRecord): void {
    this.#give(this.#order.add([record.shardId, record.cursor]), record);
  }
}

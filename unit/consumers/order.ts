/**
 * The events of several shards in one order: that in which they came to a client. Each gets a number, and
 * where it is from is kept until the client is done with it, so that it has the same number whenever it
 * comes again.
 *
 * @module
 */

import type { EventRecord } from "../../protocol/event_frame.ts";
import { parseShardKey, type ShardKeyText, shardKeyText } from "../../protocol/ids.ts";
import { isCount, isRecord } from "../../protocol/record.ts";

/** Where an event is from: the shard, and its cursor there. */
export type Place = readonly [shard: ShardKeyText, cursor: number];

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
 * const done = [["0/2", 7], ["1/2", 3]] as const;
 * const order = new MergedOrder({ acknowledged: 0, done, places: [], repeats: [] });
 * console.assert(order.add(["1/2", 4]) === 1 && order.add(["0/2", 9]) === 2);
 * order.acknowledge(1);
 * console.assert(order.done("1/2") === 4 && order.done("0/2") === 7);
 * ```
 */
export class MergedOrder {
  /** Everything up to this number is dealt with. */
  acknowledged: number;
  readonly #done: Map<ShardKeyText, number>;
  readonly #repeats: Map<ShardKeyText, number>;
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
  done(shard: ShardKeyText): number {
    return this.#done.get(shard) ?? 0;
  }

  /** Whether a shard's events are part of it. */
  has(shard: ShardKeyText): boolean {
    return this.#done.has(shard);
  }

  /** From now on it is of these shards: those that are new begin after what is dealt with of them. */
  become(shards: readonly Place[]): void {
    const own = new Set(shards.map(([shard]) => shard));
    for (const shard of this.#done.keys()) if (!own.has(shard)) this.#done.delete(shard);
    for (const [shard, cursor] of shards) if (!this.has(shard)) this.#done.set(shard, cursor);
  }

  /** How many of a shard's events, from this one on, may have come before under other numbers. */
  repeats([shard, cursor]: Place): number {
    return Math.max(0, (this.#repeats.get(shard) ?? 0) - cursor + 1);
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
      if (this.has(place[0])) this.#done.set(...place);
      this.#head++;
      this.acknowledged++;
      place = this.place(this.acknowledged + 1);
    }
    if (this.#head < COMPACT_AFTER || this.#head * 2 < this.#places.length) return;
    this.#places = this.#places.slice(this.#head);
    this.#head = 0;
  }

  /** Up to which cursor a shard's events come no later than this number. */
  cursorAt(number: number, shard: ShardKeyText): number {
    for (let at = Math.min(number, this.last); at > this.acknowledged; at--) {
      const [from, cursor] = this.place(at)!;
      if (from === shard) return cursor;
    }
    return this.done(shard);
  }

  /** Up to which cursor each shard's events have a number, or `more` beyond. */
  reached(more = 0): Place[] {
    const last = new Map(this.#done);
    for (const place of this.#places.slice(this.#head)) if (this.has(place[0])) last.set(...place);
    return [...last].map(([shard, cursor]) => [shard, cursor + more]);
  }

  /** All of it, to be written down. */
  save(): SavedOrder {
    const { acknowledged } = this;
    const repeats = [...this.#repeats];
    return { acknowledged, done: [...this.#done], places: this.#places.slice(this.#head), repeats };
  }
}

/**
 * An order read from outside; `null` where it is none.
 *
 * @param total Of the shards of an earlier version, which named their ids alone.
 */
export function parseOrder(value: unknown, total: number): SavedOrder | null {
  if (!isRecord(value) || !isCount(value.acknowledged)) return null;
  const [done, places, repeats] = [value.done, value.places, value.repeats]
    .map((each) => parsePlaces(each, total));
  const { acknowledged } = value;
  return done && places && repeats ? { acknowledged, done, places, repeats } : null;
}

/** Places read from outside, as {@linkcode parseOrder} reads; `null` where they are none. */
export function parsePlaces(value: unknown, total: number): Place[] | null {
  if (!Array.isArray(value)) return null;
  const places = value.map((each) => parsePlace(each, total));
  return places.every((place) => place !== null) ? places : null;
}

function parsePlace(value: unknown, total: number): Place | null {
  const [from, cursor, ...more] = Array.isArray(value) ? value : [];
  if (!isCount(cursor) || more.length > 0) return null;
  const shard = isCount(from) ? { total, id: from } : parseShardKey(String(from));
  return shard ? [shardKeyText(shard), cursor] : null;
}

/** Gets an event with its number and place. */
type GiveNumbered = (number: number, record: EventRecord, place: Place) => void;

/**
 * What comes of several shards, each of which begins with its first event that is not dealt with, brought
 * into their order. Those that have a number come first, each in its turn: what comes too early waits. What
 * has none gets one as it comes, and waits for nothing.
 */
export class Merging {
  readonly #order: MergedOrder;
  readonly #give: GiveNumbered;
  /** Shard → cursor up to which its events have come. */
  readonly #came = new Map<ShardKeyText, number>();
  /** The number whose turn it is. */
  #turn: number;
  /** Shard → what came too early; `null` once everything that has a number has come. */
  #early: Map<ShardKeyText, EventRecord[]> | null = new Map();

  /** @param give Gets each event with its number, in order. */
  constructor(order: MergedOrder, give: GiveNumbered) {
    this.#order = order;
    this.#give = give;
    this.#turn = order.acknowledged + 1;
  }

  /** An event of a shard; one that came before is dropped. */
  come(shard: ShardKeyText, record: EventRecord): void {
    const { cursor } = record;
    if (cursor <= Math.max(this.#came.get(shard) ?? 0, this.#order.done(shard))) return;
    this.#came.set(shard, cursor);
    if (!this.#early) return this.#giveNew(shard, record);
    const early = this.#early.get(shard) ?? [];
    this.#early.set(shard, early);
    early.push(record);
    this.#goOn(this.#early);
  }

  /** The client is done with more: what waited for it to come again waits no longer. */
  acknowledged(): void {
    if (this.#early) this.#goOn(this.#early);
  }

  #goOn(early: Map<ShardKeyText, EventRecord[]>): void {
    // The client may be done with more than has come again.
    this.#turn = Math.max(this.#turn, this.#order.acknowledged + 1);
    for (const [shard, records] of early) {
      const done = this.#order.done(shard);
      while (records.length > 0 && records[0]!.cursor <= done) records.shift();
    }
    for (; this.#turn <= this.#order.last; this.#turn++) {
      const place = this.#order.place(this.#turn)!;
      const [shard, cursor] = place;
      // Of a shard that is gone nothing comes any more.
      if (!this.#order.has(shard)) continue;
      const waiting = early.get(shard) ?? [];
      if (waiting.length === 0) return;
      // It was dropped for want of room meanwhile; a GAP behind it says so.
      if (waiting[0]!.cursor > cursor) continue;
      this.#give(this.#turn, waiting.shift()!, place);
    }
    this.#early = null;
    for (const [shard, records] of early) {
      for (const record of records) this.#giveNew(shard, record);
    }
  }

  #giveNew(shard: ShardKeyText, record: EventRecord): void {
    const place: Place = [shard, record.cursor];
    this.#give(this.#order.add(place), record, place);
  }
}

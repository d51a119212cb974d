/**
 * The shards that clients on `/gateway` take, whatever total they go by. One of ours is as it is. One of a
 * total that divides ours is several of ours in one stream: what comes of them gets numbers of its own, in the
 * order in which it comes, and keeps them as long as the client is not done with it (`order.ts`).
 *
 * While guilds move to another total, a stream goes on where others of ours have them now: its numbers follow
 * those of before.
 *
 * The order is written down when the unit stops. Of a unit that was killed nobody knows which number was
 * whose: such a stream begins anew, above every number that was given out, with what may come a second time.
 *
 * @module
 */

import { SENT_AHEAD } from "../../downstream/session.ts";
import type { AskGuilds, Deliver, ShardEvents } from "../../downstream/world.ts";
import { type EventRecord, gapRecord, readGap, RECORD } from "../../protocol/event_frame.ts";
import type { GuildsPiece, GuildsQuestion } from "../../protocol/guild_pieces.ts";
import { parseShardKey, type Seat, seatText, shardKeyText } from "../../protocol/ids.ts";
import { isRecord } from "../../protocol/record.ts";
import type { ShardBacklog } from "../../protocol/worker_message.ts";
import {
  MergedOrder,
  Merging,
  parseOrder,
  parsePlaces,
  type Place,
  type SavedOrder,
} from "./order.ts";
import type { Seats } from "./seats.ts";

/** What merged shards need. */
export interface MergedShardsOptions {
  readonly seats: Pick<Seats, "seatsOf" | "isOwn" | "total">;
  /** Our shards, as those see them who take them as they are. */
  readonly shards: ShardEvents & { readonly guilds: AskGuilds };
  /** No number above it was given to whoever had this seat, as far as is written down. */
  readonly highest: (seat: Seat) => number;
}

/** The guilds of a merged shard as of a number: those of each of ours. */
interface Heads {
  readonly number: number;
  readonly pieces: readonly GuildsPiece[];
}

/** The shards of a unit, for clients of its total and of those that divide it. */
export class MergedShards implements ShardEvents {
  readonly windowBytes: number;
  readonly #options: MergedShardsOptions;
  /** By the text of the seat. */
  readonly #orders = new Map<string, MergedOrder>();
  /** The streams that were begun last. */
  readonly #mergings = new Map<string, Merging>();
  readonly #heads = new Map<string, Heads>();
  /** What an earlier life may have sent of streams whose order is not known. */
  readonly #sent = new Map<string, readonly Place[]>();

  constructor(options: MergedShardsOptions) {
    this.#options = options;
    this.windowBytes = options.shards.windowBytes;
  }

  /** Whether one more may read the shard, and each of those that it is made of, beside its bot. */
  hasRoomFor(seat: Seat): boolean {
    return this.#seatsOf(seat).every((own) => this.#options.shards.hasRoomFor(own));
  }

  /**
   * Nobody gets the shard's events from now on: see {@linkcode ShardEvents.hold}. Where somebody else is done
   * with some of them meanwhile, or the order is not known, it begins anew. Where other shards have come in place
   * of some, it goes on.
   */
  async hold(seat: Seat): Promise<ShardBacklog> {
    const { shards, highest } = this.#options;
    if (this.#isOwn(seat)) return await shards.hold(seat);
    this.#mergings.delete(seatText(seat));
    const owns = this.#seatsOf(seat);
    const backlogs = await Promise.all(owns.map((own) => shards.hold(own)));
    const known = this.#orders.get(seatText(seat));
    const done = owns.map((own, at) => [shardKeyText(own), backlogs[at]!.acknowledged] as const);
    known?.become(done);
    const isKept = known !== undefined && done.every(([own, cursor]) => cursor <= known.done(own));
    if (isKept) return { acknowledged: known.acknowledged, last: known.last };
    const given = Math.max(known?.last ?? 0, highest(seat));
    const acknowledged = given === 0 ? 0 : given + 1;
    const repeats = known ? known.reached() : this.#sent.get(seatText(seat)) ?? [];
    const order = new MergedOrder({ acknowledged, done, places: [], repeats });
    this.#orders.set(seatText(seat), order);
    return { acknowledged, last: acknowledged };
  }

  /** Delivers what is not acknowledged, and what comes: see {@linkcode ShardEvents.take}. */
  take(seat: Seat, deliver: Deliver): void {
    const { shards } = this.#options;
    if (this.#isOwn(seat)) return shards.take(seat, deliver);
    const order = this.#orderOf(seat);
    const merging = new Merging(order, (number, record, place) => {
      deliver(renumbered(seat.id, number, record), order.repeats(place));
    });
    this.#mergings.set(seatText(seat), merging);
    for (const own of this.#seatsOf(seat)) {
      const key = shardKeyText(own);
      shards.take(own, (record) => merging.come(key, record));
    }
  }

  /** The consumer is done with everything up to `cursor`. */
  acknowledge(seat: Seat, cursor: number): void {
    const { shards } = this.#options;
    if (this.#isOwn(seat)) return shards.acknowledge(seat, cursor);
    const order = this.#orderOf(seat);
    order.acknowledge(cursor);
    this.#mergings.get(seatText(seat))?.acknowledged();
    // Each time, new or not: a worker that was lost may have got some of it back.
    for (const own of this.#seatsOf(seat)) {
      shards.acknowledge(own, order.done(shardKeyText(own)));
    }
  }

  /** The shards go back to their clusters, or their events wait. */
  release(seat: Seat): void {
    this.#mergings.delete(seatText(seat));
    for (const own of this.#seatsOf(seat)) this.#options.shards.release(own);
  }

  /** The next of a shard's guilds as of a cursor: those of the first of ours first. */
  async guilds(seat: Seat, question: Omit<GuildsQuestion, "shardId">): Promise<GuildsPiece | null> {
    const { shards } = this.#options;
    if (this.#isOwn(seat)) return await shards.guilds(seat, question);
    const heads = await this.#headsOf(seat, question);
    if (!heads) return null;
    const owns = this.#seatsOf(seat);
    let { after } = question;
    let at = 0;
    while (at < owns.length - 1 && after >= heads[at]!.available) after -= heads[at++]!.available;
    const cursor = this.#orderOf(seat).cursorAt(question.cursor, shardKeyText(owns[at]!));
    const piece = await shards.guilds(owns[at]!, { ...question, cursor, after });
    return piece && { ...joined(heads), bodies: piece.bodies };
  }

  /** Whether it is known which number of a seat's stream is of which event. */
  knows(seat: Seat): boolean {
    return this.#isOwn(seat) || this.#orders.has(seatText(seat));
  }

  /** Other shards are behind the seats: of those that are not made of several any more the order is over. */
  moved(): void {
    this.#heads.clear();
    for (const text of this.#orders.keys()) {
      const [shard = "", reader] = text.split(" ");
      const seat = { ...parseShardKey(shard)!, ...(reader !== undefined && { reader }) };
      if (this.#seatsOf(seat).length < 2) this.#orders.delete(text);
    }
  }

  /**
   * What is to be written down while streams go on: up to where each shard's events may have been sent by the
   * time that it is written down anew.
   */
  get sent(): Record<string, readonly Place[]> {
    const sent = [...this.#orders].map(([text, order]) => [text, order.reached(SENT_AHEAD)]);
    return { ...Object.fromEntries(this.#sent), ...Object.fromEntries(sent) };
  }

  /** The orders of all streams, to be written down when none of them goes on. */
  get orders(): Record<string, SavedOrder> {
    return Object.fromEntries([...this.#orders].map(([text, order]) => [text, order.save()]));
  }

  /** Takes over what {@linkcode MergedShards.sent} and {@linkcode MergedShards.orders} gave. */
  load(sent: unknown, orders: unknown): void {
    const { total } = this.#options.seats;
    for (const [text, value] of Object.entries(isRecord(sent) ? sent : {})) {
      const places = parsePlaces(value, total);
      if (places) this.#sent.set(text, places);
    }
    for (const [text, value] of Object.entries(isRecord(orders) ? orders : {})) {
      const order = parseOrder(value, total);
      if (order) this.#orders.set(text, new MergedOrder(order));
    }
  }

  /** The seats of our total that a seat is made of. */
  #seatsOf(seat: Seat): readonly Seat[] {
    return this.#options.seats.seatsOf(seat);
  }

  #isOwn(seat: Seat): boolean {
    return this.#options.seats.isOwn(seat);
  }

  #orderOf(seat: Seat): MergedOrder {
    return this.#orders.get(seatText(seat))!;
  }

  /** How many guilds each of our shards has; one guild of each is not asked for in vain. */
  async #headsOf(
    seat: Seat,
    question: Omit<GuildsQuestion, "shardId">,
  ): Promise<readonly GuildsPiece[] | null> {
    const { cursor: number } = question;
    const known = this.#heads.get(seatText(seat));
    if (known?.number === number) return known.pieces;
    const order = this.#orderOf(seat);
    const asked = this.#seatsOf(seat).map((own) => {
      const cursor = order.cursorAt(number, shardKeyText(own));
      return this.#options.shards.guilds(own, { ...question, cursor, after: 0, limitBytes: 1 });
    });
    const pieces = await Promise.all(asked);
    if (!pieces.every((piece) => piece !== null)) return null;
    // Of the bodies none is kept: there may be many megabytes of them.
    const heads = pieces.map((piece) => ({ ...piece, bodies: [] }));
    this.#heads.set(seatText(seat), { number, pieces: heads });
    return heads;
  }
}

/** The guilds of several shards as of one: those that are there, then those that are not. */
function joined(heads: readonly GuildsPiece[]): Pick<GuildsPiece, "guildIds" | "available"> {
  const there = heads.flatMap(({ guildIds, available }) => guildIds.slice(0, available));
  const away = heads.flatMap(({ guildIds, available }) => guildIds.slice(available));
  return { guildIds: [...there, ...away], available: there.length };
}

/** A GAP says how many events are missing; which numbers those would have had nobody knows: they have one. */
function renumbered(shardId: number, number: number, record: EventRecord): EventRecord {
  if (record.kind !== RECORD.GAP) return { ...record, shardId, cursor: number };
  const { count, reason } = readGap(record);
  return gapRecord(shardId, { from: number, to: number, count, reason });
}

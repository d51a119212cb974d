/**
 * Shards of ours that are divided among several clients, who go by a multiple of our total. They share the shard's
 * queue: each record is given to all, as what it is to the part that it is for, and to the others as one that is
 * not for them, so that each is done with it in its own time. The shard is done with what all parts are done with;
 * a part that nobody has had yet is so until something comes for it.
 *
 * So nothing is lost of a part that is away, and all of the shard can be given back at any time. The price: what
 * lies between the slowest part and the fastest is bounded by the window of a consumer.
 *
 * @module
 */

import type { AskGuilds, Deliver, ShardEvents } from "../../downstream/world.ts";
import type { Cancel, Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import { type EventRecord, RECORD } from "../../protocol/event_frame.ts";
import type { GuildsPiece, GuildsQuestion } from "../../protocol/guild_pieces.ts";
import {
  calculateShardId,
  type Seat,
  seatText,
  type ShardKey,
  type ShardKeyText,
  shardKeyText,
} from "../../protocol/ids.ts";
import type { ShardBacklog } from "../../protocol/worker_message.ts";
import { partOf } from "./part.ts";
import type { Seats } from "./seats.ts";

/** A kind of record that nobody passes on. */
const FOR_OTHERS = 0xff;
/** A part that others wait for is told of after so long, and as often. */
export const ABSENT_MS = 60_000;

/** What split shards need. */
export interface SplitShardsOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly seats: Pick<Seats, "of" | "isPart" | "serves">;
  /** Our shards, for clients of our total and of those that divide it. */
  readonly shards: ShardEvents & { readonly guilds: AskGuilds };
}

/** One part of a shard. */
interface Part {
  /** Everything for it up to this cursor is dealt with. */
  done: number;
  /** Whether somebody has it, be it that its client is away. */
  isClaimed: boolean;
  /** Cursor of the newest that is for it; above `done` there is something that it is owed. */
  newest: number;
  /** Its client; `null`: away. */
  deliver: Deliver | null;
  /** Ends the wait for a client that is away. */
  cancelAbsent: Cancel | null;
}

/** A shard that is divided. */
interface Split {
  readonly shard: ShardKey;
  /** That its parts go by. */
  readonly total: number;
  /** By their ids. */
  readonly parts: ReadonlyMap<number, Part>;
}

/** The shards of a unit, for clients of any total that fits. */
export class SplitShards implements ShardEvents {
  readonly windowBytes: number;
  readonly #options: SplitShardsOptions;
  /** By the names of our shards. */
  readonly #splits = new Map<ShardKeyText, Split>();
  /** Of which guilds a part was told last, by the text of its seat. */
  readonly #heads = new Map<string, { readonly cursor: number; readonly piece: GuildsPiece }>();

  constructor(options: SplitShardsOptions) {
    this.#options = options;
    this.windowBytes = options.shards.windowBytes;
  }

  /** As {@linkcode ShardEvents.hasRoomFor}. */
  hasRoomFor(seat: Seat): boolean {
    const { shards, seats } = this.#options;
    return seats.isPart(seat) ? seat.reader === undefined : shards.hasRoomFor(seat);
  }

  /** As {@linkcode ShardEvents.hold}; of a part: it gets nothing, and the others go on. */
  async hold(seat: Seat): Promise<ShardBacklog> {
    const { shards } = this.#options;
    const [split, part] = this.#claim(seat) ?? [];
    if (!split || !part) return await shards.hold(seat);
    part.deliver = null;
    try {
      const { acknowledged, last } = await shards.hold(split.shard);
      for (const each of split.parts.values()) each.done = Math.max(each.done, acknowledged);
      return { acknowledged: part.done, last };
    } finally {
      this.#run(split);
    }
  }

  /** As {@linkcode ShardEvents.take}. */
  take(seat: Seat, deliver: Deliver): void {
    const [split, part] = this.#find(seat) ?? [];
    if (!split || !part) return this.#options.shards.take(seat, deliver);
    part.deliver = deliver;
    part.cancelAbsent?.();
    part.cancelAbsent = null;
    this.#run(split);
  }

  /** As {@linkcode ShardEvents.acknowledge}. */
  acknowledge(seat: Seat, cursor: number): void {
    const { shards, seats } = this.#options;
    if (!seats.isPart(seat)) return shards.acknowledge(seat, cursor);
    const [split, part] = this.#find(seat) ?? [];
    if (!split || !part) return;
    part.done = Math.max(part.done, cursor);
    this.#acknowledge(split);
  }

  /** As {@linkcode ShardEvents.release}; of a part: the others go on, and the last one gives the shard back. */
  release(seat: Seat): void {
    const { shards, seats } = this.#options;
    if (!seats.isPart(seat)) return shards.release(seat);
    const [split, part] = this.#find(seat) ?? [];
    if (!split || !part) return;
    this.#heads.delete(seatText(seat));
    Object.assign(part, { isClaimed: false, deliver: null });
    if (part.newest > part.done) this.#waitFor(split, seat.id, part);
    if ([...split.parts.values()].some(({ isClaimed }) => isClaimed)) return;
    for (const each of split.parts.values()) each.cancelAbsent?.();
    this.#splits.delete(shardKeyText(split.shard));
    shards.release(split.shard);
  }

  /** Other shards are behind the seats: those that do not serve any more are not divided any more. */
  moved(): void {
    this.#heads.clear();
    for (const [key, { shard, parts }] of this.#splits) {
      if (this.#options.seats.serves(shard)) continue;
      for (const each of parts.values()) each.cancelAbsent?.();
      this.#splits.delete(key);
    }
  }

  /** As {@linkcode AskGuilds}; of a part: its own only. */
  async guilds(seat: Seat, question: Omit<GuildsQuestion, "shardId">): Promise<GuildsPiece | null> {
    const { shards, seats } = this.#options;
    if (!seats.isPart(seat)) return await shards.guilds(seat, question);
    const shard = seats.of(seat)![0]!;
    const whole = await this.#headOf(seat, shard, question);
    if (!whole) return null;
    const isOwn = (id: string) => calculateShardId(id, seat.total) === seat.id;
    const there = whole.guildIds.slice(0, whole.available);
    const own = there.flatMap((id, at) => isOwn(id) ? [at] : []);
    const away = whole.guildIds.slice(whole.available).filter(isOwn);
    const guildIds = [...own.map((at) => there[at]!), ...away];
    const told = { guildIds, available: own.length };
    const after = own[question.after];
    if (after === undefined) return { ...told, bodies: [] };
    const piece = await shards.guilds(shard, { ...question, after });
    return piece &&
      { ...told, bodies: piece.bodies.filter((_, at) => isOwn(there[after + at]!)) };
  }

  /** Of the bodies none is kept. */
  async #headOf(
    seat: Seat,
    shard: ShardKey,
    question: Omit<GuildsQuestion, "shardId">,
  ): Promise<GuildsPiece | null> {
    const { cursor } = question;
    const known = this.#heads.get(seatText(seat));
    if (known?.cursor === cursor) return known.piece;
    const { shards } = this.#options;
    const piece = await shards.guilds(shard, { ...question, after: 0, limitBytes: 1 });
    if (piece) this.#heads.set(seatText(seat), { cursor, piece: { ...piece, bodies: [] } });
    return piece;
  }

  #find(seat: Seat): [Split, Part] | undefined {
    const { seats } = this.#options;
    if (!seats.isPart(seat)) return undefined;
    const split = this.#splits.get(shardKeyText(seats.of(seat)![0]!));
    const part = split?.total === seat.total ? split.parts.get(seat.id) : undefined;
    return split && part && [split, part];
  }

  /** The part of a seat that is one, for somebody who has it from now on. */
  #claim(seat: Seat): [Split, Part] | undefined {
    if (!this.#options.seats.isPart(seat)) return undefined;
    const found = this.#find(seat) ?? this.#divide(seat);
    found[1].isClaimed = true;
    return found;
  }

  #divide(seat: Seat): [Split, Part] {
    const shard = this.#options.seats.of(seat)![0]!;
    const nobodys = { done: 0, newest: 0, isClaimed: false, deliver: null, cancelAbsent: null };
    const ids = Array.from(
      { length: seat.total / shard.total },
      (_, i) => shard.id + i * shard.total,
    );
    const parts = new Map(ids.map((id) => [id, { ...nobodys } as Part]));
    const split = { shard, total: seat.total, parts };
    this.#splits.set(shardKeyText(shard), split);
    return [split, parts.get(seat.id)!];
  }

  /** Everybody who is there gets what the shard has, from what not all are done with on. */
  #run(split: Split): void {
    if (this.#splits.get(shardKeyText(split.shard)) !== split) return;
    if (![...split.parts.values()].some(({ deliver }) => deliver)) return;
    this.#options.shards.take(split.shard, (record) => this.#deal(split, record));
    this.#acknowledge(split);
  }

  #deal(split: Split, record: EventRecord): void {
    const home = partOf(record, split.total);
    // What is of a guild that is on another shard of ours came here all the same: somebody must have it.
    const owner = home === null || split.parts.has(home) ? home : split.shard.id;
    // What is no event is for nobody: no part that is away is waited for.
    const isEvent = record.kind === RECORD.DISPATCH || record.kind === RECORD.GAP;
    for (const [id, part] of split.parts) {
      const isOwn = isEvent && (owner === null || owner === id);
      if (isOwn) part.newest = Math.max(part.newest, record.cursor);
      if (part.deliver) part.deliver(isOwn ? record : { ...record, kind: FOR_OTHERS });
      else if (part.newest > part.done) this.#waitFor(split, id, part);
      else if (!part.isClaimed) part.done = Math.max(part.done, record.cursor);
    }
  }

  #acknowledge({ shard, parts }: Split): void {
    const done = Math.min(...[...parts.values()].map((part) => part.done));
    this.#options.shards.acknowledge(shard, done);
  }

  /** Tells of a part that others may come to wait for. */
  #waitFor(split: Split, id: number, part: Part): void {
    const { clock, log } = this.#options;
    part.cancelAbsent ??= clock.after(ABSENT_MS, () => {
      part.cancelAbsent = null;
      const about = { shardId: split.shard.id, part: `[${id}, ${split.total}]`, forMs: ABSENT_MS };
      log.warn(
        "events wait for a client of a part of a shard, and its other clients with them",
        about,
      );
      this.#waitFor(split, id, part);
    });
  }
}

/**
 * The shards of a unit, as its consumers on `/gateway` see them. The bot of a shard has the shard's own queue
 * assigned to it, until it lets go of it. Who reads beside the bot, by a name, has a queue of its own in the
 * worker, from the newest event on; it waits for a while for one who is gone.
 *
 * @module
 */

import type { ShardEvents } from "../../downstream/world.ts";
import { type Links, MOST_WINDOW_BYTES } from "../../link/links.ts";
import type { Cancel, Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import { readEnvelope } from "../../protocol/discord/envelope.ts";
import { messageOf } from "../../protocol/errors.ts";
import { type EventRecord, readBatch, readGap, RECORD } from "../../protocol/event_frame.ts";
import type {
  GuildsPiece,
  GuildsQuestion,
  MembersPiece,
  MembersQuestion,
} from "../../protocol/guild_pieces.ts";
import {
  type Seat,
  seatFields,
  seatText,
  type ShardKey,
  shardKeyText,
} from "../../protocol/ids.ts";
import type { ConsumerKey } from "../../protocol/peer.ts";
import type { Cuts, ShardRole } from "../../protocol/reshard.ts";
import type { ShardBacklog } from "../../protocol/worker_message.ts";
import type { Estates } from "../../store/estates.ts";
import type { WorkerPool } from "../../workers/pool.ts";
import { askPatiently } from "./commands_up.ts";

/** What the shards of consumers need. */
export interface ConsumerShardsOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Bytes that may be under way to a consumer, whatever the others do. */
  readonly windowBytes: number;
  /** How many may consume a shard, its bot included. */
  readonly consumersPerShard: number;
  /** Whether the name is of a reader of our own: no client may have it, and it takes nobody's place. Default: none is. */
  readonly isOurs?: (reader: string) => boolean;
  /** How long the events of somebody who reads beside the bot wait when its session is over. */
  readonly ttlMs: number;
  readonly links: Pick<Links, "open" | "close" | "acknowledge" | "all">;
  readonly estates: Pick<Estates, "of" | "saved">;
  /** What a shard does, and what shards of another total have served of it. Default: nobody has. */
  readonly roleOf?: (shard: ShardKey) => ShardRole | null;
  /** Somebody asks for guilds as of a cursor, and nobody knows them. */
  readonly guildsMissing: (shard: ShardKey, cursor: number) => void;
  /**
   * The workers of a shard's generation.
   *
   * @throws {GatehouseError} `refused` where there is none of its total.
   */
  readonly poolOf: (
    shard: ShardKey,
  ) => Pick<
    WorkerPool,
    "assign" | "release" | "backlog" | "guilds" | "read" | "dismiss"
  >;
}

/**
 * The shards of a unit, as its consumers see them: each consumer is one more link, beside those of the
 * clusters. Sessions and sockets are not its business.
 */
export class ConsumerShards implements ShardEvents {
  readonly windowBytes: number;
  readonly #options: ConsumerShardsOptions;
  /** Readers that have begun, and whose estate may not know of them yet. */
  readonly #begun = new Map<string, Seat>();
  /** Readers whose events wait for a while. */
  readonly #released = new Map<string, Cancel>();
  #stopped = false;

  constructor(options: ConsumerShardsOptions) {
    this.#options = options;
    this.windowBytes = options.windowBytes;
  }

  /** Whether one more may read the shard beside its bot: who does already may. */
  hasRoomFor({ total, id, reader }: Seat): boolean {
    if (reader === undefined) return true;
    const { estates, consumersPerShard, isOurs = () => false } = this.#options;
    if (isOurs(reader)) return false;
    const begun = [...this.#begun.values()].filter((it) => it.total === total && it.id === id);
    const readers = new Set([
      ...Object.keys(estates.of({ total, id }).readers),
      ...begun.map((it) => it.reader!),
    ].filter((name) => !isOurs(name)));
    return readers.has(reader) || readers.size < consumersPerShard - 1;
  }

  /**
   * Nobody gets the shard's events from now on, whatever becomes of its worker; of a reader: it does not get
   * any. Who reads anew is written down first.
   *
   * @throws {GatehouseError} `worker_lost` or `deadline` when the worker cannot be reached for 10 s.
   */
  async hold(shard: Seat): Promise<ShardBacklog> {
    const { links, poolOf } = this.#options;
    links.close(peerOf(shard));
    if (shard.reader !== undefined) return await this.#read({ ...shard, reader: shard.reader });
    poolOf(shard).assign(shard.id, null);
    return await this.#ask(() => poolOf(shard).backlog(shard.id));
  }

  /**
   * The next of the guilds as of a cursor; `null` where they are not known, and the shard is told.
   *
   * @throws {GatehouseError} `worker_lost` or `deadline` when the worker cannot be reached for 10 s.
   */
  async guilds(
    shard: ShardKey,
    question: Omit<GuildsQuestion, "shardId">,
  ): Promise<GuildsPiece | null> {
    const { poolOf, guildsMissing } = this.#options;
    const piece = await this.#ask(() => poolOf(shard).guilds({ ...question, shardId: shard.id }));
    if (piece === null) guildsMissing(shard, question.cursor);
    return piece;
  }

  /**
   * The next of the members that an op 8 asks for; `null` where only Discord knows.
   *
   * @throws {GatehouseError} `worker_lost` or `deadline` when the worker cannot be reached for 10 s.
   */
  async members(
    shard: ShardKey,
    question: Omit<MembersQuestion, "shardId">,
  ): Promise<MembersPiece | null> {
    const { poolOf } = this.#options;
    return await this.#ask(() => poolOf(shard).guilds({ ...question, shardId: shard.id }));
  }

  /**
   * Delivers what is not acknowledged, and what comes.
   *
   * @param windowBytes As much may be under way. Default: what its worker has, which the others leave.
   */
  take(
    shard: Seat,
    deliver: (record: EventRecord) => void,
    windowBytes: number = MOST_WINDOW_BYTES,
  ): void {
    const { links, poolOf } = this.#options;
    const peer = peerOf(shard);
    const cuts = this.#cutsOf(shard);
    let isOver = false;
    if (shard.reader === undefined) poolOf(shard).assign(shard.id, peer);
    links.open(peer, windowBytes, {
      sendBytes(batch) {
        for (const record of readBatch(batch).records) {
          // An event may end the connection that it is delivered to.
          if (isOver) return;
          deliver(
            isOfNoClient(record, cuts) ? { ...record, kind: RECORD.SERVED } : record,
          );
        }
      },
      close: () => isOver = true,
    });
  }

  /** The consumer is done with everything up to `cursor`. */
  acknowledge(shard: Seat, cursor: number): void {
    const done = { totalShards: shard.total, cursors: { [shard.id]: cursor } };
    this.#options.links.acknowledge(peerOf(shard), done);
  }

  /**
   * The shard goes back to its cluster, or its events wait. Those of a reader wait for one of its name, for as
   * long as a session waits for its client.
   */
  release(shard: Seat): void {
    const { links, poolOf, clock, ttlMs } = this.#options;
    links.close(peerOf(shard));
    const { reader } = shard;
    if (reader === undefined) return poolOf(shard).release(shard.id);
    this.#released.get(seatText(shard))?.();
    const cancel = clock.after(ttlMs, () => void this.#dismiss({ ...shard, reader }));
    this.#released.set(seatText(shard), cancel);
  }

  /** A shard is nobody's any more: others have its guilds. */
  leave({ total, id }: ShardKey): void {
    const { links } = this.#options;
    const peers = links.all().map(({ peer }) => peer);
    for (const peer of peers) {
      const isIts = peer.kind === "consumer" && peer.shard.total === total && peer.shard.id === id;
      if (isIts) links.close(peer);
    }
    for (const [key, cancel] of this.#released) {
      if (!key.startsWith(`${shardKeyText({ total, id })} `)) continue;
      cancel();
      this.#released.delete(key);
    }
    for (const [key, begun] of this.#begun) {
      if (begun.total === total && begun.id === id) this.#begun.delete(key);
    }
  }

  /** Waits for no worker any more. */
  stop(): void {
    this.#stopped = true;
    for (const cancel of this.#released.values()) cancel();
  }

  async #read(seat: Seat & { readonly reader: string }): Promise<ShardBacklog> {
    const { estates, poolOf } = this.#options;
    const key = seatText(seat);
    this.#released.get(key)?.();
    this.#released.delete(key);
    this.#begun.set(key, seat);
    const isKnown =
      estates.of({ total: seat.total, id: seat.id }).readers[seat.reader] !== undefined;
    const backlog = await this.#ask(() => poolOf(seat).read(seat.id, seat.reader));
    // Whoever is told that its events are kept from here on must find them after a `kill -9`, too.
    if (!isKnown) await estates.saved();
    return backlog;
  }

  async #dismiss(seat: Seat & { readonly reader: string }): Promise<void> {
    const { log, poolOf } = this.#options;
    this.#released.delete(seatText(seat));
    this.#begun.delete(seatText(seat));
    try {
      await this.#ask(() => poolOf(seat).dismiss(seat.id, seat.reader));
      log.info("nobody reads a shard by this name any more", seatFields(seat));
    } catch (error) {
      const about = { ...seatFields(seat), error: messageOf(error) };
      log.error("a reader that is gone is still kept events for", about);
    }
  }

  #cutsOf(shard: Seat): Cuts | null {
    const role = this.#options.roleOf?.(shard);
    return role?.kind === "serves" ? role.cuts : null;
  }

  #ask<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    return askPatiently(this.#options.clock, ask, () => this.#stopped);
  }
}

/**
 * While a shard rose, another total's had its guilds: that its session began then, or was another one, is nothing to a
 * client whose session goes on, or begins with the guilds as they are.
 */
function isOfNoClient(record: EventRecord, cuts: Cuts | null): boolean {
  if (!cuts || record.cursor > cuts.through) return false;
  if (record.kind === RECORD.GAP) return readGap(record).from === null;
  return record.kind === RECORD.DISPATCH && isReady(record.body);
}

function isReady(body: Uint8Array): boolean {
  try {
    return readEnvelope(body).t === "READY";
  } catch (error) {
    // Whoever passes it on says that it cannot be read.
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

function peerOf({ total, id, reader }: Seat): ConsumerKey {
  const shard = { total, id };
  return { kind: "consumer", shard, ...(reader !== undefined && { reader }) };
}

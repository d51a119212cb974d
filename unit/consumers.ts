/**
 * Consumers on `/gateway`, joined with the unit: their gateway, the shards that they take, and what
 * is written down of both. Sockets are the caller's.
 *
 * @module
 */

import { DownstreamGateway } from "../downstream/gateway.ts";
import type { DownstreamEvents } from "../downstream/gateway.ts";
import type { DownstreamSocket } from "../downstream/world.ts";
import type { Links } from "../link/links.ts";
import type { Cancel } from "../ports/clock.ts";
import { randomHex } from "../ports/random.ts";
import type { World } from "../ports/world.ts";
import { GatehouseError, messageOf } from "../protocol/errors.ts";
import {
  areAtOdds,
  calculateShardId,
  type Seat,
  seatText,
  type ShardKey,
  type ShardKeyText,
  shardKeyText,
} from "../protocol/ids.ts";
import { isRecord } from "../protocol/record.ts";
import type { ReadyFacts } from "../protocol/discord/gateway_frame.ts";
import { parsePayload, type ShardPayload } from "../protocol/worker_message.ts";
import type { Estate } from "../protocol/estate.ts";
import type { ShardRole } from "../protocol/reshard.ts";
import type { Estates } from "../store/estates.ts";
import type { WorkerPool } from "../workers/pool.ts";
import { CommandsUp } from "./consumers/commands_up.ts";
import { MergedShards } from "./consumers/merged.ts";
import { routesOf, shardOf } from "./consumers/routes.ts";
import { ConsumerShards } from "./consumers/shards.ts";
import { type SeatOwners, Seats } from "./consumers/seats.ts";
import { SplitShards } from "./consumers/split.ts";
import { EventSink } from "./fleet/sink.ts";
import { SINK_READER } from "./fleet/sink_shard.ts";
import { Owners } from "./reshard/owners.ts";
import { ALONE } from "./shares/share.ts";
import type { PlanOptions } from "./worker_plan.ts";

/** Name of the file in the state folder. */
const SAVED_AS = "consumers";
/** It is written this long after a change, at the latest. */
const SAVE_AFTER_MS = 100;
/** Clients that are waited for are asked so often. */
const URGE_EVERY_MS = 1_000;

/** Who may consume, and under which address. */
export interface ConsumerDoor {
  /** Our WebSocket address, where a client does not say how it reaches us. */
  readonly url: () => string;
  /** Whether the token of an IDENTIFY is the unit's secret. Must compare in constant time. */
  readonly isSecret: (token: string) => boolean;
  /** The unit stops: nobody who comes from now on can be served. */
  readonly leave: () => void;
}

/** What they are made with. */
export interface ConsumersOptions
  extends
    Pick<PlanOptions, "config" | "totalShards" | "shardIds" | "controllers" | "share">,
    Pick<World, "clock" | "log" | "store"> {
  readonly estates: Pick<Estates, "stream" | "until" | "of" | "saved">;
  readonly links: Links;
  readonly poolOf: (shard: ShardKey) => WorkerPool;
  /** Which shards serve now; they change with {@linkcode Consumers.moved}. Default: those of `totalShards`. */
  readonly owners?: () => SeatOwners;
  /** What a shard does, and what shards of another total have served of it. Default: nobody has. */
  readonly roleOf?: (shard: ShardKey) => ShardRole | null;
  readonly door: ConsumerDoor;
  /** Somebody asks for guilds as of a cursor, and nobody knows them. */
  readonly guildsMissing: (shard: ShardKey, cursor: number) => void;
  /** Bytes that may be under way to a consumer, whatever the others do. */
  readonly windowBytes: number;
}

/** All consumers on `/gateway` of a unit. */
export class Consumers {
  /** Whether nobody is let in any more. */
  isStopped = false;
  /** The shards that they have or that wait for them. */
  readonly shards: ConsumerShards;
  readonly #merged: MergedShards;
  /** Of all totals that fit ours. */
  readonly #split: SplitShards;
  readonly #seats: Seats;
  readonly #owners: () => SeatOwners;
  readonly #options: ConsumersOptions;
  readonly #commands: CommandsUp;
  readonly #gateway: DownstreamGateway;
  /** Reads what they have for whoever reads the event stream. */
  readonly #sink: EventSink | null;
  /** What could not be read is not written over. */
  #isLoaded = false;
  #cancelSave: Cancel | null = null;
  /** Shards whose clients are to be done with what they have. */
  readonly #held = new Map<ShardKeyText, ShardKey>();
  #cancelUrge: Cancel | null = null;

  constructor(options: ConsumersOptions) {
    const { config, totalShards, shardIds, controllers, door, estates, share = ALONE } = options;
    this.#options = options;
    const owners = new Owners({ total: totalShards, move: null });
    this.#owners = options.owners ?? (() => owners);
    const own = new Set(shardIds);
    const runs = (shard: ShardKey) =>
      share.has(shard) && (shard.total !== totalShards || own.has(shard.id));
    this.#seats = new Seats(this.#owners(), runs, (shard) => share.whereIs(shard));
    this.shards = new ConsumerShards({
      ...options,
      consumersPerShard: config.consumersPerShard,
      ttlMs: config.consumerSessionTtlMs,
      isOurs: (reader) => this.#sink !== null && reader === SINK_READER,
    });
    const { events: stream } = share;
    this.#sink = stream
      ? new EventSink({ ...options, stream, shards: this.shards, numbering: () => estates.stream })
      : null;
    this.#merged = new MergedShards({
      seats: this.#seats,
      shards: this.shards,
      highest: (seat) => this.#gateway.sessions.highest(seat),
    });
    this.#split = new SplitShards({ ...options, seats: this.#seats, shards: this.#merged });
    this.#commands = new CommandsUp({
      ...options,
      send: async ({ id, total }, payload) => {
        const named = total === this.#seats.total ? payload : { ...payload, totalShards: total };
        await controllers.gateway.sendPayload(id, named);
      },
    });
    this.#gateway = new DownstreamGateway({
      ...options,
      stream: estates.stream,
      url: door.url(),
      terms: {
        shards: this.#seats,
        intents: config.intents,
        isSecret: door.isSecret,
        consumersPerShard: config.consumersPerShard,
        otherTotals: config.consumerTotals === "any",
      },
      events: this.#split,
      ...(config.cache.length > 0 && {
        guilds: (seat, question) => this.#split.guilds(seat, question),
        members: (seat, question) =>
          this.shards.members(shardOf(question.command.guildId, this.#shardsOf(seat)), question),
      }),
      facts: (seat, signal) => this.#facts(seat, signal),
      send: async (seat, payload) => {
        const { reader } = seat;
        await this.#send(seat, { ...parsePayload(payload), ...(reader && { reader }) });
      },
      ttlMs: config.consumerSessionTtlMs,
      newId: () => randomHex(16),
      changed: () => void (this.isStopped || this.#saveSoon()),
    });
  }

  /** Takes over what an earlier life wrote down; before any worker starts. Readers without a session have their time. */
  async load(): Promise<void> {
    const saved = await this.#options.store.load(SAVED_AS);
    if (isRecord(saved) && saved.stream === this.#options.estates.stream) {
      this.#merged.load(saved.sent, saved.orders);
    }
    this.#gateway.load(saved);
    this.#isLoaded = true;
    this.#giveUpOrders();
    // An order is that of a clean stop once: who is killed from here on leaves none.
    if (isRecord(saved) && saved.orders !== undefined) await this.#save();
    this.#releaseReaders();
    this.#sink?.have(this.#seats.serving);
  }

  /** Of which nobody knows the order any more: its client is to begin anew, and its events wait for that. */
  #giveUpOrders(): void {
    const { sessions } = this.#gateway;
    for (const session of sessions.all) {
      const { shard } = session;
      if (this.#seats.isPart(shard) || this.#merged.knows(shard)) continue;
      sessions.acknowledge(session, sessions.highest(shard) + 1);
    }
  }

  #releaseReaders(): void {
    for (const shard of this.#seats.serving) this.#releaseReadersOf(shard);
  }

  #releaseReadersOf(shard: ShardKey): void {
    const seats = this.#gateway.sessions.all.map((session) => session.shard);
    for (const reader of Object.keys(this.#options.estates.of(shard).readers)) {
      if (this.#sink && reader === SINK_READER) continue;
      const own = { ...shard, reader };
      const isTaken = seats.some((seat) => areAtOdds(seat, own, (it) => this.#seats.of(it)));
      if (!isTaken) this.shards.release(own);
    }
  }

  /** Takes an open socket; `url` is our address as its client reaches us. */
  accept(socket: DownstreamSocket, query: URLSearchParams, url: string): DownstreamEvents {
    return this.#gateway.accept(socket, query, url);
  }

  /**
   * A shard is held back: what it has given is to be dealt with soon. Its clients are asked for a heartbeat, now and
   * every second until it goes on, or others serve in its place.
   */
  held(shard: ShardKey): void {
    this.#held.set(shardKeyText(shard), shard);
    if (this.#cancelUrge === null) this.#urge();
    else this.#gateway.urge([shard]);
  }

  /** A shard that was held back goes on. */
  lifted(shard: ShardKey): void {
    this.#held.delete(shardKeyText(shard));
  }

  #urge(): void {
    this.#cancelUrge?.();
    this.#cancelUrge = null;
    if (this.#held.size === 0 || this.isStopped) return;
    this.#gateway.urge([...this.#held.values()]);
    this.#cancelUrge = this.#options.clock.after(URGE_EVERY_MS, () => this.#urge());
  }

  /**
   * Other shards serve from now on, as the owners say, and everything of those before is dealt with. To be called
   * in that moment, before the new ones give out anything: those that a client is to have are no cluster's from then
   * on. Resolves when its clients get what these have for them.
   */
  async moved(): Promise<void> {
    const before = this.#seats.serving;
    this.#seats.become(this.#owners());
    this.#split.moved();
    this.#merged.moved();
    for (const shard of before.filter((shard) => !this.#seats.serves(shard))) {
      this.lifted(shard);
      this.shards.leave(shard);
    }
    await this.#gateway.moved(async () => {
      await this.#save();
      return !this.isStopped;
    });
    const known = new Set(before.map(shardKeyText));
    for (const shard of this.#seats.serving) {
      if (!known.has(shardKeyText(shard))) this.#releaseReadersOf(shard);
    }
    if (!this.isStopped) this.#sink?.have(this.#seats.serving);
  }

  /**
   * Nobody is let in any more, and nobody is sent more. Resolves when every client has said that it has
   * what it was sent, or has had its time; that is written down.
   */
  async settle(): Promise<void> {
    this.isStopped = true;
    this.#sink?.stop();
    this.#options.door.leave();
    this.#cancelSave?.();
    this.#cancelUrge?.();
    await this.#gateway.settle();
    await this.#save();
  }

  /**
   * Closes every connection so that its client comes back and resumes; writes the sessions down once
   * more when the clients have answered: what they have received is known then.
   */
  async stop(): Promise<void> {
    this.isStopped = true;
    const answered = this.#gateway.stop();
    this.shards.stop();
    this.#commands.isStopped = true;
    await answered;
    await this.#save({ orders: this.#merged.orders });
  }

  #saveSoon(): void {
    this.#cancelSave ??= this.#options.clock.after(SAVE_AFTER_MS, () => {
      this.#cancelSave = null;
      this.#save();
    });
  }

  async #facts(seat: Seat, signal: AbortSignal): Promise<ReadyFacts> {
    const { estates } = this.#options;
    const all = await Promise.all(
      this.#shardsOf(seat).map((shard) => estates.until(shard, readyFacts, signal)),
    );
    const guildIds = all.flatMap((facts) => facts.guildIds);
    const isIts = (id: string) => calculateShardId(id, seat.total) === seat.id;
    return { ...all[0]!, guildIds: this.#seats.isPart(seat) ? guildIds.filter(isIts) : guildIds };
  }

  async #send(seat: Seat, payload: ShardPayload): Promise<void> {
    const routes = routesOf(payload, this.#shardsOf(seat));
    await Promise.all(routes.map(([shard, part]) => this.#commands.send(shard, part)));
  }

  /** @throws {GatehouseError} `refused` where its guilds are on shards that have others as well. */
  #shardsOf(seat: Seat): readonly ShardKey[] {
    const shards = this.#seats.of(seat);
    if (shards) return shards;
    const text = `Cannot serve shard ${
      seatText(seat)
    }: its guilds are on shards that have others as well`;
    throw new GatehouseError("refused", "host", text);
  }

  async #save(more: { readonly orders?: unknown } = {}): Promise<void> {
    if (!this.#isLoaded) return;
    const { store, log } = this.#options;
    const { sessions } = this.#gateway;
    const saved = sessions.save();
    try {
      await store.save(SAVED_AS, { ...saved, sent: this.#merged.sent, ...more });
      sessions.written(saved);
    } catch (error) {
      log.error("sessions of consumers were not saved", { error: messageOf(error) });
    }
  }
}

/** What a READY for a consumer is made of. Guilds come and go after Discord's READY. */
function readyFacts({ facts, guilds }: Estate): ReadyFacts | null {
  return facts && { ...facts, guildIds: guilds?.guildIds ?? facts.guildIds };
}

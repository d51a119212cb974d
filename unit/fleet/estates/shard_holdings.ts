/**
 * The shards of one unit of a fleet: how each comes, goes and is lost, with its estate and all that waits of it.
 *
 * @module
 */

import type { FleetLine } from "../../../ports/fleet/fleet.ts";
import { randomHex } from "../../../ports/random.ts";
import type { World } from "../../../ports/world.ts";
import { GatehouseError } from "../../../protocol/errors.ts";
import { type Estate, NO_ESTATE } from "../../../protocol/estate.ts";
import { encodeRecords, type Gap, gapRecord, readRecords } from "../../../protocol/event_frame.ts";
import { type ShardKey, type ShardKeyText, shardKeyText } from "../../../protocol/ids.ts";
import type { Rested } from "../../../protocol/worker_message.ts";
import type { Estates } from "../../../store/estates.ts";
import type { Aside } from "../../../store/late_folders.ts";
import type { WorkerPool } from "../../../workers/pool.ts";
import type { Holdings } from "../holdings.ts";
import { EstateKeys } from "./estate_keys.ts";
import { Late, type LateOptions } from "./late.ts";
import { Mirror } from "./mirror.ts";
import { MissingNotes } from "./missing_notes.ts";
import { Parcel, PIECE_BYTES } from "./parcel.ts";
import { Reception } from "./reception.ts";
import { resumption } from "./resumption.ts";
import { encodeWritten, holderOf, type Written } from "./written.ts";

/** What holding shards takes. */
export interface ShardHoldingsOptions extends Pick<World, "clock" | "log"> {
  /** The name of this unit. */
  readonly self: string;
  readonly line: Pick<FleetLine, "bus" | "isUp" | "keys" | "watch">;
  /** They follow the fleet's numbering. */
  readonly estates: Pick<Estates, "adopt" | "of" | "release" | "stream" | "watch">;
  /** The workers of a total's shards; `undefined`: there are none. */
  readonly poolOf: (total: number) => Pick<WorkerPool, "moves"> | undefined;
  /** Of the newest assignment that this unit knows. */
  readonly epoch: () => number;
  /** The unit that has a shard by the newest assignment; `null`: none has. */
  readonly ownerOf: (shard: ShardKey) => string | null;
  /** Where events wait that others may miss: {@linkcode lateFolders}, or nowhere. */
  readonly aside: Aside;
  /** Brings the bot what comes late: {@linkcode lateTo}. */
  readonly deliver: LateOptions["deliver"];
}

/**
 * The holdings of one unit.
 *
 * @example
 * ```ts ignore
 * const holdings = new ShardHoldings({
 *   ...{ clock, log, estates },
 *   self: fleet.self,
 *   line,
 *   poolOf: (total) => gateway.generations.find((each) => each.total === total)?.pool,
 *   epoch: () => fleet.assignment?.epoch ?? 0,
 *   ownerOf: (shard) => fleet.ownerOf(shard),
 *   aside: queueDir === null ? NOTHING_ASIDE : lateFolders(queueDir, { log }),
 *   deliver: lateTo({
 *     consumerOf: ({ total, id }) => poolOf(total)?.consumerOf(id) ?? null,
 *     ask: (...call) => switchboard.ask(...call),
 *   }),
 * });
 * await holdings.start();
 * const { writerOf } = holdings;
 * const keeper = new Keeper({ clock, log, fleet, holdings, writerOf, came, changed });
 * // When the workers have closed all shards, and before the line is closed:
 * await holdings.close();
 * ```
 */
export class ShardHoldings implements Holdings {
  readonly keys: EstateKeys;
  readonly #options: ShardHoldingsOptions;
  readonly #mirror: Mirror;
  readonly #reception: Reception;
  readonly #late: Late;
  readonly #missing: MissingNotes;
  /** Shards that were given away, and rest here. */
  readonly #given = new Set<ShardKeyText>();

  constructor(options: ShardHoldingsOptions) {
    this.#options = options;
    const { line, estates } = options;
    this.keys = new EstateKeys({ ...options, stream: () => estates.stream });
    this.#mirror = new Mirror({ ...options, keys: this.keys });
    this.#reception = new Reception({
      ...options,
      bus: line.bus,
      putIn: async (shard, reader, records, isFirst) =>
        await this.#moves(shard).putIn(shard.id, reader, records, isFirst),
    });
    this.#late = new Late({ ...options, keys: this.keys });
    this.#missing = new MissingNotes({ ...options, keys: this.keys });
  }

  /**
   * Puts aside what an earlier life has left of shards that others have, and takes what others give and bring from now
   * on. Once the assignment is known, before any worker starts.
   */
  async start(): Promise<void> {
    const { self, ownerOf } = this.#options;
    // What nobody has yet is dealt out in a moment, and may be ours.
    await this.#late.start((shard) => [self, null].includes(ownerOf(shard)));
    this.#reception.start();
    this.#missing.start();
  }

  /** The unit that has written a shard's estate last; `null`: none has. Rejects where nobody can be asked. */
  readonly writerOf = async (shard: ShardKey): Promise<string | null> => {
    const written = await this.keys.read(shard);
    return written && holderOf(written);
  };

  async take(shard: ShardKey, from: "given" | "dead", by: string | null): Promise<void> {
    const text = shardKeyText(shard);
    if (this.#given.delete(text)) this.#moves(shard).wake(shard.id);
    else if (!this.#mirror.has(shard)) await this.#takeUp(shard, from, by);
    this.#mirror.begin(shard);
  }

  async give(shard: ShardKey, to: string): Promise<void> {
    const { line: { bus }, self, log } = this.#options;
    const moves = this.#moves(shard);
    const parcel = new Parcel(bus, to, { shard, from: self, parcel: randomHex(8) });
    await parcel.begin();
    const rested = await moves.rest(shard.id);
    this.#mirror.end(shard);
    try {
      const estate = await this.#send(shard, rested, parcel);
      await parcel.end(encodeWritten(this.#written(estate, to)));
      if (!await this.keys.write(shard, estate, to)) throw isOthers(shard);
    } catch (error) {
      moves.wake(shard.id);
      this.#mirror.begin(shard);
      throw error;
    }
    this.#given.add(shardKeyText(shard));
    const { id: shardId, total: totalShards } = shard;
    log.debug("a shard is with another unit", { shardId, totalShards, to, bytes: parcel.bytes });
  }

  async lose(shard: ShardKey): Promise<void> {
    const { estates, aside } = this.#options;
    const wasGiven = this.#given.delete(shardKeyText(shard));
    this.#mirror.end(shard);
    this.#reception.drop(shard);
    // Closed before anybody is asked anything: another unit has it.
    await this.#options.poolOf(shard.total)?.moves.lose(shard.id, !wasGiven);
    estates.release(shard);
    // Whether anybody misses it, `Late` finds out.
    if (!wasGiven) await aside.put(shard);
  }

  /** Takes nothing any more, and writes down for others what is not. */
  async close(): Promise<void> {
    this.#late.stop();
    this.#reception.stop();
    this.#missing.stop();
    await this.#mirror.close();
  }

  async #takeUp(shard: ShardKey, from: "given" | "dead", by: string | null): Promise<void> {
    const { self, estates } = this.#options;
    const sent = this.#reception.take(shard);
    if (sent && from === "given") return estates.adopt(shard, sent.estate);
    const written = await this.keys.read(shard);
    const isOurs = written === null || written.stream !== estates.stream || written.unit === self;
    if (isOurs) return this.#goOn(shard, written, by);
    if (written.givenTo === self) {
      // Where it ran since, and nobody could be told, the own disk has the newest.
      const isNewer = (estates.of(shard).highest ?? -1) >= (written.estate.highest ?? 0);
      return isNewer ? undefined : estates.adopt(shard, written.estate);
    }
    await this.#inherit(shard, written.estate, holderOf(written));
  }

  /** Nobody else is known to have run it: what this unit's disk has of it is the newest. */
  async #goOn(shard: ShardKey, written: Written | null, by: string | null): Promise<void> {
    const { self, estates, clock } = this.#options;
    const isBack = written?.unit === self && written.stream === estates.stream;
    const hasOwn = estates.of(shard).highest !== null;
    if (hasOwn && (isBack || by === null || by === self)) return;
    // Its own disk was lost, or it was given away, and all that waited with it.
    if (isBack) return await this.#inherit(shard, written.estate, holderOf(written));
    if (by === null || by === self) return;
    // Whoever had it has given out cursors, and nobody knows which.
    estates.adopt(shard, { ...NO_ESTATE, highest: surelyAbove(clock.epochMs()) });
    await this.#clear(shard, NO_ESTATE, new Map());
  }

  /** A shard of a unit that is away: Discord is asked for what it has, the rest is told to be missing. */
  async #inherit(shard: ShardKey, written: Estate, unit: string): Promise<void> {
    const { estates, log, aside } = this.#options;
    const { estate, gaps, missing } = resumption(written, unit);
    if (missing) await this.#missing.add(shard, unit, missing);
    await aside.put(shard);
    await this.#clear(shard, estate, gaps);
    estates.adopt(shard, estate);
    if (!missing) return;
    const { id: shardId, total: totalShards } = shard;
    const event = "events of a shard are on the disk of a unit that is away, the bot is told";
    log.warn(event, { shardId, totalShards, unit, ...missing });
  }

  /** What an earlier time has left here of a shard is of no use; whoever lacks something is told. */
  async #clear(
    shard: ShardKey,
    { readers }: Pick<Estate, "readers">,
    gaps: ReadonlyMap<string | null, Gap>,
  ): Promise<void> {
    for (const reader of [null, ...Object.keys(readers)]) {
      const gap = gaps.get(reader);
      const records = gap ? encodeRecords([gapRecord(shard.id, gap)]) : new Uint8Array();
      await this.#moves(shard).putIn(shard.id, reader, records, true);
    }
  }

  /** Sends whatever waits; gives the estate with which the other goes on. */
  async #send(shard: ShardKey, rested: Rested, parcel: Parcel): Promise<Estate> {
    const moves = this.#moves(shard);
    const { readers, acknowledged, session } = rested;
    const done: [string | null, number][] = [[null, acknowledged], ...Object.entries(readers)];
    for (const [reader, from] of done) {
      let after = from;
      for (let isFirst = true;; isFirst = false) {
        const records = await moves.readOut(shard.id, reader, after, PIECE_BYTES);
        if (records.length === 0 && !isFirst) break;
        await parcel.records(reader, records, isFirst);
        if (records.length === 0) break;
        after = readRecords(records).at(-1)!.cursor;
      }
    }
    const estate = this.#options.estates.of(shard);
    const reached = session ? session.base + session.seq : 0;
    return {
      ...estate,
      ...rested,
      guilds: rested.guilds ?? estate.guilds,
      highest: estate.highest === null ? null : Math.max(estate.highest, reached),
    };
  }

  #written(estate: Estate, givenTo: string): Written {
    const { self, epoch, estates } = this.#options;
    return { unit: self, epoch: epoch(), stream: estates.stream, givenTo, estate };
  }

  #moves({ total }: ShardKey): WorkerPool["moves"] {
    const pool = this.#options.poolOf(total);
    if (pool) return pool.moves;
    throw new GatehouseError("no_shard", "host", `Cannot have a shard of ${total}: there are none`);
  }
}

/** The first moment of which {@linkcode surelyAbove} knows: 1 January 2025. */
const FIRST_MS = 1_735_689_600_000;
/** No shard gives out so many cursors in a second, for years on end. */
const CURSORS_PER_SECOND = 4_096;

/** A cursor above all that any shard has given out until now, by the sum of what it can. */
function surelyAbove(epochMs: number): number {
  return Math.floor(Math.max(0, epochMs - FIRST_MS) / 1_000) * CURSORS_PER_SECOND;
}

function isOthers(shard: ShardKey): GatehouseError {
  const text = `Cannot give shard ${shardKeyText(shard)} away: another unit has it`;
  return new GatehouseError("illegal_step", "host", text);
}

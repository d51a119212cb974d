/**
 * Which shards of ours are behind the seats that clients take. It stays as it is from one moment of a reshard
 * to the next, whatever was written down meanwhile: who takes events, and who acknowledges them, must mean the
 * same shards.
 *
 * @module
 */

import type { SeatShards } from "../../downstream/terms.ts";
import { type Seat, type ShardKey, type ShardKeyText, shardKeyText } from "../../protocol/ids.ts";
import type { Owners } from "../reshard/owners.ts";

/** Who serves what, as far as clients are concerned. */
export type SeatOwners = Pick<Owners, "total" | "totals" | "serving" | "serves" | "shardsOf">;

/** The seats of a unit. */
export class Seats implements SeatShards {
  readonly #runs: (shard: ShardKey) => boolean;
  readonly #whereIs: (shard: ShardKey) => string | null;
  #owners: SeatOwners;
  #serving: readonly ShardKey[];
  readonly #known = new Map<ShardKeyText, readonly ShardKey[] | null>();

  /**
   * @param runs Whether this unit runs a shard.
   * @param whereIs The unit that runs one which this one does not; `null`: none that is known.
   */
  constructor(
    owners: SeatOwners,
    runs: (shard: ShardKey) => boolean,
    whereIs: (shard: ShardKey) => string | null = () => null,
  ) {
    this.#owners = owners;
    this.#runs = runs;
    this.#whereIs = whereIs;
    this.#serving = owners.serving.filter(runs);
  }

  /** From now on it is as they say, with the shards that this unit runs now. */
  become(owners: SeatOwners): void {
    this.#owners = owners;
    this.#serving = owners.serving.filter(this.#runs);
    this.#known.clear();
  }

  /** How many shards we have; while guilds move to another total, how many there were. */
  get total(): number {
    return this.#owners.total;
  }

  /** That, and the total that guilds move to. */
  get totals(): readonly number[] {
    return this.#owners.totals;
  }

  /** Shards that serve, of those that this unit runs. */
  get serving(): readonly ShardKey[] {
    return this.#serving;
  }

  /** Whether this unit runs a shard. */
  runs(shard: ShardKey): boolean {
    return this.#runs(shard);
  }

  /** The unit that runs a shard which this one does not; `null`: none that is known. */
  whereIs(shard: ShardKey): string | null {
    return this.#whereIs(shard);
  }

  /** Whether a shard serves now, and here. */
  serves(shard: ShardKey): boolean {
    return this.#owners.serves(shard) && this.#runs(shard);
  }

  /**
   * The shards that have the guilds of a seat, and no others; or the one that it is a part of. `null` where it
   * would have some of several.
   */
  of(seat: ShardKey): readonly ShardKey[] | null {
    const key = shardKeyText(seat);
    let shards = this.#known.get(key);
    if (shards === undefined) this.#known.set(key, shards = this.#owners.shardsOf(seat));
    return shards;
  }

  /** Those shards as seats of the same name. */
  seatsOf(seat: Seat): readonly Seat[] {
    const { reader } = seat;
    return (this.of(seat) ?? []).map((own) => reader === undefined ? own : { ...own, reader });
  }

  /** Whether a seat is a shard of ours. */
  isOwn(seat: Seat): boolean {
    return this.of(seat)?.[0]?.total === seat.total;
  }

  /** Whether a seat is one part of a shard of ours. */
  isPart(seat: Seat): boolean {
    const total = this.of(seat)?.[0]?.total;
    return total !== undefined && seat.total > total;
  }
}

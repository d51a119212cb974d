/**
 * Which shard has a guild now. While guilds move to another total, shards of both serve: those of the total
 * that is left have the lots that were not handed over, those of the other the rest.
 *
 * @module
 */

import { calculateShardId, type ShardKey, shardRange } from "../../protocol/ids.ts";
import { greatestCommonDivisor } from "../../protocol/reshard.ts";

/** What is written down of who owns what. */
export interface Ownership {
  /** Number of shards when no move is under way; else of those that are left. */
  readonly total: number;
  /** To how many they go, and the rests of the lots that are there already. */
  readonly move: { readonly to: number; readonly moved: readonly number[] } | null;
}

/**
 * Owners at one moment: every guild has exactly one.
 *
 * @example
 * ```ts
 * import { Owners } from "./owners.ts";
 * const owners = new Owners({ total: 2, move: { to: 4, moved: [1] } });
 * const shard = owners.shardOf(3n << 22n);
 * console.assert(shard.id === 3 && shard.total === 4 && owners.total === 2);
 * console.assert(owners.serving.length === 3);
 * ```
 */
export class Owners {
  /** What the bot is told: the total that is left, until every lot has moved. */
  readonly total: number;
  /** The totals of which there are shards, that one first. */
  readonly totals: readonly number[];
  /** Shards whose events are served, by id. */
  readonly serving: readonly ShardKey[];
  readonly #owned: Ownership;
  readonly #lots: number;
  readonly #moved: ReadonlySet<number>;

  constructor(owned: Ownership) {
    const { total, move } = owned;
    this.#owned = owned;
    this.#moved = new Set(move?.moved);
    this.#lots = move ? greatestCommonDivisor(total, move.to) : total;
    this.total = total;
    this.totals = move && move.to !== total ? [total, move.to] : [total];
    this.serving = this.totals
      .flatMap((total) => shardRange(0, total - 1).map((id) => ({ total, id })))
      .filter(({ total, id }) => this.#totalOf(id % this.#lots) === total)
      .sort((one, other) => one.id - other.id || one.total - other.total);
  }

  /** The shard that has a guild; what is of no guild (an empty id) is of shard 0. */
  shardOf(guildId: string | bigint): ShardKey {
    const total = this.#totalOf(calculateShardId(guildId, this.#lots));
    return { total, id: calculateShardId(guildId, total) };
  }

  /**
   * The shards that have the guilds of a shard of any total, and no others; or the one of which that is a
   * part. `null` where it has some of several, or is none.
   */
  shardsOf({ total, id }: ShardKey): readonly ShardKey[] | null {
    if (total < 1 || id < 0 || id >= total) return null;
    const its = this.sharing({ total, id });
    const fit = its.every(({ total: own }) => own % total === 0 || total % own === 0);
    return fit ? its : null;
  }

  /** The shards that have guilds of a shard of any total, and perhaps others. */
  sharing({ total, id }: ShardKey): readonly ShardKey[] {
    const common = new Map(this.totals.map((own) => [own, greatestCommonDivisor(total, own)]));
    return this.serving.filter((shard) => {
      const lots = common.get(shard.total)!;
      return shard.id % lots === id % lots;
    });
  }

  /** Whether this one serves now. */
  serves(shard: ShardKey): boolean {
    return shard.id < shard.total && this.#totalOf(shard.id % this.#lots) === shard.total;
  }

  #totalOf(rest: number): number {
    const { total, move } = this.#owned;
    return move && this.#moved.has(rest) ? move.to : total;
  }
}

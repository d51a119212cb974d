/**
 * The generations of a unit: one, and while guilds move to another total two, with workers whose ids no other has.
 * What each is is in `../generation.ts`, when there is another in `reshard.ts`.
 *
 * @module
 */

import { greatestCommonDivisor } from "../../protocol/reshard.ts";
import type { World } from "../../ports/world.ts";
import { GatehouseError, messageOf } from "../../protocol/errors.ts";
import { type ShardKey, shardRange } from "../../protocol/ids.ts";
import type { PeerKey } from "../../protocol/peer.ts";
import type {
  DeafType,
  IntentsSnapshot,
  ShardDuty,
  ShardSnapshot,
  ShardState,
} from "../../protocol/status.ts";
import { dropQueues } from "../../store/queue_folders.ts";
import type { WorkerPool } from "../../workers/pool.ts";
import { Generation, type GenerationOptions } from "../generation.ts";
import { type Habits, loadHabits } from "../habits.ts";
import { Pools } from "./pools.ts";

/** What each generation gets from here. */
type Own =
  | "clusterOfShard"
  | "deleteQueue"
  | "firstWorkerId"
  | "habits"
  | "parentsOf"
  | "refusedBefore"
  | "totalShards";

/** What they are made with. */
export interface GenerationsOptions extends Omit<GenerationOptions, Own>, Pick<World, "store"> {
  /** Which cluster gets the events of each of these shards, which may come beside those of another total. */
  readonly clusterOfShards: (
    shardIds: readonly number[],
    before: Generation | null,
  ) => Readonly<Record<number, number>>;
  /** There are shards of this total, and these clusters get their events where they serve. */
  readonly planned: (total: number, clusterOfShard: Readonly<Record<number, number>>) => void;
}

/** The generations of a unit. */
export class Generations {
  /** All workers. */
  readonly pool: Pools;
  readonly #options: GenerationsOptions;
  #all: [Generation, ...Generation[]];
  #nextWorkerId = 0;

  /**
   * @param habits Of the total that serves what has not moved, and of the one that guilds move to, where they do.
   */
  constructor(
    options: GenerationsOptions,
    { total, move }: { readonly total: number; readonly move: { readonly to: number } | null },
    habits: readonly Habits[],
  ) {
    this.#options = options;
    this.pool = new Pools(() => this.#all);
    this.#all = [this.#create(total, options.shardIds, habits[0]!, null)];
    if (!move) return;
    const [before] = this.#all;
    this.#all.push(this.#create(move.to, shardRange(0, move.to - 1), habits[1]!, before));
  }

  /** The one first that serves what has not moved. */
  get all(): readonly [Generation, ...Generation[]] {
    return this.#all;
  }

  /** The shards of a total; `undefined`: there are none. */
  find(total: number): Generation | undefined {
    return this.#all.find((each) => each.total === total);
  }

  /**
   * The workers of a shard's total.
   *
   * @throws {GatehouseError} `refused` where there are none.
   */
  poolOf({ total }: ShardKey): WorkerPool {
    const pool = this.find(total)?.pool;
    if (pool) return pool;
    const totals = this.#all.map((each) => each.total).join(" and ");
    const text = `Cannot reach a shard of ${total} in total: this unit has ${totals}`;
    throw new GatehouseError("refused", "caller", text);
  }

  /** What has not moved is served by this total from now on. */
  putFirst(total: number): void {
    const isFirst = (each: Generation) => each.total === total;
    this.#all.sort((a, b) => Number(isFirst(b)) - Number(isFirst(a)));
  }

  /** Shards of another total, of which none runs yet. What was left of them is forgotten. */
  async add(total: number): Promise<Generation> {
    const { estates } = this.#options;
    const known = this.find(total);
    if (known) return known;
    // Also what has just begun: in the midst of a reshard each goes on from what is written down of itself.
    estates.forgetAll(total);
    await estates.saved();
    await this.#dropQueues((key) => key.total === total);
    const habits = await loadHabits({ ...this.#options, totalShards: total });
    const generation = this.#create(total, shardRange(0, total - 1), habits, this.#all[0]);
    this.#all.push(generation);
    return generation;
  }

  /** The shards of a total are no more: sessions that live are ended, what is left of them is forgotten. */
  async drop(total: number): Promise<void> {
    const { estates } = this.#options;
    const generation = this.find(total);
    if (!generation) return;
    const [first, ...others] = this.#all.filter((each) => each !== generation);
    if (!first) throw new Error(`Cannot drop the shards of ${total} in total: there are no others`);
    await generation.stop("end");
    this.pool.note(generation.pool);
    this.#all = [first, ...others];
    estates.forgetAll(total);
    await estates.saved();
    await this.#dropQueues((key) => key.total === total);
  }

  /** Ids of the shards that serve, in order: each is there once. */
  get servingIds(): number[] {
    return this.#all.flatMap(({ servingIds }) => servingIds).sort((a, b) => a - b);
  }

  /** All shards that live. */
  get shards(): ShardSnapshot[] {
    return this.#all.flatMap(({ shards }) => shards);
  }

  /** What a shard is for; `null`: it does not live. */
  dutyOf({ total, id }: ShardKey, state: ShardState): ShardDuty | null {
    return this.find(total)?.dutyOf(id, state) ?? null;
  }

  /** The intents that are wanted, and which of them are missing where. */
  get intents(): IntentsSnapshot {
    const all = this.#all.map(({ intents }) => intents);
    return { ...all[0]!, shards: all.flatMap(({ shards }) => shards).sort((a, b) => a - b) };
  }

  /** Types whose events have stopped while others flow. */
  get deafTypes(): DeafType[] {
    return this.#all.flatMap(({ deafTypes }) => deafTypes);
  }

  /** Interactions that were dropped because they waited longer than their token lives. */
  get expired(): number {
    const shards = this.#all.flatMap(({ pool }) => pool.shards);
    return shards.reduce((sum, { counters }) => sum + (counters?.expired ?? 0), 0);
  }

  /** Ends all workers; sessions live on. */
  async stop(): Promise<void> {
    await Promise.all(this.#all.map((each) => each.stop("keep")));
  }

  #create(
    total: number,
    shardIds: readonly number[],
    habits: Habits,
    before: Generation | null,
  ): Generation {
    const options = this.#options;
    const clusterOfShard = options.clusterOfShards(shardIds, before);
    options.planned(total, clusterOfShard);
    const generation = new Generation({
      ...options,
      totalShards: total,
      shardIds,
      clusterOfShard,
      firstWorkerId: this.#nextWorkerId,
      parentsOf: (shard) => this.#parentsOf(shard),
      deleteQueue: ({ id }) => this.#dropQueues((key) => key.total === total && key.id === id),
      refusedBefore: before?.refused ?? 0,
      // What is usual is written down of the total that serves what has not moved.
      habits: {
        ...habits,
        save: (known) => void (this.#all[0].total === total && habits.save(known)),
      },
      links: () => options.links().filter(({ peer }) => isOfTotal(peer, total)),
    });
    this.#nextWorkerId += generation.buckets.length;
    return generation;
  }

  /** The shards of the other total that have guilds of a shard. */
  #parentsOf({ total, id }: ShardKey): ShardKey[] {
    const others = this.#all.filter((each) => each.total !== total);
    return others.flatMap((other) => {
      const lots = greatestCommonDivisor(total, other.total);
      return shardRange(0, other.total - 1).filter((parent) => parent % lots === id % lots)
        .map((parent) => ({ total: other.total, id: parent }));
    });
  }

  async #dropQueues(isOver: (shard: ShardKey) => boolean): Promise<void> {
    const { queueDir, log } = this.#options;
    if (queueDir === null) return;
    await dropQueues(queueDir, isOver).catch((error) =>
      log.warn("events of shards that are over were not deleted", { error: messageOf(error) })
    );
  }
}

/** Whether shards of a total may have events for a peer. */
export function isOfTotal(peer: PeerKey, total: number): boolean {
  return peer.kind !== "consumer" || peer.shard.total === total;
}

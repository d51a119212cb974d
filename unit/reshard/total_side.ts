/**
 * The shards of one total as a handover moves guilds to them or from them: what is done to a shard's worker, and
 * to its estate with it.
 *
 * @module
 */

import type { ShardKey } from "../../protocol/ids.ts";
import type { Cuts, Held, ShardRole } from "../../protocol/reshard.ts";
import type { Estates } from "../../store/estates.ts";
import type { WorkerPool } from "../../workers/pool.ts";

/** What it works with. */
export interface TotalSideOptions {
  readonly total: number;
  readonly pool: Pick<WorkerPool, "bringUp" | "watch" | "hold" | "lift" | "serve" | "endShard">;
  readonly estates: Pick<Estates, "rise" | "forget" | "saved">;
  /** Shards of another total that have guilds of a shard now. */
  readonly parentsOf: (shard: ShardKey) => readonly ShardKey[];
  /** Deletes what is left of a shard on disk; no worker has it. */
  readonly deleteQueue: (shard: ShardKey) => Promise<void>;
  /** A shard is held back, or goes on (`false`). Default: nobody wants to know. */
  readonly heldBack?: (shard: ShardKey, isHeldBack: boolean) => void;
}

/** One side of a handover. */
export class TotalSide {
  readonly #options: TotalSideOptions;

  constructor(options: TotalSideOptions) {
    this.#options = options;
  }

  /** Brings a shard up, or goes on with one that is. One that rises has what its parents' estates say of it. */
  bringUp(shardId: number, role: ShardRole): void {
    const { estates, pool, parentsOf } = this.#options;
    const key = this.#key(shardId);
    if (role.kind === "rises") estates.rise(key, parentsOf(key));
    pool.bringUp(shardId, role);
  }

  /** A shard tells what it sees, or does so no more. */
  watch(shardId: number, isOn: boolean): void {
    this.#options.pool.watch(shardId, isOn);
  }

  /** A shard serves nothing that comes from now on, but keeps it. */
  hold(shardId: number): Promise<Held> {
    this.#options.heldBack?.(this.#key(shardId), true);
    return this.#options.pool.hold(shardId);
  }

  /** Resolves when all that a shard that rises has seen was told: to hold it changes nothing else. */
  async hear(shardId: number): Promise<void> {
    await this.#options.pool.hold(shardId);
  }

  /** A shard that was held goes on with what it kept. */
  lift(shardId: number): void {
    this.#options.heldBack?.(this.#key(shardId), false);
    this.#options.pool.lift(shardId);
  }

  /** A shard that rose serves what was not served before. */
  serve(shardId: number, cuts: Cuts): void {
    this.#options.pool.serve(shardId, cuts);
  }

  /** A shard is no more, whether it ran or not: its session, its queue, its estate. That is on disk then. */
  async endShard(shardId: number): Promise<void> {
    const { estates, pool, deleteQueue } = this.#options;
    await pool.endShard(shardId);
    estates.forget(this.#key(shardId));
    await estates.saved();
    await deleteQueue(this.#key(shardId));
  }

  #key(id: number): ShardKey {
    return { total: this.#options.total, id };
  }
}

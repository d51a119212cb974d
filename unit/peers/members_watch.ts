/**
 * Which clusters have all their members: those of whose shards each has all its chunks.
 *
 * @module
 */

import type { ShardKeyText } from "../../protocol/ids.ts";

/** The watch of one unit. A shard that fetches anew takes nothing back. */
export class MembersWatch {
  readonly #clusterOfShard: ReadonlyMap<ShardKeyText, number>;
  /** Cluster id → its shards that are not done. */
  readonly #missing = new Map<number, Set<ShardKeyText>>();

  /** @param clusterOfShard Shard → cluster id. */
  constructor(clusterOfShard: ReadonlyMap<ShardKeyText, number>) {
    this.#clusterOfShard = new Map(clusterOfShard);
    for (const [shard, clusterId] of clusterOfShard) {
      const shards = this.#missing.get(clusterId) ?? new Set();
      this.#missing.set(clusterId, shards.add(shard));
    }
  }

  /**
   * A shard has all its chunks; one that has said so before, or is nobody's, changes nothing.
   *
   * @returns The cluster that has all its members with that, perhaps 0; `null`: none.
   */
  cached(shard: ShardKeyText): number | null {
    const clusterId = this.#clusterOfShard.get(shard);
    if (clusterId === undefined || !this.#missing.get(clusterId)?.delete(shard)) return null;
    return this.isCached(clusterId) ? clusterId : null;
  }

  /** Whether a cluster has all its members. */
  isCached(clusterId: number): boolean {
    return this.#missing.get(clusterId)?.size === 0;
  }

  /** Whether every cluster has; without clusters there is nobody to have them. */
  get areAllCached(): boolean {
    return this.#missing.size > 0 && [...this.#missing.values()].every(({ size }) => size === 0);
  }
}

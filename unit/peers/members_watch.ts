/**
 * When to say that all members are cached: to a cluster once all of its shards have all their chunks,
 * to everybody once that holds for every cluster and all clusters have been ready.
 *
 * @module
 */

import type { ShardKeyText } from "../../protocol/ids.ts";

/** What is to be said. It may be cluster 0: do not ask whether there is an id. */
export type MembersEvent =
  | { readonly kind: "cluster"; readonly clusterId: number }
  | { readonly kind: "all" };

/** The watch of one unit. Each event is due once; a shard that fetches anew takes nothing back. */
export class MembersWatch {
  readonly #clusterOfShard: ReadonlyMap<ShardKeyText, number>;
  /** Cluster id → its shards that are not done. */
  readonly #missing = new Map<number, Set<ShardKeyText>>();
  readonly #hasClusters: boolean;
  #areReady = false;
  #isOver = false;

  /** @param clusterOfShard Shard → cluster id. Without clusters nothing is ever due. */
  constructor(clusterOfShard: ReadonlyMap<ShardKeyText, number>) {
    this.#clusterOfShard = new Map(clusterOfShard);
    this.#hasClusters = clusterOfShard.size > 0;
    for (const [shard, clusterId] of clusterOfShard) {
      const shards = this.#missing.get(clusterId) ?? new Set();
      this.#missing.set(clusterId, shards.add(shard));
    }
  }

  /** A shard has all its chunks; one that has said so before, or is nobody's, changes nothing. */
  cached(shard: ShardKeyText): MembersEvent[] {
    const clusterId = this.#clusterOfShard.get(shard);
    if (clusterId === undefined) return [];
    const missing = this.#missing.get(clusterId);
    missing?.delete(shard);
    if (missing?.size !== 0) return [];
    this.#missing.delete(clusterId);
    return [{ kind: "cluster", clusterId }, ...this.#final()];
  }

  /** All clusters are ready; the event for all comes after this, never before. */
  allClustersReady(): MembersEvent[] {
    this.#areReady = true;
    return this.#final();
  }

  #final(): MembersEvent[] {
    const isDue = this.#hasClusters && this.#areReady && this.#missing.size === 0 && !this.#isOver;
    if (!isDue) return [];
    this.#isOver = true;
    return [{ kind: "all" }];
  }
}

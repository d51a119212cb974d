/**
 * Which clusters have all their members: those of whose shards each has all its chunks.
 *
 * @module
 */

import type { ShardKeyText } from "../../protocol/ids.ts";

/** The watch of one unit. A shard that fetches anew takes nothing back, nor does one that comes later. */
export class MembersWatch {
  /** Of the shards that serve. */
  #clusterOfShard: ReadonlyMap<ShardKeyText, number> = new Map();
  /** Shards that have all their members, also those that do not serve. */
  readonly #cached = new Set<ShardKeyText>();
  /** Clusters of which that was said. */
  readonly #told = new Set<number>();

  /**
   * Other shards serve from now on.
   *
   * @param clusterOfShard Shard → cluster id.
   * @param heirs Those of them that come after shards that had all their members: the bot has them.
   */
  serve(
    clusterOfShard: ReadonlyMap<ShardKeyText, number>,
    heirs: readonly ShardKeyText[] = [],
  ): void {
    this.#clusterOfShard = new Map(clusterOfShard);
    for (const shard of heirs) this.#cached.add(shard);
  }

  /** A shard has all its chunks. */
  cached(shard: ShardKeyText): void {
    this.#cached.add(shard);
  }

  /** Whether a shard has. */
  has(shard: ShardKeyText): boolean {
    return this.#cached.has(shard);
  }

  /** The clusters that have all their members since they were asked for last: each once. */
  takeNews(): number[] {
    const open = new Set(
      [...this.#clusterOfShard].filter(([shard]) => !this.#cached.has(shard)).map(([, id]) => id),
    );
    const news = [...this.#clusters].filter((id) => !open.has(id) && !this.#told.has(id));
    for (const id of news) this.#told.add(id);
    return news;
  }

  /** Whether a cluster has all its members. */
  isCached(clusterId: number): boolean {
    return this.#told.has(clusterId);
  }

  /** The clusters that have not. */
  get uncached(): number[] {
    return [...this.#clusters].filter((id) => !this.#told.has(id));
  }

  /** Whether every cluster has; without clusters there is nobody to have them. */
  get areAllCached(): boolean {
    return this.#clusters.size > 0 && [...this.#clusters].every((id) => this.#told.has(id));
  }

  get #clusters(): ReadonlySet<number> {
    return new Set(this.#clusterOfShard.values());
  }
}

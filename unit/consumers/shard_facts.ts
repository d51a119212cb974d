/**
 * What Discord's READYs told of the bot, shard by shard: a consumer's own READY is made of it. It is
 * written down, since a session that is resumed is told nothing again.
 *
 * @module
 */

import type { ReadyFacts } from "../../protocol/discord/gateway_frame.ts";

/** What is written down. */
export interface SavedFacts {
  /** Which guilds a shard has depends on it. */
  readonly totalShards: number;
  /** By shard id. */
  readonly shards: Readonly<Record<string, ReadyFacts>>;
}

/** The facts of all shards of a unit. */
export class ShardFactsBook {
  readonly #totalShards: number;
  readonly #changed: () => void;
  readonly #known = new Map<number, ReadyFacts>();
  readonly #waiting = new Map<number, Set<(facts: ReadyFacts) => void>>();

  /** @param changed Called after each change that is worth writing down. */
  constructor(totalShards: number, changed: () => void) {
    this.#totalShards = totalShards;
    this.#changed = changed;
  }

  /** A READY came. */
  note(shardId: number, facts: ReadyFacts): void {
    this.#known.set(shardId, facts);
    for (const tell of this.#waiting.get(shardId) ?? []) tell(facts);
    this.#waiting.delete(shardId);
    this.#changed();
  }

  /** The facts of a shard, once they are known; rejects with the signal's reason when that is first. */
  of(shardId: number, signal: AbortSignal): Promise<ReadyFacts> {
    const known = this.#known.get(shardId);
    if (known) return Promise.resolve(known);
    return new Promise((resolve, reject) => {
      const waiting = this.#waiting.get(shardId) ?? new Set();
      this.#waiting.set(shardId, waiting.add(resolve));
      signal.addEventListener("abort", () => {
        waiting.delete(resolve);
        reject(signal.reason);
      }, { once: true });
    });
  }

  /** Everything, to be written down. */
  save(): SavedFacts {
    return { totalShards: this.#totalShards, shards: Object.fromEntries(this.#known) };
  }

  /** Takes over what an earlier life wrote down, unless it had another number of shards. */
  load(saved: unknown): void {
    const { totalShards, shards } = (saved ?? {}) as Partial<SavedFacts>;
    if (totalShards !== this.#totalShards || !shards) return;
    for (const [shardId, facts] of Object.entries(shards)) {
      if (Array.isArray(facts?.guildIds)) this.#known.set(Number(shardId), facts);
    }
  }
}

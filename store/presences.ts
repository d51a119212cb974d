/**
 * What the bot shows itself as, of all shards in one file: it may change on all of them every minute, and
 * guilds are long.
 *
 * @module
 */

import type { Store } from "../ports/store.ts";
import { isPresence, type Presence } from "../protocol/discord/presence.ts";
import { parseShardKey, type ShardKeyText, shardKeyText } from "../protocol/ids.ts";
import { isRecord } from "../protocol/record.ts";

/** Name of the file. */
const SAVED_AS = "presences";

/** The presences of a unit, also of shards that nobody runs now. */
export class Presences {
  readonly #store: Store;
  readonly #presences: Map<ShardKeyText, Presence>;
  #isSaved = true;

  /** @param presences Those that there are; by default none. */
  constructor(store: Store, presences: Iterable<readonly [ShardKeyText, Presence]> = []) {
    this.#store = store;
    this.#presences = new Map(presences);
  }

  /** Those that an earlier life wrote down; what is none is left out. */
  static async load(store: Store): Promise<Presences> {
    const saved = await store.load(SAVED_AS);
    const presences = new Map<ShardKeyText, Presence>();
    for (const [text, value] of Object.entries(isRecord(saved) ? saved : {})) {
      const key = parseShardKey(text);
      if (key && isPresence(value)) presences.set(shardKeyText(key), value);
    }
    return new Presences(store, presences);
  }

  /** What the bot has set on a shard; `null`: nothing. */
  of(key: ShardKeyText): Presence | null {
    return this.#presences.get(key) ?? null;
  }

  /** The bot has set one; `null`: none. */
  set(key: ShardKeyText, presence: Presence | null): void {
    if (this.of(key) === presence) return;
    if (presence) this.#presences.set(key, presence);
    else this.#presences.delete(key);
    this.#isSaved = false;
  }

  /** Writes them down where one has changed; rejects with what the store says, and tries again the next time. */
  async save(): Promise<void> {
    if (this.#isSaved) return;
    this.#isSaved = true;
    await this.#store.save(SAVED_AS, Object.fromEntries(this.#presences)).catch((error) => {
      this.#isSaved = false;
      throw error;
    });
  }
}

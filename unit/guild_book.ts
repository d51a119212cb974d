/**
 * The guilds of every shard's session, written down beside it: a session that is resumed gets no
 * READY, and without them a guild that loads could not be told from one that the bot joins.
 *
 * @module
 */

import { parseSavedGuilds } from "../intake/guild_loads.ts";
import type { Log } from "../ports/log.ts";
import type { Store } from "../ports/store.ts";
import { messageOf } from "../protocol/errors.ts";
import type { SavedGuilds } from "../protocol/discord/guild_note.ts";

/** The guilds of the shards of a unit. */
export class GuildBook {
  readonly #store: Store;
  readonly #log: Log;
  readonly #guilds = new Map<number, SavedGuilds>();

  constructor(store: Store, log: Log) {
    this.#store = store;
    this.#log = log;
  }

  /** Takes over what an earlier life wrote down of these shards. */
  async load(shardIds: readonly number[]): Promise<void> {
    await Promise.all(shardIds.map(async (shardId) => {
      const guilds = parseSavedGuilds(await this.#store.load(nameOf(shardId)));
      if (guilds) this.#guilds.set(shardId, guilds);
    }));
  }

  /** The guilds of a shard's session; `null` where they are not known. */
  of(shardId: number): SavedGuilds | null {
    return this.#guilds.get(shardId) ?? null;
  }

  /** A shard's guilds have changed. */
  keep(shardId: number, guilds: SavedGuilds): void {
    this.#guilds.set(shardId, guilds);
    this.#store.save(nameOf(shardId), guilds).catch((error) =>
      this.#log.error("guilds of a shard were not saved", { shardId, error: messageOf(error) })
    );
  }
}

/** One file per shard: a large bot has 50 KB of them, of which few change at a time. */
function nameOf(shardId: number): string {
  return `guilds-${shardId}`;
}

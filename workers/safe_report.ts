/**
 * What has become safe of the shards of a worker, collected and reported together.
 *
 * @module
 */

import type { Clock } from "../ports/clock.ts";
import type { SavedGuilds } from "../protocol/discord/guild_note.ts";
import type { SafeEvents } from "../protocol/estate.ts";

/** Safe cursors are reported together, this long after the first. */
export const SAFE_AFTER_MS = 100;

/** What is safe and not reported yet. */
export class SafeReport {
  readonly #clock: Clock;
  readonly #report: () => void;
  #shards: Record<string, SafeEvents> | null = null;

  /** @param report Called when it is time to {@linkcode SafeReport.take}. */
  constructor(clock: Clock, report: () => void) {
    this.#clock = clock;
    this.#report = report;
  }

  /** A cursor of a shard is safe. */
  note(how: "acknowledged" | "stored", shardId: number, cursor: number): void {
    if (!this.#shards) this.#clock.after(SAFE_AFTER_MS, this.#report);
    this.#shards ??= {};
    this.#shards[shardId] = { ...this.#shards[shardId], [how]: cursor };
  }

  /**
   * What has become safe since the last call; `null`: nothing.
   *
   * @param guildsOf The guilds of a shard as of what is safe now, where they have changed.
   */
  take(guildsOf: (shardId: number) => SavedGuilds | null): Record<string, SafeEvents> | null {
    const shards = this.#shards;
    this.#shards = null;
    for (const shardId in shards) {
      const guilds = guildsOf(Number(shardId));
      if (guilds) shards[shardId] = { ...shards[shardId], guilds };
    }
    return shards;
  }
}

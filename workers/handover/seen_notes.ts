/**
 * What comes on the shards of a worker while somebody watches it, in short: the main thread compares what two
 * sessions with Discord have seen.
 *
 * @module
 */

import { textField } from "../../protocol/discord/body.ts";
import type { Cancel, Clock } from "../../ports/clock.ts";
import type { Seen } from "../../protocol/reshard.ts";
import type { FromWorker } from "../../protocol/worker_message.ts";

/** What comes within so long is told together. */
export const SEEN_AFTER_MS = 50;

/** What makes a dispatch the same on two sessions. */
export type IdentityOf = (t: string, payload: Uint8Array) => Pick<Seen, "guildId" | "key">;

/** Whom the notes are told, and by what. */
export interface SeenNotesOptions {
  readonly clock: Clock;
  readonly identityOf: IdentityOf;
  readonly post: (message: Extract<FromWorker, { type: "SEEN" }>) => void;
}

/** The notes of one worker. A dispatch of a shard that nobody watches is not looked at. */
export class SeenNotes {
  readonly #options: SeenNotesOptions;
  /** Shards that are watched, and what has come and is not told yet. */
  readonly #watched = new Map<number, Seen[]>();
  #cancelFlush: Cancel | null = null;

  constructor(options: SeenNotesOptions) {
    this.#options = options;
  }

  /** Tells what comes on a shard from here on, or does so no more: what has come is told first. */
  watch(shardId: number, isOn: boolean): void {
    if (isOn) return void this.#watched.set(shardId, this.#watched.get(shardId) ?? []);
    this.flush(shardId);
    this.#watched.delete(shardId);
  }

  /** A dispatch of a shard came, be it again. */
  see(shardId: number, cursor: number, t: string, payload: Uint8Array): void {
    const seen = this.#watched.size > 0 ? this.#watched.get(shardId) : undefined;
    if (!seen) return;
    const { clock } = this.#options;
    seen.push({ cursor, ...this.#identity(t, payload), atMs: clock.epochMs() });
    this.#cancelFlush ??= clock.after(SEEN_AFTER_MS, () => this.#flushAll());
  }

  /** Tells at once what has come on a shard. */
  flush(shardId: number): void {
    const seen = this.#watched.get(shardId);
    if (!seen?.length) return;
    this.#watched.set(shardId, []);
    this.#options.post({ type: "SEEN", shardId, seen });
  }

  #flushAll(): void {
    this.#cancelFlush = null;
    for (const shardId of this.#watched.keys()) this.flush(shardId);
  }

  /** Of what cannot be read nobody can say what it is the same as. */
  #identity(t: string, payload: Uint8Array): Pick<Seen, "guildId" | "key"> {
    try {
      // It is its session's own, and too large to be read for that.
      if (t === "GUILD_LOADED_DD") return { guildId: textField(payload, "id") ?? "", key: null };
      return this.#options.identityOf(t, payload);
    } catch (error) {
      if (error instanceof SyntaxError) return { guildId: "", key: null };
      throw error;
    }
  }
}

/**
 * Shards that do not become ready: they try, or wait, and nothing in the log at its usual level would
 * say so.
 *
 * @module
 */

import { shardNames } from "../protocol/ids.ts";
import type { ShardSnapshot } from "../protocol/status.ts";

/** A shard that takes longer is told of, and so is a unit in which none becomes ready for so long. */
export const UNREADY_AFTER_MS = 60_000;
/** It is told again after this long. */
export const TELL_AGAIN_MS = 600_000;

/** What is to be told. */
export interface Unready {
  /** `shard 7`, or `shards 0-3, 7`: those that wait for the same as the first of all. */
  readonly shards: string;
  /** Their state, and why they are in it. */
  readonly waitsFor: string;
  /** How long the first one has not been ready. */
  readonly forMs: number;
  /** Others that are not ready either, and wait for something else. */
  readonly others: number;
}

type Shard = Pick<ShardSnapshot, "shardId" | "state" | "reason">;

/** What is known of the shards that are not ready. */
export class UnreadyWatch {
  readonly #waiting = new Map<number, { readonly sinceMs: number; triedMs: number }>();
  #readyMs: number;
  #lookedMs: number;
  #toldMs = -Infinity;

  /** @param nowMs When the shards began. */
  constructor(nowMs: number) {
    this.#readyMs = nowMs;
    this.#lookedMs = nowMs;
  }

  /**
   * Looks at all shards, about once a second; gives what is to be told now, if anything.
   *
   * The time in which a shard waits for its turn to identify does not count while others become ready;
   * one that is stopped has been told of.
   */
  look(nowMs: number, shards: readonly Shard[]): Unready | null {
    // One that has gone to another unit, and comes back, begins anew.
    const there = new Set(shards.map(({ shardId }) => shardId));
    for (const id of this.#waiting.keys()) if (!there.has(id)) this.#waiting.delete(id);
    for (const { shardId, state } of shards) this.#note(nowMs, shardId, state);
    this.#lookedMs = nowMs;
    const isStanding = nowMs - this.#readyMs >= UNREADY_AFTER_MS;
    const late = shards.filter(({ shardId }) => {
      const waiting = this.#waiting.get(shardId);
      if (!waiting) return false;
      return (isStanding ? nowMs - waiting.sinceMs : waiting.triedMs) >= UNREADY_AFTER_MS;
    }).sort((a, b) => this.#sinceMs(a) - this.#sinceMs(b));
    const [first] = late;
    if (!first || nowMs - this.#toldMs < TELL_AGAIN_MS) return null;
    this.#toldMs = nowMs;
    const same = late.filter(({ state, reason }) =>
      state === first.state && reason === first.reason
    );
    return {
      shards: shardNames(same.map(({ shardId }) => shardId)),
      waitsFor: `${first.state}: ${first.reason}`,
      forMs: nowMs - this.#sinceMs(first),
      others: late.length - same.length,
    };
  }

  #note(nowMs: number, shardId: number, state: Shard["state"]): void {
    if (state === "ready" || state === "stopped") {
      const hasCome = this.#waiting.delete(shardId) && state === "ready";
      if (hasCome) this.#readyMs = nowMs;
      return;
    }
    const waiting = this.#waiting.get(shardId) ?? { sinceMs: nowMs, triedMs: 0 };
    if (state !== "queued" && state !== "idle") waiting.triedMs += nowMs - this.#lookedMs;
    this.#waiting.set(shardId, waiting);
  }

  #sinceMs({ shardId }: Shard): number {
    return this.#waiting.get(shardId)?.sinceMs ?? Infinity;
  }
}

/**
 * Who may identify when: the one authority of the unit. Every identify of every worker passes here,
 * at a cold start as after a mass invalidation; a RESUME never does.
 *
 * - One identify per key (`shard_id % max_concurrency`) per 5 s, counted from the moment IDENTIFY
 *   is reported as sent.
 * - Shards start in the order that Discord asks for: those of a lower group (`shard_id /
 *   max_concurrency`) first.
 * - A permit that is not used comes back when its shard gives it up, when its worker dies, or when
 *   it expires; since IDENTIFY may have been sent unreported, its key then waits as if it had been.
 * - The daily reserve is never touched, unless forced.
 *
 * Follows [Discord Docs/Rate Limiting](https://discord.com/developers/docs/events/gateway#sharding-max-concurrency).
 *
 * @module
 */

import { identifyKey, type ShardKey, type ShardKeyText, shardKeyText } from "../../protocol/ids.ts";
import type { IdentifyHold, IdentifySnapshot } from "../../protocol/status.ts";
import type { Cancel, Clock } from "../../ports/clock.ts";
import type { Allow, IdentifyGate } from "../../ports/identify_gate.ts";
import { budgetWaitMs, type IdentifyBudget, refilled, spend } from "./budget.ts";

/** Added to the spacing: an IDENTIFY may travel faster than the one before it. */
export const IDENTIFY_SLACK_MS = 200;
/** A permit that was neither used nor returned by then is void. */
export const PERMIT_EXPIRES_MS = 45_000;

/** What the queue is told at the start. */
export interface IdentifyQueueOptions {
  readonly clock: Clock;
  readonly maxConcurrency: number;
  /** Spacing within a key, `SPAWN_SHARD_DELAY_MS`. Default 5000. */
  readonly spacingMs?: number;
  readonly budget: IdentifyBudget;
  /** Identifies that are kept back. */
  readonly reserve: number;
  /** When each key was last used, ms since the Unix epoch, from an earlier life of the unit. */
  readonly lastSentAtMs?: Readonly<Record<string, number>>;
  readonly allow: Allow;
  /** Called after each identify with what has to survive a restart. */
  readonly spent: (saved: SavedIdentifies) => void;
  /** Called when the reserve begins to hold shards back, and with `null` when it does so no more. */
  readonly held?: (hold: IdentifyHold | null) => void;
}

/** What survives a restart. */
export interface SavedIdentifies {
  readonly budget: IdentifyBudget;
  /** Key → when it was last used, ms since the Unix epoch. */
  readonly lastSentAtMs: Readonly<Record<string, number>>;
}

interface Permit {
  readonly shard: ShardKey;
  readonly number: number;
  readonly cancelExpiry: Cancel;
}

/** The identify queue of a unit. */
export class IdentifyQueue implements IdentifyGate {
  readonly #options: IdentifyQueueOptions;
  readonly #spacingMs: number;
  readonly #waiting = new Map<ShardKeyText, ShardKey>();
  /** Shards that are about to ask: nobody of a later group goes before them. */
  readonly #expected = new Map<ShardKeyText, ShardKey>();
  readonly #permits = new Map<ShardKeyText, Permit>();
  /** Key → from when on it is free, by the monotonic clock. */
  readonly #freeAtMs = new Map<number, number>();
  readonly #lastSentAtMs: Record<string, number>;
  #budget: IdentifyBudget;
  #permitNumber = 0;
  #isHeld = false;
  #stopped = false;
  #cancelTimer: Cancel = () => {};

  constructor(options: IdentifyQueueOptions) {
    this.#options = options;
    this.#spacingMs = (options.spacingMs ?? 5000) + IDENTIFY_SLACK_MS;
    this.#budget = options.budget;
    this.#lastSentAtMs = { ...options.lastSentAtMs };
    const { clock } = options;
    for (const [key, atMs] of Object.entries(this.#lastSentAtMs)) {
      const agoMs = Math.max(0, clock.epochMs() - atMs);
      this.#freeAtMs.set(Number(key), clock.now() + this.#spacingMs - agoMs);
    }
  }

  /** These shards are about to ask: they come up in a worker that is starting. */
  expect(shards: readonly ShardKey[]): void {
    for (const shard of shards) this.#expected.set(shardKeyText(shard), shard);
  }

  /** A shard wants to identify. Asking twice is asking once. */
  request(shard: ShardKey): void {
    if (this.#stopped) return;
    this.#void(shard);
    this.#expected.delete(shardKeyText(shard));
    this.#waiting.set(shardKeyText(shard), shard);
    this.#serve();
  }

  /** A shard has sent IDENTIFY with this permit. */
  sent(shard: ShardKey, permit: number): void {
    if (this.#permits.get(shardKeyText(shard))?.number === permit) this.#take(shard);
    this.#spend(shard);
    this.#serve();
  }

  /** A shard does not want to identify any more: it is taken off the queue, its permit comes back. */
  release(shard: ShardKey): void {
    this.#forget(shard);
    this.#take(shard);
    this.#serve();
  }

  /** The worker of these shards died: what they held is void, what they asked for is forgotten. */
  lost(shards: readonly ShardKey[]): void {
    for (const shard of shards) {
      this.#forget(shard);
      this.#void(shard);
    }
    this.#serve();
  }

  /** Grants nothing any more. */
  stop(): void {
    this.#stopped = true;
    this.#cancelTimer();
    this.#expected.clear();
    this.#waiting.clear();
    for (const { shard } of [...this.#permits.values()]) this.#take(shard);
  }

  /** How things stand. */
  get snapshot(): IdentifySnapshot {
    const { clock, maxConcurrency, reserve } = this.#options;
    const nowMs = clock.epochMs();
    const { total, remaining, resetAtMs } = refilled(this.#budget, nowMs);
    const waitMs = this.#waitMs();
    return {
      maxConcurrency,
      waiting: this.#waiting.size,
      remaining,
      total,
      reserve,
      resetAfterMs: Math.max(0, resetAtMs - nowMs),
      nextSlotMs: Number.isFinite(waitMs) ? waitMs : 0,
      held: this.#hold(),
    };
  }

  #serve(): void {
    this.#cancelTimer();
    for (let shard; (shard = this.#next()) !== undefined;) this.#grant(shard);
    const waitMs = this.#waitMs();
    if (Number.isFinite(waitMs)) {
      this.#cancelTimer = this.#options.clock.after(waitMs, () => this.#serve());
    }
    const hold = this.#hold();
    if ((hold !== null) === this.#isHeld || this.#stopped) return;
    this.#isHeld = hold !== null;
    this.#options.held?.(hold);
  }

  #hold(): IdentifyHold | null {
    if (this.#waiting.size === 0 || this.#budgetMs() === 0) return null;
    const { total, resetAtMs } = this.#budget;
    return { untilMs: total > this.#options.reserve ? resetAtMs : null };
  }

  /** Time until the reserve allows one more than those that are on their way. */
  #budgetMs(): number {
    const { clock, reserve } = this.#options;
    return budgetWaitMs(this.#budget, reserve + this.#permits.size, clock.epochMs());
  }

  /** Who may go now: of the lowest group that is not done, with a key that is free. */
  #next(): ShardKey | undefined {
    if (this.#budgetMs() > 0) return;
    const nowMs = this.#options.clock.now();
    return this.#candidates().find((shard) => this.#freeAt(shard) <= nowMs);
  }

  /** Shards of the lowest group that waits, unless one of a lower group is on its way or expected. */
  #candidates(): ShardKey[] {
    const group = ({ id }: ShardKey) => Math.floor(id / this.#options.maxConcurrency);
    const held = [...this.#permits.values()].map(({ shard }) => shard);
    const waiting = [...this.#waiting.values()];
    const lowest = Math.min(...[...waiting, ...held, ...this.#expected.values()].map(group));
    const heldKeys = new Set(held.map((shard) => this.#keyOf(shard)));
    return waiting.filter((shard) => group(shard) === lowest && !heldKeys.has(this.#keyOf(shard)))
      .sort((a, b) => a.id - b.id || a.total - b.total);
  }

  /** Time until somebody may go; infinite when nobody waits, or only for a permit to come back. */
  #waitMs(): number {
    const candidates = this.#candidates();
    if (candidates.length === 0) return Infinity;
    const freeAtMs = Math.min(...candidates.map((shard) => this.#freeAt(shard)));
    return Math.max(0, freeAtMs - this.#options.clock.now(), this.#budgetMs());
  }

  #grant(shard: ShardKey): void {
    this.#waiting.delete(shardKeyText(shard));
    const number = ++this.#permitNumber;
    const cancelExpiry = this.#options.clock.after(PERMIT_EXPIRES_MS, () => {
      this.#void(shard);
      this.#serve();
    });
    this.#permits.set(shardKeyText(shard), { shard, number, cancelExpiry });
    this.#options.allow(shard, number);
  }

  #forget(shard: ShardKey): void {
    this.#expected.delete(shardKeyText(shard));
    this.#waiting.delete(shardKeyText(shard));
  }

  /** Takes a permit back unused. */
  #take(shard: ShardKey): void {
    this.#permits.get(shardKeyText(shard))?.cancelExpiry();
    this.#permits.delete(shardKeyText(shard));
  }

  /** Takes back a permit of which nobody knows whether it was used: it counts as used now. */
  #void(shard: ShardKey): void {
    if (!this.#permits.has(shardKeyText(shard))) return;
    this.#take(shard);
    this.#spend(shard);
  }

  #spend(shard: ShardKey): void {
    const { clock, spent } = this.#options;
    const key = this.#keyOf(shard);
    this.#freeAtMs.set(key, clock.now() + this.#spacingMs);
    this.#lastSentAtMs[key] = clock.epochMs();
    this.#budget = spend(this.#budget, clock.epochMs());
    spent({ budget: this.#budget, lastSentAtMs: { ...this.#lastSentAtMs } });
  }

  #freeAt(shard: ShardKey): number {
    return this.#freeAtMs.get(this.#keyOf(shard)) ?? -Infinity;
  }

  #keyOf({ id }: ShardKey): number {
    return identifyKey(id, this.#options.maxConcurrency);
  }
}

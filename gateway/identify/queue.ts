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

import { identifyKey } from "../../protocol/ids.ts";
import type { IdentifySnapshot } from "../../protocol/status.ts";
import type { Cancel, Clock } from "../../ports/clock.ts";
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
  /** When each key was last used, in wall-clock ms, from an earlier life of the unit. */
  readonly lastSentAtMs?: Readonly<Record<string, number>>;
  /** Tells a shard that it may identify. */
  readonly allow: (shardId: number, permit: number) => void;
  /** Called after each identify with what has to survive a restart. */
  readonly spent: (saved: SavedIdentifies) => void;
}

/** What survives a restart. */
export interface SavedIdentifies {
  readonly budget: IdentifyBudget;
  /** Key → when it was last used, in wall-clock ms. */
  readonly lastSentAtMs: Readonly<Record<string, number>>;
}

interface Permit {
  readonly number: number;
  readonly cancelExpiry: Cancel;
}

/** The identify queue of a unit. */
export class IdentifyQueue {
  readonly #options: IdentifyQueueOptions;
  readonly #spacingMs: number;
  readonly #waiting = new Set<number>();
  /** Shards that are about to ask: nobody of a later group goes before them. */
  readonly #expected = new Set<number>();
  readonly #permits = new Map<number, Permit>();
  /** Key → from when on it is free, by the monotonic clock. */
  readonly #freeAtMs = new Map<number, number>();
  readonly #lastSentAtMs: Record<string, number>;
  #budget: IdentifyBudget;
  #permitNumber = 0;
  #stopped = false;
  #cancelTimer: Cancel = () => {};

  constructor(options: IdentifyQueueOptions) {
    this.#options = options;
    this.#spacingMs = (options.spacingMs ?? 5000) + IDENTIFY_SLACK_MS;
    this.#budget = options.budget;
    this.#lastSentAtMs = { ...options.lastSentAtMs };
    const { clock } = options;
    for (const [key, atMs] of Object.entries(this.#lastSentAtMs)) {
      const agoMs = Math.max(0, clock.wallMs() - atMs);
      this.#freeAtMs.set(Number(key), clock.now() + this.#spacingMs - agoMs);
    }
  }

  /** These shards are about to ask: they come up in a worker that is starting. */
  expect(shardIds: readonly number[]): void {
    for (const shardId of shardIds) this.#expected.add(shardId);
  }

  /** A shard wants to identify. Asking twice is asking once. */
  request(shardId: number): void {
    if (this.#stopped) return;
    if (this.#permits.has(shardId)) this.#void(shardId);
    this.#expected.delete(shardId);
    this.#waiting.add(shardId);
    this.#serve();
  }

  /** A shard has sent IDENTIFY with this permit. */
  sent(shardId: number, permit: number): void {
    if (this.#permits.get(shardId)?.number === permit) this.#take(shardId);
    this.#spend(shardId);
    this.#serve();
  }

  /** A shard does not want to identify any more: it is taken off the queue, its permit comes back. */
  release(shardId: number): void {
    this.#expected.delete(shardId);
    this.#waiting.delete(shardId);
    this.#take(shardId);
    this.#serve();
  }

  /** The worker of these shards died: what they held is void, what they asked for is forgotten. */
  lost(shardIds: readonly number[]): void {
    for (const shardId of shardIds) {
      this.#expected.delete(shardId);
      this.#waiting.delete(shardId);
      this.#void(shardId);
    }
    this.#serve();
  }

  /** Grants nothing any more. */
  stop(): void {
    this.#stopped = true;
    this.#cancelTimer();
    this.#expected.clear();
    this.#waiting.clear();
    for (const shardId of [...this.#permits.keys()]) this.#take(shardId);
  }

  /** How things stand. */
  get snapshot(): IdentifySnapshot {
    const { clock, maxConcurrency, reserve } = this.#options;
    const nowMs = clock.wallMs();
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
    };
  }

  #serve(): void {
    this.#cancelTimer();
    for (const shardId of this.#eligible()) this.#grant(shardId);
    const waitMs = this.#waitMs();
    if (Number.isFinite(waitMs)) {
      this.#cancelTimer = this.#options.clock.after(waitMs, () => this.#serve());
    }
  }

  /** Who may go now: the lowest group that is not done, one shard per free key. */
  #eligible(): number[] {
    const { clock, reserve } = this.#options;
    if (budgetWaitMs(this.#budget, reserve + this.#permits.size, clock.wallMs()) > 0) return [];
    const { remaining } = refilled(this.#budget, clock.wallMs());
    const nowMs = clock.now();
    return this.#candidates().filter((shardId) => this.#freeAt(shardId) <= nowMs)
      .slice(0, remaining - reserve - this.#permits.size);
  }

  /** Shards of the lowest group that waits, unless one of a lower group is on its way or expected. */
  #candidates(): number[] {
    const group = (shardId: number) => Math.floor(shardId / this.#options.maxConcurrency);
    const lowest = Math.min(...this.#waiting, ...this.#permits.keys(), ...this.#expected);
    return [...this.#waiting].filter((shardId) => group(shardId) === group(lowest))
      .filter((shardId) => !this.#keyIsHeld(shardId)).sort((a, b) => a - b);
  }

  /** Time until somebody may go; infinite when nobody waits, or only for a permit to come back. */
  #waitMs(): number {
    const { clock, reserve } = this.#options;
    const candidates = this.#candidates();
    if (candidates.length === 0) return Infinity;
    const keyWaitMs = Math.min(...candidates.map((id) => this.#freeAt(id))) - clock.now();
    const budgetMs = budgetWaitMs(this.#budget, reserve + this.#permits.size, clock.wallMs());
    return Math.max(0, keyWaitMs, budgetMs);
  }

  #grant(shardId: number): void {
    this.#waiting.delete(shardId);
    const number = ++this.#permitNumber;
    const cancelExpiry = this.#options.clock.after(PERMIT_EXPIRES_MS, () => {
      this.#void(shardId);
      this.#serve();
    });
    this.#permits.set(shardId, { number, cancelExpiry });
    this.#options.allow(shardId, number);
  }

  /** Takes a permit back unused. */
  #take(shardId: number): void {
    this.#permits.get(shardId)?.cancelExpiry();
    this.#permits.delete(shardId);
  }

  /** Takes back a permit of which nobody knows whether it was used: it counts as used now. */
  #void(shardId: number): void {
    if (!this.#permits.has(shardId)) return;
    this.#take(shardId);
    this.#spend(shardId);
  }

  #spend(shardId: number): void {
    const { clock, maxConcurrency, spent } = this.#options;
    const key = identifyKey(shardId, maxConcurrency);
    this.#freeAtMs.set(key, clock.now() + this.#spacingMs);
    this.#lastSentAtMs[key] = clock.wallMs();
    this.#budget = spend(this.#budget, clock.wallMs());
    spent({ budget: this.#budget, lastSentAtMs: { ...this.#lastSentAtMs } });
  }

  #freeAt(shardId: number): number {
    return this.#freeAtMs.get(identifyKey(shardId, this.#options.maxConcurrency)) ?? -Infinity;
  }

  #keyIsHeld(shardId: number): boolean {
    const { maxConcurrency } = this.#options;
    const key = identifyKey(shardId, maxConcurrency);
    return [...this.#permits.keys()].some((held) => identifyKey(held, maxConcurrency) === key);
  }
}

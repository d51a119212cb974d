/**
 * Who may identify when: the one authority of a unit, or of a fleet. Every identify of every worker passes
 * here, at a cold start as after a mass invalidation; a RESUME never does.
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

import { identifyKey, type ShardKey, shardKeyText } from "../../protocol/ids.ts";
import type { IdentifyHold, IdentifySnapshot } from "../../protocol/status.ts";
import type { Cancel, Clock } from "../../ports/clock.ts";
import type { IdentifyGate } from "../../ports/identify_gate.ts";
import { budgetWaitMs, type IdentifyBudget, lower, refilled, spend } from "./budget.ts";

/** Added to the spacing: an IDENTIFY may travel faster than the one before it. */
export const IDENTIFY_SLACK_MS = 200;
/** A permit that was neither used nor returned by then is void. */
export const PERMIT_EXPIRES_MS = 45_000;

/** What the queue is told at the start. */
export interface IdentifyQueueOptions<Who extends ShardKey = ShardKey> {
  readonly clock: Clock;
  readonly maxConcurrency: number;
  /** Spacing within a key, `SPAWN_SHARD_DELAY_MS`. Default 5000. */
  readonly spacingMs?: number;
  readonly budget: IdentifyBudget;
  /** Identifies that are kept back. */
  readonly reserve: number;
  /** When each key was last used, ms since the Unix epoch, from an earlier life of the unit. */
  readonly lastSentAtMs?: Readonly<Record<string, number>>;
  readonly allow: (who: Who, permit: number) => void;
  /** What tells those who ask from each other. Default: the shard, of which there is one. */
  readonly nameOf?: (who: Who) => string;
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

/** A permit that is out. */
export interface Permit<Who> {
  readonly shard: Who;
  readonly number: number;
  /** When it was given, by the monotonic clock. */
  readonly atMs: number;
  readonly cancelExpiry: Cancel;
}

/** The identify queue of a unit; of a fleet it is that of whoever leads. */
export class IdentifyQueue<Who extends ShardKey = ShardKey> implements IdentifyGate {
  readonly #options: IdentifyQueueOptions<Who>;
  readonly #nameOf: (who: Who) => string;
  readonly #spacingMs: number;
  readonly #waiting = new Map<string, Who>();
  /** Shards that are about to ask: nobody of a later group goes before them. */
  readonly #expected = new Map<string, Who>();
  readonly #permits = new Map<string, Permit<Who>>();
  /** Key → from when on it is free, by the monotonic clock. */
  readonly #freeAtMs = new Map<number, number>();
  readonly #lastSentAtMs: Record<string, number>;
  #budget: IdentifyBudget;
  #permitNumber = 0;
  #isHeld = false;
  #isBusy = false;
  #stopped = false;
  #cancelTimer: Cancel = () => {};

  constructor(options: IdentifyQueueOptions<Who>) {
    this.#options = options;
    this.#nameOf = options.nameOf ?? shardKeyText;
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
  expect(shards: readonly Who[]): void {
    for (const shard of shards) this.#expected.set(this.#nameOf(shard), shard);
  }

  /** A shard wants to identify. Asking twice is asking once. */
  request(shard: Who): void {
    if (this.#stopped) return;
    this.#void(shard);
    this.#expected.delete(this.#nameOf(shard));
    this.#waiting.set(this.#nameOf(shard), shard);
    this.#serve();
  }

  /** A shard has sent IDENTIFY with this permit. */
  sent(shard: Who, permit: number): void {
    if (this.#permits.get(this.#nameOf(shard))?.number === permit) this.#take(shard);
    this.#spend(shard);
    this.#serve();
  }

  /** A shard does not want to identify any more: it is taken off the queue, its permit comes back. */
  release(shard: Who): void {
    this.#forget(shard);
    this.#take(shard);
    this.#serve();
  }

  /** The worker of these shards died: what they held is void, what they asked for is forgotten. */
  lost(shards: readonly Who[]): void {
    for (const shard of shards) {
      this.#forget(shard);
      this.#void(shard);
    }
    this.#serve();
  }

  /** A permit of this one's is out that somebody else has given: its key is taken until it comes back. */
  adopt(shard: Who): void {
    this.#take(shard);
    this.#hold(shard);
  }

  /** What else is known of the day's identifies: where there are fewer, that is what holds. */
  know(budget: IdentifyBudget): void {
    this.#budget = lower(this.#budget, budget, this.#options.clock.epochMs());
    this.#serve();
  }

  /** Nobody is allowed before all of `change` is done. */
  together(change: () => void): void {
    this.#isBusy = true;
    try {
      change();
    } finally {
      this.#isBusy = false;
    }
    this.#serve();
  }

  /** The budget at this moment; permits that are out may have cost it more. */
  get budget(): IdentifyBudget {
    return refilled(this.#budget, this.#options.clock.epochMs());
  }

  /** Permits that are out, by the names of those who have them. */
  get permits(): ReadonlyMap<string, Permit<Who>> {
    return this.#permits;
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
      held: this.#holdBack(),
    };
  }

  #serve(): void {
    if (this.#isBusy) return;
    this.#cancelTimer();
    for (let shard; (shard = this.#next()) !== undefined;) this.#grant(shard);
    const waitMs = this.#waitMs();
    if (Number.isFinite(waitMs)) {
      this.#cancelTimer = this.#options.clock.after(waitMs, () => this.#serve());
    }
    const hold = this.#holdBack();
    if ((hold !== null) === this.#isHeld || this.#stopped) return;
    this.#isHeld = hold !== null;
    this.#options.held?.(hold);
  }

  #holdBack(): IdentifyHold | null {
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
  #next(): Who | undefined {
    if (this.#budgetMs() > 0) return;
    const nowMs = this.#options.clock.now();
    return this.#candidates().find((shard) => this.#freeAt(shard) <= nowMs);
  }

  /** Shards of the lowest group that waits, unless one of a lower group is on its way or expected. */
  #candidates(): Who[] {
    const group = ({ id }: ShardKey) => Math.floor(id / this.#options.maxConcurrency);
    const held = [...this.#permits.values()].map(({ shard }) => shard);
    let lowest = Infinity;
    for (const shards of [held, this.#waiting.values(), this.#expected.values()]) {
      for (const shard of shards) lowest = Math.min(lowest, group(shard));
    }
    const heldKeys = new Set(held.map((shard) => this.#keyOf(shard)));
    const candidates: Who[] = [];
    for (const shard of this.#waiting.values()) {
      if (group(shard) === lowest && !heldKeys.has(this.#keyOf(shard))) candidates.push(shard);
    }
    return candidates.sort((a, b) => a.id - b.id || a.total - b.total);
  }

  /** Time until somebody may go; infinite when nobody waits, or only for a permit to come back. */
  #waitMs(): number {
    const candidates = this.#candidates();
    if (candidates.length === 0) return Infinity;
    const freeAtMs = Math.min(...candidates.map((shard) => this.#freeAt(shard)));
    return Math.max(0, freeAtMs - this.#options.clock.now(), this.#budgetMs());
  }

  #grant(shard: Who): void {
    this.#options.allow(shard, this.#hold(shard));
  }

  #hold(shard: Who): number {
    const { clock } = this.#options;
    this.#forget(shard);
    const number = ++this.#permitNumber;
    const cancelExpiry = clock.after(PERMIT_EXPIRES_MS, () => {
      this.#void(shard);
      this.#serve();
    });
    this.#permits.set(this.#nameOf(shard), { shard, number, atMs: clock.now(), cancelExpiry });
    return number;
  }

  #forget(shard: Who): void {
    this.#expected.delete(this.#nameOf(shard));
    this.#waiting.delete(this.#nameOf(shard));
  }

  /** Takes a permit back unused. */
  #take(shard: Who): void {
    this.#permits.get(this.#nameOf(shard))?.cancelExpiry();
    this.#permits.delete(this.#nameOf(shard));
  }

  /** Takes back a permit of which nobody knows whether it was used: it counts as used now. */
  #void(shard: Who): void {
    if (!this.#permits.has(this.#nameOf(shard))) return;
    this.#take(shard);
    this.#spend(shard);
  }

  #spend(shard: Who): void {
    const { clock, spent } = this.#options;
    const key = this.#keyOf(shard);
    this.#freeAtMs.set(key, clock.now() + this.#spacingMs);
    this.#lastSentAtMs[key] = clock.epochMs();
    this.#budget = spend(this.#budget, clock.epochMs());
    spent({ budget: this.#budget, lastSentAtMs: { ...this.#lastSentAtMs } });
  }

  #freeAt(shard: Who): number {
    return this.#freeAtMs.get(this.#keyOf(shard)) ?? -Infinity;
  }

  #keyOf({ id }: ShardKey): number {
    return identifyKey(id, this.#options.maxConcurrency);
  }
}

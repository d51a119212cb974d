/**
 * New sessions for shards that are connected, where only a new session helps: one identify after another,
 * so that each shard is away for a moment only, and never with identifies that are needed for worse. Pace
 * and reserve are the gate's; what is decided here is when to give a session up that still lives.
 *
 * @module
 */

import type { IdentifyGate } from "../ports/identify_gate.ts";
import type { World } from "../ports/world.ts";
import { messageOf } from "../protocol/errors.ts";
import { identifyKey } from "../protocol/ids.ts";
import type { IdentifySnapshot, ShardState } from "../protocol/status.ts";
import type { WorkerPool } from "../workers/pool.ts";

/** A shard that has no new session so long after it gave its old one up is waited for no more. */
export const RENEWAL_DEADLINE_MS = 120_000;
/** More than the queue adds to the spacing: who gives its session up finds its key free. */
const SLACK_MS = 500;

/** What renewing takes. */
export interface RenewalsOptions extends Pick<World, "clock" | "log"> {
  readonly gate: Pick<IdentifyGate, "snapshot">;
  readonly pool: Pick<WorkerPool, "reconnect">;
  /** `SPAWN_SHARD_DELAY_MS`. */
  readonly spacingMs: number;
}

/** A shard at one moment. */
export interface RenewalShard {
  readonly shardId: number;
  readonly state: ShardState;
}

/** What is known of renewals that were begun. */
export interface Begun {
  /** Shards that gave their session up, and have no new one yet. */
  readonly under: ReadonlySet<number>;
  /** Key → how long ago a shard of it did. */
  readonly agoMs: ReadonlyMap<number, number>;
}

/**
 * Identifies that may be spent on sessions that still live: what is left above the reserve, less one for
 * each shard, so that Discord may end every session of today and all come back.
 */
export function spareIdentifies(
  { remaining, reserve }: Pick<IdentifySnapshot, "remaining" | "reserve">,
  shards: number,
): number {
  return Math.max(0, remaining - reserve - shards);
}

/** Shards of `wanted` whose turn is now, in the order of their ids: at most one of each key. Pure. */
export function turnsNow(
  wanted: ReadonlySet<number>,
  shards: readonly RenewalShard[],
  identify: IdentifySnapshot,
  { under, agoMs }: Begun,
  spacingMs: number,
): number[] {
  // Who has no session at all comes first.
  if (identify.waiting > 0) return [];
  let spare = spareIdentifies(identify, shards.length) - under.size;
  const key = (shardId: number) => identifyKey(shardId, identify.maxConcurrency);
  const taken = new Set([...under].map(key));
  const turns: number[] = [];
  const ready = shards.filter(({ shardId, state }) => state === "ready" && wanted.has(shardId));
  for (const { shardId } of ready.toSorted((a, b) => a.shardId - b.shardId)) {
    const isFree = !taken.has(key(shardId)) && (agoMs.get(key(shardId)) ?? Infinity) >= spacingMs;
    if (!isFree || spare-- <= 0) continue;
    taken.add(key(shardId));
    turns.push(shardId);
  }
  return turns;
}

/** The renewals of a generation. */
export class Renewals {
  readonly #options: RenewalsOptions;
  readonly #wanted = new Set<number>();
  /** Shard → when it gave its session up. */
  readonly #under = new Map<number, number>();
  /** Key → when a shard of it gave its session up last. */
  readonly #lastMs = new Map<number, number>();
  #isShort = false;

  constructor(options: RenewalsOptions) {
    this.#options = options;
  }

  /** Shards that wait for their turn, or for their new session. */
  get waiting(): number {
    return this.#wanted.size + this.#under.size;
  }

  /** These shards are to have new sessions. Asking twice is asking once. */
  add(shardIds: Iterable<number>): void {
    for (const shardId of shardIds) if (!this.#under.has(shardId)) this.#wanted.add(shardId);
  }

  /** A new session of the shard has begun, whatever for. */
  began(shardId: number): void {
    this.#wanted.delete(shardId);
    this.#under.delete(shardId);
  }

  /** To be called about once a second: whose turn it is gives its session up. */
  look(shards: readonly RenewalShard[]): void {
    const { clock, gate, spacingMs } = this.#options;
    const nowMs = clock.now();
    for (const [shardId, sinceMs] of this.#under) {
      if (nowMs - sinceMs >= RENEWAL_DEADLINE_MS) this.#under.delete(shardId);
    }
    if (this.#wanted.size === 0) return;
    const identify = gate.snapshot;
    this.#tellShort(identify, shards.length);
    const agoMs = new Map([...this.#lastMs].map(([key, atMs]) => [key, nowMs - atMs]));
    const begun = { under: new Set(this.#under.keys()), agoMs };
    const turns = turnsNow(this.#wanted, shards, identify, begun, spacingMs + SLACK_MS);
    for (const shardId of turns) {
      this.#renew(shardId, identifyKey(shardId, identify.maxConcurrency));
    }
  }

  #renew(shardId: number, key: number): void {
    const { clock, log, pool } = this.#options;
    this.#wanted.delete(shardId);
    this.#under.set(shardId, clock.now());
    this.#lastMs.set(key, clock.now());
    log.info("shard gets a new session", { shardId });
    pool.reconnect(shardId, "end").catch((error) => {
      // One that has its new session by now needs no other, however late the answer is.
      if (!this.#under.delete(shardId)) return;
      this.#wanted.add(shardId);
      log.warn("shard did not give its session up", { shardId, error: messageOf(error) });
    });
  }

  #tellShort(identify: IdentifySnapshot, shards: number): void {
    const isShort = spareIdentifies(identify, shards) === 0;
    if (isShort && !this.#isShort) {
      const { remaining, reserve, resetAfterMs } = identify;
      const about = { waiting: this.waiting, remaining, reserve, resetAfterMs };
      this.#options.log.warn("new sessions wait: too few identifies are left for today", about);
    }
    this.#isShort = isShort;
  }
}

/**
 * What the units have told, as the queue of whoever leads is to know it.
 *
 * @module
 */

import type { Clock } from "../../../ports/clock.ts";
import { BEAT_MS, LEASE_MS } from "../../../protocol/fleet.ts";
import type { IdentifyQueue } from "../queue.ts";
import { type Claim, claimName, claimsOf } from "./claims.ts";
import { TELL_EVERY_MS, TRAVEL_MS } from "./gate.ts";
import type { Permitted, Told } from "./words.ts";

/** Who has told nothing for so long is forgotten: by now others have its shards, and expect them. */
export const SILENCE_MS = LEASE_MS + BEAT_MS + TELL_EVERY_MS + 1_000;

/** What a unit told last; what it had used is dealt with once there is a queue. */
interface Heard {
  readonly told: Told;
  readonly atMs: number;
}

/** The units, and what each wants and has. */
export class Roll {
  readonly #clock: Pick<Clock, "now" | "epochMs">;
  readonly #written: ReadonlySet<string>;
  readonly #heard = new Map<string, Heard>();
  /** Names of permits that somebody else gave: whether their units have got them is not known. */
  readonly #inherited = new Set<string>();
  #queue: IdentifyQueue<Claim> | null = null;

  /** @param written Names of the permits that are written down. */
  constructor(clock: Pick<Clock, "now" | "epochMs">, written: ReadonlySet<string>) {
    this.#clock = clock;
    this.#written = written;
  }

  /** There is a queue, which is told all. These permits are out. */
  open(queue: IdentifyQueue<Claim>, permits: readonly Claim[]): void {
    this.#queue = queue;
    this.#inherited.clear();
    for (const claim of permits) this.#inherited.add(claimName(claim));
    queue.together(() => {
      for (const claim of permits) queue.adopt(claim);
      for (const { told } of [...this.#heard.values()]) this.#settle(queue, told, null);
    });
  }

  /** There is no queue any more. */
  shut(): void {
    this.#queue = null;
  }

  /** A unit has told; whether that was news: a word that was overtaken on its way is none. */
  hear(told: Told): boolean {
    const before = this.#heard.get(told.unit)?.told ?? null;
    if (before?.life === told.life && before.version >= told.version) return false;
    this.#heard.set(told.unit, { told, atMs: this.#clock.now() });
    const queue = this.#queue;
    queue?.together(() => this.#settle(queue, told, before));
    return true;
  }

  /** How many permits of a unit that has told were used, as far as that is dealt with. */
  usedOf(unit: string): number {
    return this.#heard.get(unit)?.told.usedBefore ?? 0;
  }

  /** Forgets what those ask for of whom nothing was heard: who wants something tells it all the time. */
  forgetSilent(): void {
    for (const [unit, { told, atMs }] of this.#heard) {
      const isSilent = this.#clock.now() - atMs > SILENCE_MS;
      if (!isSilent || told.wants.length + told.expects.length === 0) continue;
      const queue = this.#queue;
      this.#heard.delete(unit);
      queue?.together(() => this.#drop(queue, told, () => false));
    }
  }

  /**
   * A unit was not there for these permits, which were sent at that time: it gets others when it tells again.
   * Later groups wait for it, for a while. Where it has told something since, it may have got them with the answer.
   */
  away(unit: string, permits: readonly Claim[], sentMs: number): void {
    const queue = this.#queue;
    const heard = this.#heard.get(unit);
    if (!queue || (heard && heard.atMs >= sentMs)) return;
    queue.together(() => {
      for (const claim of permits) queue.release(claim);
      for (const [name, claim] of heard ? claimsOf(heard.told).wants : []) {
        if (queue.permits.has(name)) continue;
        queue.release(claim);
        queue.expect([claim]);
      }
    });
  }

  /** Those of these claims whose permits are out, as their unit takes them. */
  permitted(claims: readonly Claim[]): Permitted[] {
    return claims.flatMap((claim): Permitted[] => {
      const { unit, life, total, id, turn } = claim;
      const name = claimName(claim);
      const permit = this.#queue?.permits.get(name);
      const heard = this.#heard.get(unit);
      if (!permit || !this.#written.has(name) || heard?.told.life !== life) return [];
      // What it told was told before it was heard: its clock was at least so far when the permit was given.
      const givenMs = heard.told.nowMs + permit.atMs - heard.atMs;
      return [[total, id, turn, givenMs + TRAVEL_MS]];
    });
  }

  /** The queue learns first what is there, then what is no more. */
  #settle(queue: IdentifyQueue<Claim>, told: Told, before: Told | null): void {
    const { unit, life, turn, used, budget: { total, remaining, resetAfterMs } } = told;
    const claims = claimsOf(told);
    queue.know({ total, remaining, resetAtMs: this.#clock.epochMs() + resetAfterMs });
    for (const [name, claim] of claims.wants) {
      // Whoever gave it is gone, and the unit has not got it.
      if (this.#inherited.delete(name)) queue.release(claim);
      if (!queue.permits.has(name)) queue.request(claim);
    }
    queue.expect([...claims.expects.values()]);
    for (const [name, claim] of claims.holds) {
      this.#inherited.delete(name);
      if (!queue.permits.has(name)) queue.adopt(claim);
    }
    const dealtWith = before?.life === life ? before.usedBefore - told.usedBefore : 0;
    for (const claim of claims.used.slice(Math.max(0, dealtWith))) {
      queue.sent(claim, queue.permits.get(claimName(claim))?.number ?? 0);
    }
    const usedBefore = told.usedBefore + used.length;
    const { atMs } = this.#heard.get(unit)!;
    this.#heard.set(unit, { told: { ...told, used: [], usedBefore }, atMs });
    for (const [name, { shard }] of [...queue.permits]) {
      const isKnown = claims.wants.has(name) || claims.holds.has(name);
      if (isKnown || shard.unit !== unit || shard.life !== life || shard.turn > turn) continue;
      // One that this leader gave was given back; what became of another one nobody can tell.
      if (this.#inherited.delete(name)) queue.lost([shard]);
      else queue.release(shard);
    }
    const isAsked = (name: string) => claims.wants.has(name) || claims.expects.has(name);
    if (before) this.#drop(queue, before, isAsked);
  }

  /** What a unit asked for is forgotten, but for what it still asks for. Permits that are out are not. */
  #drop(queue: IdentifyQueue<Claim>, told: Told, isAsked: (name: string) => boolean): void {
    const { wants, expects } = claimsOf(told);
    for (const [name, claim] of [...wants, ...expects]) {
      const isOut = queue.permits.has(name) && this.#written.has(name);
      if (!isAsked(name) && !isOut) queue.release(claim);
    }
  }
}

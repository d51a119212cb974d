/**
 * The identify gate of a unit in a fleet: it tells whoever leads what its shards want and have, and gives
 * them the permits that come. While nobody can be asked nobody identifies.
 *
 * A permit is taken within {@linkcode TRAVEL_MS} of when it was given or not at all, by what the leader
 * reckons this unit's clock to be, and used within the time that a shard has for it: both are over before
 * the leader, or whoever leads next, lets another shard use the key.
 *
 * @module
 */

import type { Cancel, Clock } from "../../../ports/clock.ts";
import type { Json } from "../../../ports/fleet/bus.ts";
import type { FleetLine, FleetView } from "../../../ports/fleet/fleet.ts";
import type { Allow, IdentifyGate } from "../../../ports/identify_gate.ts";
import { messageOf } from "../../../protocol/errors.ts";
import { type ShardKey, type ShardKeyText, shardKeyText } from "../../../protocol/ids.ts";
import type { IdentifyHold, IdentifySnapshot } from "../../../protocol/status.ts";
import { PERMIT_USABLE_MS } from "../../permit.ts";
import { type IdentifyBudget, lower, refilled } from "../budget.ts";
import {
  allowSubject,
  type Answer,
  identifySubject,
  parseAllowed,
  parseAnswer,
  parseStanding,
  type Permitted,
  STANDING_SUBJECT,
  type Told,
  type Turn,
} from "./words.ts";

/** A permit that was longer on its way is not taken. */
export const TRAVEL_MS = 5_000;
/** How often a unit tells what it waits for, though nothing has changed. */
export const TELL_EVERY_MS = 5_000;
/** How long an answer is waited for. */
export const ASK_MS = 3_000;
/** How long until it tells again what was not heard. */
const RETRY_MS = 1_000;
/** Leaders change, and lines are laid anew; that nobody could be asked for so long is worth telling. */
const PATIENCE_MS = 30_000;
/** A shard that has not used its permit by then will not. */
const HOLD_MS = PERMIT_USABLE_MS + 1_000;

/** What a gate is made with. */
export interface FleetGateOptions {
  readonly clock: Clock;
  readonly line: Pick<FleetLine, "bus" | "isUp" | "watch">;
  readonly view: Pick<FleetView, "self" | "leader" | "watch">;
  /** Another one for each process. */
  readonly life: string;
  readonly allow: Allow;
  /** How things stand as far as this unit knows by itself: what Discord said, and what was written down. */
  readonly limits: {
    readonly maxConcurrency: number;
    readonly reserve: number;
    readonly budget: IdentifyBudget;
  };
  /** What this unit knows of the day's identifies has changed. */
  readonly known: (budget: IdentifyBudget) => void;
  /** Called when shards of this unit begin to be held back, and with `null` when they are so no more. */
  readonly held?: (hold: IdentifyHold | null) => void;
}

interface Want {
  readonly shard: ShardKey;
  readonly turn: number;
}

interface Hold extends Want {
  readonly cancelExpiry: Cancel;
}

/** The gate of one unit. */
export class FleetGate implements IdentifyGate {
  readonly #options: FleetGateOptions;
  readonly #expected = new Map<ShardKeyText, ShardKey>();
  readonly #wants = new Map<ShardKeyText, Want>();
  readonly #holds = new Map<ShardKeyText, Hold>();
  /** Not heard of by who leads, as far as is known. */
  #used: Turn[] = [];
  #usedBefore = 0;
  #turn = 0;
  #version = 0;
  #budget: IdentifyBudget;
  #standing: { readonly snapshot: IdentifySnapshot; readonly atMs: number } | null = null;
  /** Why who leads could not be asked last. */
  #problem: string | null = "nobody who leads has been asked yet";
  #leader: string | null = null;
  /** The question that is open. */
  #asking: symbol | null = null;
  #isDue = false;
  #isStopped = false;
  #isHeld = false;
  /** Since when shards wait and nobody can be asked. */
  #awayMs: number | null = null;
  #cancelTell: Cancel = () => {};
  #cancelLook: Cancel = () => {};

  constructor(options: FleetGateOptions) {
    this.#options = options;
    this.#budget = options.limits.budget;
    const { line: { bus }, line, view } = options;
    bus.answer(allowSubject(view.self), (value) => {
      const { life, permits } = parseAllowed(value);
      if (life === options.life) this.#take(permits);
      return null;
    });
    bus.subscribe(STANDING_SUBJECT, (value) => {
      const { leader, snapshot } = parseStanding(value);
      if (leader !== view.leader) return;
      if (snapshot) this.#know(snapshot);
      else this.#tell();
    });
    line.watch(() => this.#moved());
    view.watch(() => view.leader !== this.#leader && this.#moved());
    this.#moved();
  }

  /** These shards are about to ask. */
  expect(shards: readonly ShardKey[]): void {
    for (const shard of shards) this.#expected.set(shardKeyText(shard), shard);
    this.#tell();
  }

  /** A shard wants to identify. */
  request(shard: ShardKey): void {
    if (this.#isStopped) return;
    this.#use(shard);
    this.#expected.delete(shardKeyText(shard));
    this.#wants.set(shardKeyText(shard), { shard, turn: ++this.#turn });
    this.#tell();
  }

  /** A shard has sent IDENTIFY. */
  sent(shard: ShardKey, permit: number): void {
    if (this.#holds.get(shardKeyText(shard))?.turn === permit) this.#giveBack(shard);
    this.#used.push([shard.total, shard.id, permit]);
    this.#tell();
  }

  /** A shard does not want to identify any more. */
  release(shard: ShardKey): void {
    this.#forget(shard);
    this.#giveBack(shard);
    this.#tell();
  }

  /** The worker of these shards is lost. */
  lost(shards: readonly ShardKey[]): void {
    for (const shard of shards) {
      this.#forget(shard);
      this.#use(shard);
    }
    this.#tell();
  }

  /**
   * Allows nothing any more. Requests go back at once, permits as their shards give them back: until then one
   * of them may still identify.
   */
  stop(): void {
    this.#isStopped = true;
    this.#cancelLook();
    this.#expected.clear();
    this.#wants.clear();
    this.#tell();
  }

  /** How things stand in the fleet; while nobody can be asked, what was known last and why. */
  get snapshot(): IdentifySnapshot {
    const { clock, limits } = this.#options;
    const { total, remaining, resetAtMs } = refilled(this.#budget, clock.epochMs());
    const resetAfterMs = Math.max(0, resetAtMs - clock.epochMs());
    const away = this.#away;
    const { snapshot: known, atMs } = this.#standing ?? { snapshot: null, atMs: 0 };
    if (known && away === null) {
      const nextSlotMs = Math.max(0, known.nextSlotMs - (clock.now() - atMs));
      return { ...known, total, remaining, resetAfterMs, nextSlotMs };
    }
    const { maxConcurrency, reserve } = known ?? limits;
    const waiting = this.#wants.size;
    const held = away === null || waiting === 0 ? null : { untilMs: null, away };
    const budget = { total, remaining, resetAfterMs };
    return { maxConcurrency, reserve, ...budget, waiting, nextSlotMs: 0, held };
  }

  /** What this unit knows of the day's identifies. */
  get budget(): IdentifyBudget {
    return this.#budget;
  }

  /** Why nobody can be asked; `null`: somebody can. */
  get #away(): string | null {
    const { line, view } = this.#options;
    if (!line.isUp) return "the line to the other units is down";
    return view.leader === null ? "no unit leads the fleet" : this.#problem;
  }

  /** The line has come up or gone down, or another unit leads: it is told all, whatever is open. */
  #moved(): void {
    this.#leader = this.#options.view.leader;
    this.#asking = null;
    this.#tell();
  }

  #tell(): void {
    this.#isDue = true;
    this.#options.clock.soon(() => this.#ask());
    this.#look();
  }

  #ask(): void {
    const { line, view } = this.#options;
    if (!this.#isDue || this.#asking || !line.isUp || view.leader === null) return;
    this.#isDue = false;
    this.#cancelTell();
    const asking = this.#asking = Symbol();
    line.bus.ask(identifySubject(view.leader), { ...this.#told() } as Json, ASK_MS)
      .then((value) => this.#asking === asking && this.#hear(parseAnswer(value)))
      .catch((error) => {
        if (this.#asking !== asking) return;
        this.#problem = `unit ${view.leader}, which leads, did not answer: ${messageOf(error)}`;
        this.#look();
        this.#tellIn(RETRY_MS);
      })
      .finally(() => {
        if (this.#asking !== asking) return;
        this.#asking = null;
        this.#ask();
      });
  }

  #told(): Told {
    const { clock, view: { self: unit }, life } = this.#options;
    const shards = (wants: Iterable<Want>): Turn[] =>
      Array.from(wants, ({ shard: { total, id }, turn }) => [total, id, turn]);
    const { total, remaining, resetAtMs } = this.#budget;
    return {
      unit,
      life,
      version: ++this.#version,
      nowMs: clock.now(),
      turn: this.#turn,
      expects: Array.from(this.#expected.values(), ({ total, id }) => [total, id]),
      wants: shards(this.#wants.values()),
      holds: shards(this.#holds.values()),
      used: [...this.#used],
      usedBefore: this.#usedBefore,
      budget: { total, remaining, resetAfterMs: resetAtMs - clock.epochMs() },
    };
  }

  #hear({ heard, permits, snapshot, why }: Answer): void {
    const { view } = this.#options;
    this.#used.splice(0, Math.max(0, heard - this.#usedBefore));
    this.#usedBefore = Math.max(heard, this.#usedBefore);
    this.#problem = snapshot ? null : `unit ${view.leader}, which leads, ${why}`;
    if (snapshot) this.#know(snapshot);
    this.#take(permits);
    this.#look();
    const waits = this.#wants.size + this.#holds.size + this.#expected.size > 0;
    if (this.#used.length > 0 || (waits && !snapshot)) this.#tellIn(RETRY_MS);
    else if (waits) this.#tellIn(TELL_EVERY_MS);
  }

  #tellIn(delayMs: number): void {
    this.#cancelTell();
    this.#cancelTell = this.#options.clock.after(delayMs, () => this.#tell());
  }

  #know(snapshot: IdentifySnapshot): void {
    const { clock, known } = this.#options;
    this.#standing = { snapshot, atMs: clock.now() };
    const { total, remaining, resetAfterMs } = snapshot;
    const nowMs = clock.epochMs();
    const before = this.#budget;
    this.#budget = lower(before, { total, remaining, resetAtMs: nowMs + resetAfterMs }, nowMs);
    if (this.#budget.remaining !== before.remaining) known(this.#budget);
    this.#look();
  }

  #take(permits: readonly Permitted[]): void {
    const { clock, allow } = this.#options;
    for (const [total, id, turn, untilMs] of permits) {
      const shard = { total, id };
      const want = this.#wants.get(shardKeyText(shard));
      // One for a request that was taken back, or answered, means nothing.
      if (want?.turn !== turn) continue;
      if (clock.now() > untilMs) {
        this.request(shard);
        continue;
      }
      this.#wants.delete(shardKeyText(shard));
      const cancelExpiry = clock.after(HOLD_MS, () => {
        this.#use(shard);
        this.#tell();
      });
      this.#holds.set(shardKeyText(shard), { shard, turn, cancelExpiry });
      allow(shard, turn);
    }
    this.#look();
  }

  /** A permit that is in hand counts as used. */
  #use(shard: ShardKey): void {
    const hold = this.#giveBack(shard);
    if (hold) this.#used.push([shard.total, shard.id, hold.turn]);
  }

  #giveBack(shard: ShardKey): Hold | undefined {
    const hold = this.#holds.get(shardKeyText(shard));
    hold?.cancelExpiry();
    this.#holds.delete(shardKeyText(shard));
    return hold;
  }

  #forget(shard: ShardKey): void {
    this.#expected.delete(shardKeyText(shard));
    this.#wants.delete(shardKeyText(shard));
  }

  /** Tells whether shards of this unit are held back. */
  #look(): void {
    const { clock, held } = this.#options;
    const hold = this.#wants.size === 0 ? null : this.snapshot.held;
    if (this.#isStopped) return;
    if (hold?.away === undefined) {
      this.#awayMs = null;
      this.#cancelLook();
    } else if (this.#awayMs === null) {
      this.#awayMs = clock.now();
      this.#cancelLook = clock.after(PATIENCE_MS, () => this.#look());
    }
    const isBrief = this.#awayMs !== null && clock.now() - this.#awayMs < PATIENCE_MS;
    if ((hold !== null) === this.#isHeld || isBrief) return;
    this.#isHeld = hold !== null;
    held?.(hold);
  }
}

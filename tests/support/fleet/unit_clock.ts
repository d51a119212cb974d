/**
 * The clock of one computer of several, in virtual time: it may be frozen, be ahead of the others', or stop.
 *
 * @module
 */

import { type Cancel, type Clock, HELD_UP_MS } from "../../../ports/clock.ts";

/** As the system's clock: what has come while the process stood still is read before late timers run. */
const CATCH_UP_MS = 250;

interface Held {
  readonly dueMs: number;
  readonly run: () => void;
}

/** Time as one unit has it. */
export class UnitClock implements Clock {
  readonly #world: Clock;
  readonly #monotonicMs: number;
  #aheadMs: number;
  #state: "runs" | "frozen" | "stopped" = "runs";
  #late: Held[] = [];
  #come: (() => void)[] = [];

  /**
   * @param aheadMs What its wall clock is ahead of the world's.
   * @param monotonicMs What its monotonic one is: on no two computers it is the same.
   */
  constructor(world: Clock, aheadMs = 0, monotonicMs = 0) {
    this.#world = world;
    this.#aheadMs = aheadMs;
    this.#monotonicMs = monotonicMs;
  }

  now(): number {
    return this.#world.now() + this.#monotonicMs;
  }

  wallMs(): number {
    return this.#world.wallMs() + this.#aheadMs;
  }

  epochMs(): number {
    return this.#world.epochMs() + this.#aheadMs;
  }

  setEpoch(epochMs: number): void {
    this.#aheadMs = epochMs - this.#world.epochMs();
  }

  after(delayMs: number, task: () => void): Cancel {
    let isOn = true;
    const run = () => void (isOn && task());
    const dueMs = this.#world.now() + Math.max(0, delayMs);
    const cancel = this.#world.after(delayMs, () => this.#ring({ dueMs, run }));
    return () => {
      isOn = false;
      cancel();
    };
  }

  soon(task: () => void): Cancel {
    return this.after(0, task);
  }

  /** Whether nothing runs just now. */
  get isFrozen(): boolean {
    return this.#state === "frozen";
  }

  /** Whether it has stopped for good. */
  get isStopped(): boolean {
    return this.#state === "stopped";
  }

  /** Nothing runs, until {@linkcode thaw}. */
  freeze(): void {
    if (this.#state === "runs") this.#state = "frozen";
  }

  /** What has come meanwhile is read, then what is overdue runs, in order. */
  thaw(): void {
    if (this.#state !== "frozen") return;
    this.#state = "runs";
    const [come, late] = [this.#come, this.#late];
    [this.#come, this.#late] = [[], []];
    for (const task of come) this.arrive(task);
    const nowMs = this.#world.now();
    for (const held of late) {
      const waitMs = nowMs - held.dueMs > HELD_UP_MS ? CATCH_UP_MS : 0;
      this.#world.after(waitMs, () => this.#ring(held));
    }
  }

  /** Nothing runs ever again: the process is dead. */
  stop(): void {
    this.#state = "stopped";
    this.#come = [];
    this.#late = [];
  }

  /** Something has come from outside: read now, or once the process goes on. */
  arrive(task: () => void): void {
    if (this.#state === "frozen") this.#come.push(task);
    // Never within the call, and never before what came first.
    else this.#world.after(0, () => this.#read(task));
  }

  #read(task: () => void): void {
    if (this.#state === "runs") task();
    else if (this.#state === "frozen") this.#come.push(task);
  }

  #ring(held: Held): void {
    if (this.#state === "runs") held.run();
    else if (this.#state === "frozen") this.#late.push(held);
  }
}

/**
 * One unit's connection to the simulated server: what passes it, in order, each way, and how it ends and comes
 * back.
 *
 * @module
 */

import type { Cancel, Clock } from "../../../ports/clock.ts";
import type { Random } from "../../../ports/random.ts";
import type { SimServer } from "./sim_server.ts";
import type { UnitClock } from "./unit_clock.ts";

/** Who is cut off notices after this long: it gets no answer to its pings. */
export const NOTICED_MS = 6_000;
const RECONNECT_MS = 2_000;

/** What all connections share. */
export interface SimWorld {
  readonly clock: Clock;
  readonly random: Random;
  readonly latencyMs: number;
  readonly server: SimServer;
  /** Which of the parted units somebody is with; `null`: with none, not even a server. */
  groupOf(name: string): number | null;
}

/** A connection. Each time that it comes up is another `number`. */
export class SimConnection {
  /** Part of what passes that is lost. */
  dropped = 0;
  slowMs = 0;
  readonly name: string;
  readonly own: UnitClock;
  readonly world: SimWorld;
  readonly #watching = new Set<{ readonly changed: (isUp: boolean) => void }>();
  /** What is on its way and cannot go on while it is cut off: it does when that ends before it is noticed. */
  #held: (() => void)[] = [];
  #number = 1;
  #isConnected: boolean;
  /** As the unit has noticed. */
  #isUp: boolean;
  #hasEnded = false;
  #noticing: Cancel | null = null;
  #connecting: Cancel | null = null;
  #upFreeMs = 0;
  #downFreeMs = 0;
  /** What the unit's ends do when it came up or went down; before anybody else is told. */
  readonly ends: ((isUp: boolean) => void)[] = [];
  /** What is done when it reaches others than before. */
  readonly reaches: (() => void)[] = [];
  /** What the server does when it ends. */
  readonly leaves: (() => void)[] = [];

  constructor(name: string, own: UnitClock, world: SimWorld) {
    this.name = name;
    this.own = own;
    this.world = world;
    this.#isConnected = this.#isReachable;
    this.#isUp = this.#isConnected;
    if (!this.#isConnected) this.reach();
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  /** Whether the keys can be asked from where it is. */
  get hasKeys(): boolean {
    return this.world.groupOf(this.name) === 0;
  }

  /** Whether something is lost on its way. */
  get drops(): boolean {
    return this.dropped > 0 && this.world.random() < this.dropped;
  }

  watch(changed: (isUp: boolean) => void): Cancel {
    const one = { changed };
    this.#watching.add(one);
    return () => void this.#watching.delete(one);
  }

  /** Carries something to the server, unless the connection ends before. */
  up(task: () => void): void {
    if (!this.#isConnected || this.own.isStopped) return;
    const { clock, latencyMs } = this.world;
    this.#upFreeMs = Math.max(this.#upFreeMs, clock.now() + latencyMs + this.slowMs);
    this.#pass(this.#upFreeMs, task);
  }

  /** Carries something to the unit, unless the connection ends before. */
  down(task: () => void): void {
    if (!this.#isConnected) return;
    const { clock, latencyMs } = this.world;
    this.#downFreeMs = Math.max(this.#downFreeMs, clock.now() + latencyMs + this.slowMs);
    this.#pass(this.#downFreeMs, () => this.own.arrive(task));
  }

  /** Looks again whom it reaches. */
  reach(): void {
    if (this.#hasEnded) return;
    if (this.#isReachable) {
      this.#noticing?.();
      this.#noticing = null;
      if (this.#isConnected) return this.#release();
      this.#connecting ??= this.world.clock.after(
        this.world.random() * RECONNECT_MS,
        () => this.#connect(),
      );
      return;
    }
    this.#connecting?.();
    this.#connecting = null;
    if (!this.#isConnected) return;
    if (this.world.server.isAway) return this.#disconnect();
    this.#noticing ??= this.world.clock.after(NOTICED_MS, () => {
      this.#noticing = null;
      this.#disconnect();
    });
  }

  /** It is over, from this side. */
  end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#noticing?.();
    this.#connecting?.();
    this.#connecting = null;
    // The other side sees what was sent before, and then the end.
    const { clock, latencyMs } = this.world;
    clock.after(Math.max(0, this.#upFreeMs - clock.now(), latencyMs), () => this.#leave());
    this.#isUp = false;
    this.#watching.clear();
  }

  get #isReachable(): boolean {
    return !this.world.server.isAway && this.world.groupOf(this.name) !== null;
  }

  #pass(atMs: number, task: () => void): void {
    const number = this.#number;
    const pass = () => {
      if (!this.#isConnected || this.#number !== number) return;
      if (!this.#isReachable || this.#held.length > 0) this.#held.push(task);
      else task();
    };
    this.world.clock.after(atMs - this.world.clock.now(), pass);
  }

  #release(): void {
    const held = this.#held;
    this.#held = [];
    for (const task of [...held, ...this.reaches]) task();
  }

  #connect(): void {
    this.#connecting = null;
    if (!this.#isReachable) return this.reach();
    this.#number++;
    this.#isConnected = true;
    this.down(() => this.#tell(true));
  }

  #disconnect(): void {
    this.#leave();
    this.own.arrive(() => this.#tell(false));
  }

  #leave(): void {
    this.#isConnected = false;
    this.#held = [];
    for (const leave of this.leaves) leave();
  }

  #tell(isUp: boolean): void {
    if (this.#hasEnded || this.#isUp === isUp) return;
    this.#isUp = isUp;
    for (const end of this.ends) end(isUp);
    for (const one of [...this.#watching]) if (this.#watching.has(one)) one.changed(isUp);
  }
}

/**
 * Which services of a fleet run on this unit: those that the assignment gives it, also while it is cut off, unless they
 * are to end after a lease then, since another unit may have taken them over by that time. One that comes from a unit
 * that lives waits until that has ended it.
 *
 * @module
 */

import type { Assignment } from "../../../protocol/fleet.ts";
import { LEASE_MS } from "../../../protocol/fleet.ts";
import { messageOf } from "../../../protocol/errors.ts";
import type { Cancel } from "../../../ports/clock.ts";
import type { FleetLine } from "../../../ports/fleet/fleet.ts";
import type { World } from "../../../ports/world.ts";
import type { PeersFleet } from "./elsewhere.ts";

/** From when a line is up again until it is known what was assigned meanwhile. */
const SETTLE_MS = 3_000;

/** The fleet, as its services need it. */
export interface ServicesFleet extends Pick<PeersFleet, "view" | "assignment" | "calls"> {
  readonly line: Pick<FleetLine, "isUp" | "watch">;
  /** What becomes of them after a lease without the line. */
  readonly servicesCutOff: "keep" | "end";
}

/** What the turns need. */
export interface ServiceTurnsOptions extends ServicesFleet, Pick<World, "clock" | "log"> {
  /** Services whose code this unit has. */
  readonly names: readonly string[];
  readonly start: (name: string) => void;
  /** Ends one; resolves when it has ended. */
  readonly end: (name: string) => Promise<void>;
}

/** The turns of one unit's services. */
export class ServiceTurns {
  readonly #options: ServiceTurnsOptions;
  /** Those that are to run here, whether they do already or not. */
  readonly #here = new Set<string>();
  /** What is being done with each, one thing after another. */
  readonly #turns = new Map<string, Promise<void>>();
  /** Who waits until one has ended here. */
  readonly #waiting = new Map<string, Set<() => void>>();
  readonly #cancels: Cancel[];
  /** Who ran each, as of the last assignment that was seen. */
  #ranOn: Assignment["services"] = {};
  #cancelLease: Cancel = () => {};
  #isCutOff = false;
  #isStopped = false;

  constructor(options: ServiceTurnsOptions) {
    this.#options = options;
    const { view, line, calls } = options;
    calls.answer("ended", (name) => this.#ended(name as string));
    this.#cancels = [view.watch(() => this.look()), line.watch((isUp) => this.#line(isUp))];
    if (!line.isUp) this.#line(false);
    this.look();
  }

  /** Whether one is to run here. */
  isHere(name: string): boolean {
    return this.#here.has(name);
  }

  /** Where one runs, as far as is known. */
  unitOf(name: string): string | null {
    return this.#options.assignment()?.services[name] ?? null;
  }

  /** Starts and ends what the assignment says. */
  look(): void {
    if (this.#isStopped) return;
    const { names, view: { self }, assignment } = this.#options;
    const services = assignment()?.services ?? {};
    const before = this.#ranOn;
    this.#ranOn = services;
    for (const name of names) {
      const isHere = services[name] === self && !this.#isCutOff;
      if (isHere === this.#here.has(name)) continue;
      if (isHere) this.#come(name, before[name] ?? null);
      else this.#go(name, services[name] ?? null);
    }
  }

  /** All have ended here. */
  over(): void {
    for (const name of this.#waiting.keys()) this.#tellEnded(name);
  }

  /** Starts none any more; what runs is for who stops the unit, until {@linkcode over}. */
  stop(): void {
    this.#isStopped = true;
    this.#cancelLease();
    for (const cancel of this.#cancels) cancel();
  }

  #come(name: string, before: string | null): void {
    const { calls, view, start, log } = this.#options;
    this.#here.add(name);
    this.#turn(name, async () => {
      if (before !== null && before !== view.self && view.members.includes(before)) {
        // Who does not say so in a lease has lost it with that.
        await calls.ask(before, "ended", name, LEASE_MS).catch((error) =>
          log.warn("service is taken over unasked", {
            service: name,
            unit: before,
            error: messageOf(error),
          })
        );
      }
      if (this.#isStopped || !this.#here.has(name)) return;
      log.info("service runs here", { service: name });
      start(name);
    });
  }

  #go(name: string, unit: string | null): void {
    const { end, log } = this.#options;
    this.#here.delete(name);
    this.#turn(name, async () => {
      const where = this.#isCutOff ? { reason: "cut off from the fleet for a lease" } : { unit };
      log.info("service runs here no more", { service: name, ...where });
      await end(name);
      this.#tellEnded(name);
    });
  }

  #tellEnded(name: string): void {
    for (const resolve of this.#waiting.get(name) ?? []) resolve();
    this.#waiting.delete(name);
  }

  #turn(name: string, act: () => Promise<void>): void {
    const { log } = this.#options;
    const turn = (this.#turns.get(name) ?? Promise.resolve()).then(act).catch((error) =>
      log.error("service was not moved", { service: name, error: messageOf(error) })
    );
    this.#turns.set(name, turn);
  }

  /** Resolves when one has ended here, be it that this unit does not know yet that it has to. */
  async #ended(name: string): Promise<void> {
    if (!this.#here.has(name)) return await this.#turns.get(name);
    await new Promise<void>((resolve) =>
      this.#waiting.getOrInsertComputed(name, () => new Set()).add(resolve)
    );
  }

  #line(isUp: boolean): void {
    const { clock, view, servicesCutOff } = this.#options;
    this.#cancelLease();
    if (servicesCutOff === "keep") return;
    // Alone it is sure that nobody takes anything over.
    if (!isUp && view.members.length <= 1) return;
    this.#cancelLease = clock.after(isUp ? SETTLE_MS : LEASE_MS, () => {
      this.#isCutOff = !isUp;
      this.look();
    });
  }
}

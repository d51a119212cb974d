/**
 * A unit that is cut off from the others goes on with what it runs. Others may hold it for dead, and have resumed its
 * sessions; so a connection of its that ends is not resumed at once: two who resume one session in turn take it from
 * each other.
 *
 * @module
 */

import type { Cancel } from "../../ports/clock.ts";
import type { FleetLine } from "../../ports/fleet/fleet.ts";
import type { World } from "../../ports/world.ts";
import { BEAT_MS, LEASE_MS } from "../../protocol/fleet.ts";

/**
 * Whoever is cut off for so long is about to be held for dead: its last word may have been a beat earlier, and it
 * has noticed only after some seconds.
 */
export const DOUBT_AFTER_MS = LEASE_MS - 2 * BEAT_MS - 4_000;

/** What it takes. */
export interface CutOffOptions extends Pick<World, "clock"> {
  readonly line: Pick<FleetLine, "isUp" | "watch">;
  /** Others may have this unit's shards, or not any more. */
  readonly doubted: (isDoubted: boolean) => void;
  /** It is cut off, or not any more. */
  readonly changed: () => void;
}

/** Whether this unit is cut off from the others, and since when. */
export class CutOff {
  readonly #options: CutOffOptions;
  readonly #cancelWatch: Cancel;
  #sinceMs: number | null = null;
  #cancelDoubt: Cancel | null = null;
  #isDoubted = false;

  constructor(options: CutOffOptions) {
    this.#options = options;
    this.#cancelWatch = options.line.watch((isUp) => this.#look(isUp));
    if (!options.line.isUp) this.#look(false);
  }

  /** Since when, ms since the Unix epoch; `null`: it is not. */
  get sinceMs(): number | null {
    return this.#sinceMs;
  }

  /** Whether others may have this unit's shards. */
  get isDoubted(): boolean {
    return this.#isDoubted;
  }

  /** Looks no more. */
  stop(): void {
    this.#cancelWatch();
    this.#cancelDoubt?.();
  }

  #look(isUp: boolean): void {
    const { clock, changed } = this.#options;
    if (isUp === (this.#sinceMs === null)) return;
    if (isUp) {
      this.#sinceMs = null;
      this.#cancelDoubt?.();
      this.#cancelDoubt = null;
      this.#doubt(false);
    } else {
      this.#sinceMs = clock.epochMs();
      this.#cancelDoubt = clock.after(DOUBT_AFTER_MS, () => this.#doubt(true));
    }
    changed();
  }

  #doubt(isDoubted: boolean): void {
    if (this.#isDoubted === isDoubted) return;
    this.#isDoubted = isDoubted;
    this.#options.doubted(isDoubted);
  }
}

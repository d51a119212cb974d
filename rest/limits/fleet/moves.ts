/**
 * Who has the say over which key, and since when. It only computes; time comes in with each call.
 *
 * Who gets the say over a key begins knowing nothing of what was given before, so it gives nothing for
 * {@linkcode HOLD_MS}: in that time the others tell it what they have out and what they have seen, and who had
 * the say until then has noticed that it has it no more.
 *
 * @module
 */

import { Ring } from "./ring.ts";

/** As long as the window of the global limit: what was over before it counts no more after it. */
export const HOLD_MS = 1_000;

/** The ring as it was until a change (`null`: nothing is known of what was given), and until when that matters. */
interface Change {
  readonly before: Ring | null;
  readonly untilMs: number;
}

/** The say over all keys, as one unit sees it. */
export class Moves {
  readonly #self: string;
  #ring: Ring;
  #changes: readonly Change[];

  constructor(self: string, members: Iterable<string>, nowMs: number) {
    this.#self = self;
    this.#ring = new Ring(members);
    this.#changes = [{ before: null, untilMs: nowMs + HOLD_MS }];
  }

  /** Names of the members, in order. */
  get members(): readonly string[] {
    return this.#ring.members;
  }

  /** Others are members now; whether anything is another. */
  change(members: Iterable<string>, nowMs: number): boolean {
    const names = [...new Set(members)].sort();
    if (names.join() === this.members.join()) return false;
    const after = new Ring(names);
    const still = this.#changes.filter(({ untilMs }) => untilMs > nowMs);
    // One by itself may just not have seen the others yet.
    const isAlone = this.members.length <= 1;
    const before = isAlone ? null : this.#ring;
    this.#changes = [...still, { before, untilMs: nowMs + HOLD_MS }];
    this.#ring = after;
    return true;
  }

  /** Who has the say over a key: this unit, where there is nobody else. */
  ownerOf(key: string): string {
    return this.#ring.ownerOf(key) ?? this.#self;
  }

  /** How long nothing is given yet of a key of this unit's. */
  heldMs(key: string, nowMs: number): number {
    let heldMs = 0;
    for (const { before, untilMs } of this.#changes) {
      if (untilMs > nowMs && before?.ownerOf(key) !== this.#self) {
        heldMs = Math.max(heldMs, untilMs - nowMs);
      }
    }
    return heldMs;
  }
}

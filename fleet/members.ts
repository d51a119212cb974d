/**
 * Who of a fleet lives, as one unit has heard.
 *
 * @module
 */

import { LEASE_MS, type UnitCard } from "../protocol/fleet.ts";
import type { Society } from "./society.ts";

/** One that is dead. */
export interface Dead {
  readonly unit: string;
  /** It was known to live; otherwise it was only named somewhere. */
  readonly lived: boolean;
  readonly isLeaving: boolean;
}

interface Member {
  /** As it was last; `null`: it has none. */
  card: UnitCard | null;
  /** When something new was heard of it, or a reason to wait for that came up. */
  heardMs: number;
  /** It was heard, and not so long ago. */
  lives: boolean;
}

/**
 * Members. All times are those of {@linkcode Listening}.
 *
 * Who was never heard to beat does not live: its card may be old. But it is not dead either before it was silent
 * for {@linkcode LEASE_MS}.
 */
export class Members {
  readonly #members = new Map<string, Member>();

  /** The cards of those that live, by name. */
  get living(): UnitCard[] {
    return [...this.#members.values()].flatMap(({ card, lives }) => lives && card ? [card] : [])
      .toSorted((a, b) => a.unit < b.unit ? -1 : 1);
  }

  /** Whether a unit is one of them. */
  lives(unit: string): boolean {
    return this.#members.get(unit)?.lives ?? false;
  }

  /** Who is there, of those that an assignment names. */
  society(named: Iterable<string>, nowMs: number): Society {
    const unheard = new Set<string>();
    const names = new Set(named);
    for (const [unit, { card }] of this.#members) {
      if (card === null && !names.has(unit)) this.#members.delete(unit);
    }
    for (const unit of names) {
      const member = this.#members.get(unit);
      if (!member) this.#members.set(unit, { card: null, heardMs: nowMs, lives: false });
      if (!member || !member.lives && nowMs - member.heardMs < LEASE_MS) unheard.add(unit);
    }
    return { cards: this.living, unheard };
  }

  /**
   * A card was told.
   *
   * @param isNews It has just been written; otherwise it is what there was when we came.
   * @returns Whether anything but the beat is another than before.
   */
  told(card: UnitCard, isNews: boolean, nowMs: number): boolean {
    const member = this.#members.get(card.unit);
    if (!member) {
      this.#members.set(card.unit, { card, heardMs: nowMs, lives: isNews });
      return true;
    }
    const { card: before, lives } = member;
    const beats = before?.life !== card.life || before.beat !== card.beat;
    member.card = card;
    if (beats && (isNews || !lives)) member.heardMs = nowMs;
    if (beats && isNews) member.lives = true;
    return lives !== member.lives || !isSameCard(before, card);
  }

  /** A card was deleted before our eyes: its unit has gone. Gives whether it lived. */
  gone(unit: string): boolean {
    const lived = this.#members.get(unit)?.lives ?? false;
    this.#members.set(unit, { card: null, heardMs: -Infinity, lives: false });
    return lived;
  }

  /** The line is up again: nobody could be heard meanwhile, and every lease counts from now. */
  connected(nowMs: number): void {
    for (const member of this.#members.values()) {
      if (member.heardMs !== -Infinity) member.heardMs = nowMs;
    }
  }

  /** Those that are dead since the last time: not heard of for too long. */
  sweep(nowMs: number): Dead[] {
    return [...this.#members].flatMap(([unit, member]) => {
      if (member.heardMs === -Infinity || nowMs - member.heardMs < LEASE_MS) return [];
      const dead = { unit, lived: member.lives, isLeaving: member.card?.isLeaving ?? false };
      member.lives = false;
      member.heardMs = -Infinity;
      return [dead];
    });
  }

  /** Names of those that are dead and have a card still. */
  get dead(): string[] {
    return [...this.#members].flatMap(([unit, { card, heardMs }]) =>
      card !== null && heardMs === -Infinity ? [unit] : []
    );
  }
}

function isSameCard(one: UnitCard | null, other: UnitCard): boolean {
  return one !== null && one.life === other.life && one.cores === other.cores &&
    one.clusters === other.clusters && one.isLeaving === other.isLeaving &&
    one.services.join() === other.services.join();
}

/**
 * The keys that a unit of a fleet follows: cards, who leads, the assignment.
 *
 * @module
 */

import type { Cancel } from "../ports/clock.ts";
import type { Entry, Keys } from "../ports/fleet/keys.ts";
import type { Log } from "../ports/log.ts";
import { messageOf } from "../protocol/errors.ts";
import type { UnitCard } from "../protocol/fleet.ts";
import { ASSIGNMENT_KEY } from "./assignment.ts";
import { LEADER_KEY, parseUnitCard, UNIT_KEYS, unitKey } from "./cards.ts";

/** Who is told. `isNews`: it has changed just now; otherwise it is what there was when we came. */
export interface KeysHeard {
  /** A unit's card, be it this one's. */
  readonly card: (card: UnitCard, isNews: boolean) => void;
  /** What is under the key of this unit. */
  readonly own: (entry: Entry | null) => void;
  /** The card of a unit was deleted just now. */
  readonly gone: (unit: string) => void;
  readonly leader: (entry: Entry | null, isNews: boolean) => void;
  readonly assignment: (entry: Entry | null) => void;
}

/** Follows the keys, from the first word of each on every connection anew. */
export class FleetKeys {
  readonly #log: Log;
  readonly #keys: Keys;
  readonly #heard: KeysHeard;
  readonly #unit: string;
  #cancels: Cancel[] = [];

  constructor(log: Log, keys: Keys, heard: KeysHeard, unit: string) {
    this.#log = log;
    this.#keys = keys;
    this.#heard = heard;
    this.#unit = unit;
  }

  /** Follows them on the connection that there is now. */
  open(): void {
    this.close();
    this.#cancels = [
      this.#follow(UNIT_KEYS, (key, entry, isNews) => this.#card(key, entry, isNews)),
      this.#one(LEADER_KEY, (entry, isNews) => this.#heard.leader(entry, isNews)),
      this.#one(ASSIGNMENT_KEY, (entry) => this.#heard.assignment(entry)),
    ];
  }

  /** Hears nothing until it is opened again. */
  close(): void {
    for (const cancel of this.#cancels) cancel();
    this.#cancels = [];
  }

  #follow(
    prefix: string,
    take: (key: string | null, entry: Entry | null, isNews: boolean) => void,
  ): Cancel {
    let isNews = false;
    return this.#keys.watch(prefix, (key, entry) => {
      take(key, entry, isNews);
      if (key === null) isNews = true;
    });
  }

  /** That there is none is told, too, once it is known. */
  #one(name: string, take: (entry: Entry | null, isNews: boolean) => void): Cancel {
    let isThere = false;
    return this.#follow(name, (key, entry, isNews) => {
      if (key === name) {
        isThere = true;
        take(entry, isNews);
      } else if (key === null && !isNews && !isThere) {
        take(null, false);
      }
    });
  }

  #card(key: string | null, entry: Entry | null, isNews: boolean): void {
    if (key === null) return;
    if (key === unitKey(this.#unit)) this.#heard.own(entry);
    if (entry === null) {
      if (isNews) this.#heard.gone(key.slice(UNIT_KEYS.length));
      return;
    }
    try {
      this.#heard.card(parseUnitCard(key, entry.value), isNews);
    } catch (error) {
      this.#log.error("card of a unit cannot be read", { error: messageOf(error) });
    }
  }
}

/**
 * The card of this unit, and its beat.
 *
 * @module
 */

import type { Cancel, Clock } from "../ports/clock.ts";
import type { Entry, Keys } from "../ports/fleet/keys.ts";
import type { Log } from "../ports/log.ts";
import { messageOf } from "../protocol/errors.ts";
import { BEAT_MS, type UnitCard } from "../protocol/fleet.ts";
import { encodeUnitCard, isNewerLife, lifeAfter, parseUnitCard, unitKey } from "./cards.ts";

/** After a write that did not come about it is tried again in so long. */
const AGAIN_MS = 1_000;

/** What a unit says of itself, less what comes of itself. */
export type OwnFacts = Omit<UnitCard, "unit" | "life" | "beat" | "epoch">;

/** What it takes. */
export interface OwnCardOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly keys: Keys;
  readonly unit: string;
  readonly facts: OwnFacts;
  /** What no other process has: its part in the name of this life. */
  readonly nonce: string;
  /** A newer process has this unit's name: this one has nothing to say any more. Called once. */
  readonly replaced: (life: string) => void;
}

/**
 * Writes the card every {@linkcode BEAT_MS} while the line is up, and when it changes; always over the one that it
 * has seen, so that of two processes with one name the older notices.
 */
export class OwnCard {
  readonly #options: OwnCardOptions;
  readonly #key: string;
  #facts: OwnFacts;
  #epoch = 0;
  #beat = 0;
  #life: string | null = null;
  #revision: number | null = null;
  #isUp = false;
  #isWriting = false;
  /** There is more to say than what is being written. */
  #isDue = false;
  #hasEnded = false;
  #cancel: Cancel = () => {};

  constructor(options: OwnCardOptions) {
    this.#options = options;
    this.#key = unitKey(options.unit);
    this.#facts = options.facts;
  }

  /** This life; `null`: it has not been written down yet. */
  get life(): string | null {
    return this.#life;
  }

  /** As it is, for this unit itself. */
  get facts(): OwnFacts {
    return this.#facts;
  }

  /** The line is up, or is not any more. */
  connected(isUp: boolean): void {
    this.#isUp = isUp;
    this.#revision = null;
    this.#cancel();
    if (isUp) this.#write();
  }

  /** Says something else from now on, at once. */
  set(facts: Partial<OwnFacts>): void {
    this.#facts = { ...this.#facts, ...facts };
    this.#write();
  }

  /** The newest assignment that was seen; said with the next beat. */
  seen(epoch: number): void {
    this.#epoch = epoch;
  }

  /** The key was told; gives whether it is what this life has written. */
  told(entry: Entry | null): boolean {
    const card = entry && this.#read(entry);
    if (!card || this.#life === null) return false;
    if (card.life === this.#life) return true;
    if (isNewerLife(card.life, this.#life)) this.#replace(card.life);
    return false;
  }

  /** Says nothing more. */
  end(): void {
    this.#hasEnded = true;
    this.#cancel();
  }

  /** Says nothing more, and takes the card away. Where that cannot be done it is left: it will be silent. */
  async remove(): Promise<void> {
    this.end();
    try {
      await this.#options.keys.delete(this.#key);
    } catch (error) {
      this.#options.log.debug("card of this unit is left behind", { error: messageOf(error) });
    }
  }

  async #write(): Promise<void> {
    this.#isDue = true;
    if (this.#isWriting || !this.#isUp || this.#hasEnded) return;
    this.#isWriting = true;
    this.#cancel();
    let afterMs = BEAT_MS;
    try {
      while (this.#isDue && this.#isUp && !this.#hasEnded) {
        this.#isDue = false;
        if (!await this.#try()) this.#isDue = true;
      }
    } catch (error) {
      this.#revision = null;
      afterMs = AGAIN_MS;
      this.#options.log.debug("card of this unit not written", { error: messageOf(error) });
    }
    this.#isWriting = false;
    if (!this.#hasEnded && this.#isUp) {
      this.#cancel = this.#options.clock.after(afterMs, () => this.#write());
    }
  }

  /** Gives whether it was written over what there was. */
  async #try(): Promise<boolean> {
    const { keys } = this.#options;
    if (this.#revision !== null) {
      this.#revision = await keys.update(this.#key, this.#next(this.#life!), this.#revision);
      return this.#revision !== null;
    }
    const entry = await keys.get(this.#key);
    const before = entry && this.#read(entry);
    this.#life ??= lifeAfter(before?.life ?? null, this.#options.nonce);
    if (before && isNewerLife(before.life, this.#life)) {
      this.#replace(before.life);
      return true;
    }
    const card = this.#next(this.#life);
    this.#revision = entry
      ? await keys.update(this.#key, card, entry.revision)
      : await keys.create(this.#key, card);
    return this.#revision !== null;
  }

  #next(life: string) {
    const { unit } = this.#options;
    return encodeUnitCard({ ...this.#facts, unit, life, beat: ++this.#beat, epoch: this.#epoch });
  }

  /** What cannot be read is written over. */
  #read(entry: Entry): UnitCard | null {
    try {
      return parseUnitCard(this.#key, entry.value);
    } catch {
      return null;
    }
  }

  #replace(life: string): void {
    if (this.#hasEnded) return;
    this.end();
    this.#options.replaced(life);
  }
}

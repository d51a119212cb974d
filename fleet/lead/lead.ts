/**
 * Who leads, and how this unit comes to.
 *
 * @module
 */

import type { Clock } from "../../ports/clock.ts";
import type { Entry, Keys } from "../../ports/fleet/keys.ts";
import type { Log } from "../../ports/log.ts";
import { messageOf } from "../../protocol/errors.ts";
import { BEAT_MS, LEAD_MS, type LeaderCard, LEASE_MS } from "../../protocol/fleet.ts";
import { encodeLeaderCard, LEADER_KEY, parseLeaderCard } from "../cards.ts";

/**
 * Where nobody leads as far as is written, and it was not seen to end, somebody may be sure of its lead for so long
 * still: the server may have lost its card.
 */
const CLAIM_MS = LEAD_MS + 1_000;
/** After a renewal that did not come about it is tried again in so long. */
const AGAIN_MS = 1_000;

/** What it takes. */
export interface LeadOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly keys: Keys;
  readonly unit: string;
  /** The life of this unit; `null`: it has none yet, and cannot lead. */
  readonly life: () => string | null;
  /** How long this unit has listened. */
  readonly listenedMs: () => number;
  /** Who leads, or whether this unit does, may be another. */
  readonly changed: () => void;
}

/** The lead of this unit. */
interface Own {
  readonly life: string;
  readonly term: number;
  beat: number;
  /** Of the card; `null`: not known any more. */
  revision: number | null;
  /** It was written on the connection that there is: whoever took over since has another revision. */
  isHere: boolean;
  /** When the last renewal that succeeded was sent. */
  renewedMs: number;
  triedMs: number;
}

/** What is known of the key. */
interface Known {
  /** `null`: there is none, or one that cannot be read. */
  readonly card: LeaderCard | null;
  /** `null`: the key is not there. */
  readonly revision: number | null;
  /** Since when it stands still, by the time of listening. */
  readonly sinceMs: number;
  /** How long it has to, until it may be taken. */
  readonly patienceMs: number;
}

/**
 * The lead of a fleet, as one unit sees it. It is taken where whoever had it said so, or was silent for
 * {@linkcode LEASE_MS}; had for {@linkcode LEAD_MS} after each time that it was written; and always written over
 * what was seen, so that nobody ever takes it from somebody who still has it.
 */
export class Lead {
  readonly #options: LeadOptions;
  #own: Own | null = null;
  /** A lead that was asked for, and nobody knows whether it was written. */
  #asked: Own | null = null;
  #known: Known | null = null;
  #highest = 0;
  #isUp = false;
  #isBusy = false;
  #wants = true;
  #wasSure = false;

  constructor(options: LeadOptions) {
    this.#options = options;
  }

  /** Fencing number of the own lead; `null`: there is none, or it is not sure any more. */
  get term(): number | null {
    const own = this.#own;
    return own && this.#options.clock.now() - own.renewedMs < LEAD_MS ? own.term : null;
  }

  /** Who leads; `null`: nobody is known to. */
  get leader(): string | null {
    if (this.term !== null) return this.#options.unit;
    const { card, sinceMs } = this.#known ?? {};
    if (!card || this.#options.listenedMs() - sinceMs! >= LEASE_MS) return null;
    return card.unit === this.#options.unit ? null : card.unit;
  }

  /** The line is up, or not any more. What was known of the key was another server's, maybe. */
  connected(isUp: boolean): void {
    this.#isUp = isUp;
    this.#known = null;
    this.#asked = null;
    if (this.#own) {
      this.#own.isHere = false;
      this.#own.revision = null;
      this.#own.triedMs = -Infinity;
    }
  }

  /**
   * The key was told.
   *
   * @param isNews It has changed just now; otherwise it is what there was when we came.
   */
  told(entry: Entry | null, isNews: boolean): void {
    const before = this.#known;
    if (entry && before?.revision && entry.revision <= before.revision) return;
    const card = entry && this.#read(entry);
    const sinceMs = this.#options.listenedMs();
    this.#known = {
      card,
      revision: entry && entry.revision,
      sinceMs,
      patienceMs: entry ? LEASE_MS : isNews ? 0 : CLAIM_MS,
    };
    this.#highest = Math.max(this.#highest, card?.term ?? 0);
    if (card) this.#meet(card, entry!.revision);
    const saidBefore = before?.card ? before.card.unit : null;
    if (card && saidBefore !== card.unit && card.unit !== this.#options.unit) {
      this.#options.log.info("another unit leads", { leader: card.unit, term: card.term });
    }
    this.tick();
    this.#options.changed();
  }

  /** Time has passed. */
  tick(): void {
    if (this.#wasSure && this.term === null) {
      this.#wasSure = false;
      this.#options.log.warn("this unit leads no more, its lead could not be renewed", {
        ...this.#own && { term: this.#own.term, sinceMs: this.#sinceMs(this.#own) },
      });
      this.#options.changed();
    }
    if (!this.#isUp || this.#isBusy) return;
    const own = this.#own;
    if (own) {
      const everyMs = own.revision === null ? AGAIN_MS : BEAT_MS;
      if (this.#options.clock.now() - own.triedMs >= everyMs) this.#do(() => this.#renew(own));
      return;
    }
    const { life, listenedMs } = this.#options;
    const known = this.#known;
    if (!this.#wants || life() === null || !known) return;
    if (listenedMs() - known.sinceMs >= known.patienceMs) this.#do(() => this.#claim(known));
  }

  /** Does not want to lead, unless it does already. */
  abstain(): void {
    this.#wants = false;
  }

  /** Gives the lead up, so that another one has it at once. */
  async resign(): Promise<void> {
    this.#wants = false;
    const isSure = this.term !== null;
    this.#own = null;
    this.#asked = null;
    this.#wasSure = false;
    if (!isSure || !this.#isUp) return;
    try {
      await this.#options.keys.delete(LEADER_KEY);
    } catch (error) {
      this.#options.log.debug("lead not given back", { error: messageOf(error) });
    }
  }

  /** Somebody else's newer lead ends ours; one of ours that was asked for is there after all. */
  #meet(card: LeaderCard, revision: number): void {
    const asked = this.#asked;
    if (asked && card.life === asked.life && card.term === asked.term && this.#isOwn(card)) {
      this.#asked = null;
      asked.revision = revision;
      this.#begin(asked);
    } else if (this.#own && card.term >= this.#own.term && !this.#isOwn(card)) {
      this.#lose(`unit ${card.unit} leads`, card.term);
    }
  }

  async #renew(own: Own): Promise<void> {
    const { clock, keys } = this.#options;
    own.triedMs = clock.now();
    if (own.revision === null) {
      const entry = await keys.get(LEADER_KEY);
      if (this.#own !== own) return;
      const card = entry && this.#read(entry);
      const isOurs = card !== null && this.#isOwn(card) && card.term === own.term;
      // On another connection it may be another server's past; then only who is sure may go on.
      if (this.term === null && !(isOurs && own.isHere)) {
        return this.#lose("it was away too long", null);
      }
      if (card && !isOurs && card.term >= own.term) {
        return this.#lose(`unit ${card.unit} leads`, card.term);
      }
      own.triedMs = clock.now();
      const value = this.#cardOf(own);
      own.revision = entry
        ? await keys.update(LEADER_KEY, value, entry.revision)
        : await keys.create(LEADER_KEY, value);
    } else {
      const revision = own.revision;
      own.revision = null;
      own.revision = await keys.update(LEADER_KEY, this.#cardOf(own), revision);
    }
    if (this.#own !== own) return;
    // Somebody wrote in between: whoever it was is read next.
    if (own.revision === null) own.triedMs = -Infinity;
    else this.#renewed(own);
  }

  async #claim(known: Known): Promise<void> {
    const { clock, keys, life, unit } = this.#options;
    const term = Math.max(this.#highest, known.card?.term ?? 0) + 1;
    const triedMs = clock.now();
    const own: Own = {
      life: life()!,
      term,
      beat: 0,
      revision: null,
      isHere: true,
      renewedMs: triedMs,
      triedMs,
    };
    this.#asked = own;
    this.#highest = term;
    const value = encodeLeaderCard({ unit, life: own.life, beat: 0, term });
    const revision = known.revision === null
      ? await keys.create(LEADER_KEY, value)
      : await keys.update(LEADER_KEY, value, known.revision);
    if (this.#asked !== own) return;
    this.#asked = null;
    if (revision === null) {
      // Another one was faster; its card is on its way.
      if (this.#known === known) this.#known = { ...known, sinceMs: this.#options.listenedMs() };
      return;
    }
    own.revision = revision;
    this.#begin(own);
  }

  #begin(own: Own): void {
    if (!this.#wants) return;
    this.#own = own;
    this.#highest = Math.max(this.#highest, own.term);
    this.#wasSure = this.term !== null;
    this.#options.log.info("this unit leads", { term: own.term });
    this.#options.changed();
  }

  #renewed(own: Own): void {
    own.isHere = true;
    own.renewedMs = own.triedMs;
    if (this.#wasSure || this.term === null) return;
    this.#wasSure = true;
    this.#options.log.info("this unit leads again", { term: own.term });
    this.#options.changed();
  }

  #lose(why: string, term: number | null): void {
    // Of one that could not be renewed for long this was said then.
    if (this.#wasSure) {
      this.#options.log.warn("this unit leads no more", { why, ...term !== null && { term } });
    }
    this.#own = null;
    this.#wasSure = false;
    this.#options.changed();
  }

  #cardOf(own: Own) {
    own.beat++;
    const { life, term, beat } = own;
    return encodeLeaderCard({ unit: this.#options.unit, life, beat, term });
  }

  #isOwn(card: LeaderCard): boolean {
    return card.unit === this.#options.unit && card.life === this.#options.life();
  }

  #sinceMs(own: Own): number {
    return Math.round(this.#options.clock.now() - own.renewedMs);
  }

  /** What cannot be read says nothing; it is written over once it stood still for long enough. */
  #read(entry: Entry): LeaderCard | null {
    try {
      return parseLeaderCard(LEADER_KEY, entry.value);
    } catch (error) {
      this.#options.log.error("card of who leads cannot be read", { error: messageOf(error) });
      return null;
    }
  }

  /** One thing at a time. */
  async #do(work: () => Promise<void>): Promise<void> {
    this.#isBusy = true;
    try {
      await work();
    } catch (error) {
      this.#options.log.debug("lead not written", { error: messageOf(error) });
    }
    this.#isBusy = false;
  }
}

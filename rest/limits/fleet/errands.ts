/**
 * What this unit wants, and has, of those who have the say: for its callers, and for the requests of others that
 * have passed its buckets. Each goes to whoever has the say over its key, and when that is somebody else it goes
 * there: what waits asks anew, at its old place in the order, and what is out is told.
 *
 * Where the one who has the say does not answer, it is this unit by itself, with an even share of the limits.
 *
 * @module
 */

import type { Cancel, Clock } from "../../../ports/clock.ts";
import {
  type Answer,
  type Authority,
  type Claim,
  type Outcome,
  placeKey,
  type Want,
} from "./authority.ts";
import { Memory } from "./memory.ts";

/** Before what somebody else has the say over is asked for again, where the two do not agree on who that is. */
const RETRY_MS = 200;

/** What somebody does with one. */
export interface Errand {
  /** Wants it no more. */
  leave(): void;
  /** It was given, and is over. */
  over(outcome: Outcome): void;
}

/** Hears what becomes of it. */
export type Hears = Omit<Answer, "moved">;

/** Who has the say over a key now: another one after anything has changed. */
export type AuthorityOf = (key: string) => Authority;

interface Open {
  readonly want: Want;
  readonly hears: Hears;
  isGiven: boolean;
  /** `null`: it could not be placed, and is tried again soon. */
  at: Place | null;
}

interface Place extends Knower {
  readonly claim: Claim;
}

/** Somebody who has been told, and in which life of its memory. */
interface Knower {
  readonly authority: Authority;
  readonly epoch: number;
}

/** The errands of one unit. */
export class Errands {
  readonly #clock: Clock;
  readonly #authorityOf: AuthorityOf;
  readonly #open = new Set<Open>();
  readonly #memory = new Memory<Knower>();
  /** Credential → until when Discord refuses its requests, and who knows. */
  readonly #pauses = new Map<string, { readonly untilMs: number; knower: Knower }>();
  #cancelRetry: Cancel | null = null;

  constructor(clock: Clock, authorityOf: AuthorityOf) {
    this.#clock = clock;
    this.#authorityOf = authorityOf;
  }

  /** Wants something. */
  begin(want: Want, hears: Hears): Errand {
    const open: Open = { want, hears, isGiven: false, at: null };
    this.#open.add(open);
    this.#ask(open);
    return this.#errand(open);
  }

  /** Takes something without waiting. */
  take(want: Want): Errand {
    const open: Open = { want, hears: DEAF, isGiven: true, at: null };
    this.#open.add(open);
    this.#adopt(open);
    return this.#errand(open);
  }

  /** Discord has refused a request for its credential's sake. */
  pause(credential: string, forMs: number): void {
    const knower = this.#knower(placeKey(credential));
    this.#pauses.set(credential, { untilMs: this.#clock.now() + forMs, knower });
    knower.authority.pause(credential, forMs);
  }

  /** Somebody else who has the say has told of a pause, or of its end. */
  hearPause(credential: string, forMs: number): void {
    const knower = this.#knower(placeKey(credential));
    this.#pauses.set(credential, { untilMs: this.#clock.now() + forMs, knower });
  }

  /** How long Discord refuses the requests of a credential yet, as far as is known. */
  pausedMs(credential: string): number {
    const untilMs = this.#pauses.get(credential)?.untilMs ?? -Infinity;
    return Math.max(0, untilMs - this.#clock.now());
  }

  /** Others have the say over some keys, or have forgotten what they were asked. */
  moved(): void {
    const nowMs = this.#clock.now();
    for (const { seen, report } of this.#memory.alive(nowMs)) {
      const knower = this.#knower(seen.want.key);
      if (!isOther(seen.knower, knower)) continue;
      seen.knower = knower;
      knower.authority.recall(seen.want, report);
    }
    for (const [credential, pause] of this.#pauses) {
      const knower = this.#knower(placeKey(credential));
      if (pause.untilMs <= nowMs) this.#pauses.delete(credential);
      else if (isOther(pause.knower, knower)) {
        pause.knower = knower;
        knower.authority.pause(credential, pause.untilMs - nowMs);
      }
    }
    const moving = [...this.#open]
      .filter(({ want, at }) => at === null || isOther(at, this.#knower(want.key)));
    // First what is out: it counts before anything more is given.
    for (const open of moving) if (open.isGiven) this.#move(open, () => this.#adopt(open));
    const waiting = moving.filter(({ isGiven }) => !isGiven);
    for (const open of waiting.sort((a, b) => a.want.arrival - b.want.arrival)) {
      this.#move(open, () => this.#ask(open));
    }
  }

  #errand(open: Open): Errand {
    const end = () => {
      this.#open.delete(open);
      const { at } = open;
      open.at = null;
      return at;
    };
    return {
      leave: () => end()?.claim.leave(),
      over: (outcome) => {
        const at = end();
        if (open.want.kind === "permit" && at && typeof outcome === "object") {
          this.#memory.note(open.want, outcome, at, this.#clock.now());
        }
        at?.claim.over(outcome);
      },
    };
  }

  #move(open: Open, place: () => void): void {
    const { at } = open;
    open.at = null;
    place();
    if (open.isGiven) at?.claim.over("unused");
    else at?.claim.leave();
  }

  #ask(open: Open): void {
    const { want, hears } = open;
    const knower = this.#knower(want.key);
    const isStill = () => this.#open.has(open) && open.at === place;
    const claim = knower.authority.ask(want, {
      given: () => {
        if (!isStill()) return claim.leave();
        open.isGiven = true;
        hears.given();
      },
      refused: (why, retryAfterMs) => {
        if (!isStill()) return;
        this.#open.delete(open);
        hears.refused(why, retryAfterMs);
      },
      moved: () => {
        if (!isStill()) return;
        open.at = null;
        this.#retry();
      },
    });
    const place: Place = { ...knower, claim };
    open.at = place;
  }

  #adopt(open: Open): void {
    const knower = this.#knower(open.want.key);
    open.at = { ...knower, claim: knower.authority.adopt(open.want) };
  }

  #retry(): void {
    this.#cancelRetry ??= this.#clock.after(RETRY_MS, () => {
      this.#cancelRetry = null;
      this.moved();
    });
  }

  #knower(key: string): Knower {
    const authority = this.#authorityOf(key);
    return { authority, epoch: authority.epoch };
  }
}

const DEAF: Hears = { given() {}, refused() {} };

function isOther(one: Knower, other: Knower): boolean {
  return one.authority !== other.authority || one.epoch !== other.epoch;
}

/**
 * Who goes next under the global limit of one credential, of those that have passed their buckets: by lane,
 * then in the order of arrival.
 *
 * @module
 */

import type { Cancel, Clock } from "../../ports/clock.ts";
import type { Forecast } from "./buckets.ts";
import { GlobalPace, type Place } from "./global_pace.ts";
import { type Brake, LANES } from "./permits.ts";

/** One that waits for its turn. */
export interface Turn {
  /** See {@linkcode LANES}; a lower number goes first. */
  readonly lane: number;
  readonly arrival: number;
  /** What slows it down beside the limit. */
  readonly brake: Brake;
  /** Whether it could still go, if it were its turn. */
  isCurrent(): boolean;
  /** It cannot any more, and is out of the line. */
  stale(): void;
  /** It is its turn. */
  go(taken: Taken): void;
}

/** A place under the limit that somebody has taken. */
export interface Taken {
  /** Discord has not refused the request. */
  pass(): void;
  /** The request is over, or did not go out. */
  end(): void;
}

/** Who gives turns to the requests of one credential. */
export interface Turns {
  /** Waits for its turn, which may come within the call. */
  enter(turn: Turn): void;
  /** Does not want any more; whether it still waited. */
  leave(turn: Turn): boolean;
  /** Takes a place without waiting: the others make room for it. */
  beside(): Taken;
  /** Discord has refused a request for the limit's sake: nothing goes out for so long. */
  pause(forMs: number): void;
  /** How long one that comes now would have to wait at least. */
  foresee(): Forecast;
  /** Whether forgetting it loses nothing that holds. */
  isIdle(): boolean;
}

/** Why one waits here, in words for the caller. */
export const GLOBAL_IS_USED_UP = "the global limit is used up";

/** Those that wait, by lane, each in the order of arrival. */
export class Waiting<One extends Pick<Turn, "lane" | "arrival">> {
  readonly #lanes = Object.values(LANES).map((): One[] => []);

  /** How many wait, or how many of a lane. */
  count(lane?: number): number {
    if (lane !== undefined) return this.#lanes[lane]!.length;
    return this.#lanes.reduce((sum, { length }) => sum + length, 0);
  }

  /** Who is next. */
  first(): One | undefined {
    return this.#lanes.find(({ length }) => length > 0)?.[0];
  }

  /** Who is so far behind the first of its lane. */
  at(lane: number, behind: number): One | undefined {
    return this.#lanes[lane]![behind];
  }

  /** Adds one at its place in the order: nearly always at the end of its lane. */
  add(one: One): void {
    const lane = this.#lanes[one.lane]!;
    const at = lane.findLastIndex(({ arrival }) => arrival <= one.arrival);
    lane.splice(at + 1, 0, one);
  }

  /** Takes one out; whether it was there. */
  remove(one: One): boolean {
    const lane = this.#lanes[one.lane]!;
    const at = lane.indexOf(one);
    if (at >= 0) lane.splice(at, 1);
    return at >= 0;
  }
}

/** The turns of a credential whose limit is kept here. */
export class PaceTurns implements Turns {
  readonly #clock: Clock;
  readonly #pace: GlobalPace;
  readonly #waiting = new Waiting<Turn>();
  #cancelWake: Cancel | null = null;

  /** @param perSecond Asked with each request. */
  constructor(clock: Clock, perSecond: () => number) {
    this.#clock = clock;
    this.#pace = new GlobalPace(perSecond);
  }

  /** See {@linkcode Turns.enter}. */
  enter(turn: Turn): void {
    this.#waiting.add(turn);
    this.#pump();
  }

  /** See {@linkcode Turns.leave}. */
  leave(turn: Turn): boolean {
    return this.#waiting.remove(turn);
  }

  /** See {@linkcode Turns.beside}. */
  beside(): Taken {
    return this.#taken(this.#pace.take(this.#clock.now(), false));
  }

  /** See {@linkcode Turns.pause}. */
  pause(forMs: number): void {
    const nowMs = this.#clock.now();
    this.#pace.pause(nowMs + forMs, nowMs);
  }

  /** See {@linkcode Turns.foresee}. */
  foresee(): Forecast {
    return { waitMs: this.#pace.foreseeMs(this.#clock.now()), why: GLOBAL_IS_USED_UP };
  }

  /** See {@linkcode Turns.isIdle}. */
  isIdle(): boolean {
    return this.#waiting.count() === 0 && this.#pace.isIdle(this.#clock.now());
  }

  #pump(): void {
    for (let turn = this.#waiting.first(); turn; turn = this.#waiting.first()) {
      if (!turn.isCurrent()) {
        this.#waiting.remove(turn);
        turn.stale();
        continue;
      }
      const nowMs = this.#clock.now();
      const waitMs = Math.max(this.#pace.waitMs(nowMs), turn.brake.waitMs(nowMs));
      if (waitMs > 0) return this.#wake(waitMs);
      this.#waiting.remove(turn);
      turn.brake.take(nowMs);
      turn.go(this.#taken(this.#pace.take(nowMs)));
    }
  }

  #taken(place: Place): Taken {
    return {
      pass: () => this.#pace.pass(place, this.#clock.now()),
      // What went out, or may have, holds its place for a while: Discord's seconds are not ours.
      end: () => {
        this.#pace.settle(place, this.#clock.now());
        this.#pump();
      },
    };
  }

  #wake(waitMs: number): void {
    this.#cancelWake?.();
    this.#cancelWake = waitMs < Infinity ? this.#clock.after(waitMs, () => this.#pump()) : null;
  }
}

/**
 * Turns under a global limit that somebody else may keep: for each request that has passed its buckets a place
 * is asked for, and whichever is the first when one comes has it.
 *
 * @module
 */

import type { Forecast } from "../buckets.ts";
import { GLOBAL_IS_USED_UP, type Taken, type Turn, type Turns, Waiting } from "../turns.ts";
import { placeKey, type PlaceWant } from "./authority.ts";
import type { Errand, Errands } from "./errands.ts";

/** Places of a lane that are asked for at a time: as many as may come before more are asked for. */
const MOST_ASKED = 64;

/** The turns of one credential. */
export class FleetTurns implements Turns {
  readonly #credential: string;
  readonly #errands: Pick<Errands, "begin" | "take" | "pause" | "pausedMs">;
  readonly #waiting = new Waiting<Turn>();
  /** What was asked for, by lane, the oldest first. */
  readonly #asked = new Map<number, Errand[]>();
  #out = 0;

  /** @param credential Its name. */
  constructor(
    credential: string,
    errands: Pick<Errands, "begin" | "take" | "pause" | "pausedMs">,
  ) {
    this.#credential = credential;
    this.#errands = errands;
  }

  /** See {@linkcode Turns.enter}. */
  enter(turn: Turn): void {
    this.#waiting.add(turn);
    this.#balance(turn.lane);
  }

  /** See {@linkcode Turns.leave}. */
  leave(turn: Turn): boolean {
    const waited = this.#waiting.remove(turn);
    this.#balance(turn.lane);
    return waited;
  }

  /** See {@linkcode Turns.beside}. */
  beside(): Taken {
    return this.#taken(this.#errands.take(this.#want(0, 0)));
  }

  /** See {@linkcode Turns.pause}. */
  pause(forMs: number): void {
    this.#errands.pause(this.#credential, forMs);
  }

  /** See {@linkcode Turns.foresee}. */
  foresee(): Forecast {
    // When places come is not known here, only that those that wait, wait for them.
    const leastMs = this.#waiting.count() > 0 ? 1 : 0;
    const waitMs = Math.max(leastMs, this.#errands.pausedMs(this.#credential));
    return { waitMs, why: GLOBAL_IS_USED_UP };
  }

  /** See {@linkcode Turns.isIdle}. */
  isIdle(): boolean {
    return this.#waiting.count() === 0 && this.#out === 0;
  }

  /** Asks for as many places as there are requests that wait for one, up to a few. */
  #balance(lane: number): void {
    let asked = this.#asked.get(lane);
    if (!asked) this.#asked.set(lane, asked = []);
    const wanted = Math.min(this.#waiting.count(lane), MOST_ASKED);
    while (asked.length > wanted) asked.pop()!.leave();
    while (asked.length < wanted) {
      const { arrival } = this.#waiting.at(lane, asked.length)!;
      const errand = this.#errands.begin(this.#want(lane, arrival), {
        given: () => this.#given(lane, errand),
        // Nobody refuses a place; who did would be asked again with the next request.
        refused: () => this.#drop(lane, errand),
      });
      asked.push(errand);
    }
  }

  #given(lane: number, errand: Errand): void {
    this.#drop(lane, errand);
    const turn = this.#next();
    if (!turn) return errand.over("unused");
    turn.go(this.#taken(errand));
    this.#balance(turn.lane);
    this.#balance(lane);
  }

  /** The first that can still go. */
  #next(): Turn | undefined {
    for (let turn = this.#waiting.first(); turn; turn = this.#waiting.first()) {
      this.#waiting.remove(turn);
      if (turn.isCurrent()) return turn;
      turn.stale();
      this.#balance(turn.lane);
    }
    return undefined;
  }

  #drop(lane: number, errand: Errand): void {
    const asked = this.#asked.get(lane)!;
    const at = asked.indexOf(errand);
    if (at >= 0) asked.splice(at, 1);
  }

  #taken(errand: Errand): Taken {
    this.#out++;
    let isPassed = false;
    return {
      pass: () => void (isPassed = true),
      end: () => {
        this.#out--;
        errand.over(isPassed ? "passed" : "lost");
      },
    };
  }

  #want(lane: number, arrival: number): PlaceWant {
    const credential = this.#credential;
    return { kind: "place", key: placeKey(credential), credential, lane, arrival };
  }
}

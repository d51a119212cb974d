/**
 * How a reshard is to go on: what the operator, or the bot's fate, has made of it. What is said holds at once; of what
 * several units say the last counts.
 *
 * @module
 */

import { type Move, type ReshardRecord, withMove } from "../record.ts";

/** What can be said. */
export type Steered = Partial<Pick<Move, "goal" | "isPaused" | "failed">>;

/** What was said last. */
export class Steering {
  #said: Pick<Move, "goal" | "isPaused" | "failed" | "steered">;

  constructor(move: Move) {
    this.#said = saidIn(move);
  }

  /** All of it, as it is written down. */
  get said(): Pick<Move, "goal" | "isPaused" | "failed" | "steered"> {
    return this.#said;
  }

  /** The total that all lots are to go to. */
  get goal(): number {
    return this.#said.goal;
  }

  /** Whether no further lot begins. */
  get isPaused(): boolean {
    return this.#said.isPaused;
  }

  /** Why it goes back by itself; `null`: it does not. */
  get failed(): string | null {
    return this.#said.failed;
  }

  /** Somebody says so here. */
  change(changed: Steered): void {
    this.#said = { ...this.#said, ...changed, steered: this.#said.steered + 1 };
  }

  /** What is written down; gives whether others have said something since. */
  take(move: Move): boolean {
    if (move.steered <= this.#said.steered) return false;
    this.#said = saidIn(move);
    return true;
  }

  /** The move has ended, with all lots there. */
  endAt(goal: number): void {
    this.#said = { ...this.#said, goal };
  }

  /** A record in which it is written down, where nobody has said anything since. */
  in(record: ReshardRecord): ReshardRecord {
    const isNewer = this.#said.steered > (record.move?.steered ?? 0);
    return isNewer ? withMove(record, this.#said) : record;
  }
}

function saidIn({ goal, isPaused, failed, steered }: Move) {
  return { goal, isPaused, failed, steered };
}

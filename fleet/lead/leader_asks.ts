/**
 * Questions to whoever leads, be it this unit.
 *
 * @module
 */

import type { Cancel } from "../../ports/clock.ts";
import type { Bus, Json } from "../../ports/fleet/bus.ts";
import { cannot } from "../../protocol/errors.ts";
import type { Leading } from "./leading.ts";
import { changeOf, type Word, WORDS } from "./requests.ts";

/** Who leads has this long to answer; then it is asked again, or another one. */
const ANSWER_MS = 5_000;

/**
 * Asks whoever leads, by its name: one that stands still and led before would answer to a subject of the leader's
 * for as long as its connection lasts. Answers what it is asked itself; where it does not lead that is `away`.
 */
export class LeaderAsks {
  readonly #unit: string;
  readonly #bus: Bus;
  readonly #leading: Pick<Leading, "change">;
  readonly #cancels: readonly Cancel[];

  constructor(unit: string, bus: Bus, leading: Pick<Leading, "change">) {
    this.#unit = unit;
    this.#bus = bus;
    this.#leading = leading;
    this.#cancels = WORDS.map((word) =>
      bus.answer(subjectOf(unit, word), (value) => this.#answer(word, value))
    );
  }

  /**
   * Resolves once what is asked is written down.
   *
   * @param leader Who leads; `null`: nobody is known to.
   * @throws {GatehouseError} `away` and `deadline` where nobody leads, or answers; what whoever leads refuses with.
   */
  async tell(leader: string | null, word: Word, value: Json): Promise<void> {
    if (leader === null) {
      throw cannot(`tell who leads the fleet what was ${word}`, "away", "peer")("nobody does");
    }
    if (leader === this.#unit) await this.#answer(word, value);
    else await this.#bus.ask(subjectOf(leader, word), value, ANSWER_MS);
  }

  /** Answers nothing any more. */
  end(): void {
    for (const cancel of this.#cancels) cancel();
  }

  async #answer(word: Word, value: Json): Promise<Json> {
    await this.#leading.change(changeOf(word, value));
    return null;
  }
}

function subjectOf(unit: string, word: Word): string {
  return `unit.${unit}.${word}`;
}

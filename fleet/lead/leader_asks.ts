/**
 * Questions to whoever leads, be it this unit.
 *
 * @module
 */

import type { Cancel } from "../../ports/clock.ts";
import type { Bus, Json } from "../../ports/fleet/bus.ts";
import type { Leading } from "./leading.ts";
import { changeOf, LEADER_SUBJECTS, type LeaderSubject } from "./requests.ts";

/** Who leads has this long to answer; then it is asked again, or another one. */
const ANSWER_MS = 5_000;

/** Asks whoever leads, and answers while this unit does. */
export class LeaderAsks {
  readonly #bus: Bus;
  readonly #leading: Pick<Leading, "change">;
  #answering: Cancel[] = [];

  constructor(bus: Bus, leading: Pick<Leading, "change">) {
    this.#bus = bus;
    this.#leading = leading;
  }

  /** Whether this unit leads. */
  set isLeading(isLeading: boolean) {
    if (isLeading === this.#answering.length > 0) return;
    for (const cancel of this.#answering) cancel();
    this.#answering = !isLeading
      ? []
      : LEADER_SUBJECTS.map((subject) =>
        this.#bus.answer(subject, (value) => this.#answer(subject, value))
      );
  }

  /**
   * Resolves once what is asked is written down.
   *
   * @throws {GatehouseError} `away` and `deadline` where nobody leads, or answers; what whoever leads refuses with.
   */
  async tell(subject: LeaderSubject, value: Json): Promise<void> {
    if (this.#answering.length > 0) await this.#answer(subject, value);
    else await this.#bus.ask(subject, value, ANSWER_MS);
  }

  async #answer(subject: LeaderSubject, value: Json): Promise<Json> {
    await this.#leading.change(changeOf(subject, value));
    return null;
  }
}

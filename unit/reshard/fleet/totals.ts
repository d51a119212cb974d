/**
 * Has the assignment of a fleet follow its record of who serves what: while guilds move there are the shards of both
 * totals, and those of each lot are on one unit; before and after, those of the total that serves.
 *
 * Whoever leads does so, by what is written down alone: one that takes over the lead in the middle goes on.
 *
 * @module
 */

import type { Cancel } from "../../../ports/clock.ts";
import type { World } from "../../../ports/world.ts";
import { messageOf } from "../../../protocol/errors.ts";
import type { Assignment } from "../../../protocol/fleet.ts";
import { greatestCommonDivisor } from "../../../protocol/reshard.ts";
import type { ReshardRecord } from "../record.ts";
import type { ReshardingView } from "./fleet_share.ts";

/** What could not be had is asked for again so much later. */
const AGAIN_MS = 1_000;

/** Totals that are to be there, the first of which serves what has not moved. */
export interface WantedTotals {
  readonly kind: "serve";
  readonly totals: readonly number[];
  /** Shards that leave one rest by it are to be on one unit; `null`: each is by itself. */
  readonly lots: number | null;
}

/** What there is to be by a record. Pure. */
export function wantedTotals({ total, move }: ReshardRecord): WantedTotals {
  if (!move) return { kind: "serve", totals: [total], lots: null };
  return {
    kind: "serve",
    totals: [total, move.to],
    lots: greatestCommonDivisor(total, move.to),
  };
}

/** Whether an assignment says so already. */
export function isWanted({ totals, lots }: Assignment, wanted: WantedTotals): boolean {
  return (lots ?? null) === wanted.lots &&
    totals.map(({ total }) => total).join() === wanted.totals.join();
}

/** What it takes. */
export interface FleetTotalsOptions extends Pick<World, "clock" | "log"> {
  readonly fleet: ReshardingView & { want(wanted: WantedTotals): Promise<void> };
  /** As it is written down; `null`: it is not known here. */
  readonly record: () => ReshardRecord | null;
}

/** The totals of a fleet. */
export class FleetTotals {
  readonly #options: FleetTotalsOptions;
  #isAsking = false;
  #cancelAgain: Cancel = () => {};
  #isStopped = false;

  constructor(options: FleetTotalsOptions) {
    this.#options = options;
  }

  /** The record is another, or the assignment, or who leads. */
  look(): void {
    const { fleet, record } = this.#options;
    const known = record();
    const { assignment } = fleet;
    if (this.#isStopped || this.#isAsking || fleet.term === null || !known || !assignment) return;
    const wanted = wantedTotals(known);
    if (!isWanted(assignment, wanted)) void this.#want(wanted);
  }

  /** Wants nothing any more. */
  stop(): void {
    this.#isStopped = true;
    this.#cancelAgain();
  }

  async #want(wanted: WantedTotals): Promise<void> {
    const { fleet, log, clock } = this.#options;
    this.#isAsking = true;
    try {
      await fleet.want(wanted);
      log.info("the fleet has other shards", { totals: wanted.totals.join(" and ") });
    } catch (error) {
      log.warn("the fleet has not got the shards yet that it is to have", {
        totals: wanted.totals.join(" and "),
        error: messageOf(error),
      });
    }
    this.#isAsking = false;
    // What was written is known here a little later; what was not is asked for again.
    this.#cancelAgain();
    this.#cancelAgain = clock.after(AGAIN_MS, () => this.look());
  }
}

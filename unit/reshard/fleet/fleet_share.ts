/**
 * Which part of a reshard is a unit's that has some of its fleet's shards: the lots of which all shards are here, and
 * stay.
 *
 * ```ts ignore
 * const records = new FleetRecords({ line, store, log, isOfFleet, has: (shard) => keeper.has(shard) });
 * const share = new FleetShare({ clock, bus: line.bus, fleet, has: (shard) => keeper.has(shard) });
 * const reshards = new Reshards({ …, record: (await records.load())!, records, share });
 * const totals = new FleetTotals({ clock, log, fleet, record: () => reshards.record });
 * fleet.watch(() => {
 *   reshards.shared();
 *   totals.look();
 * });
 * // Holdings.take: await reshards.claim([shard]), before the shard comes up.
 * // Holdings.give: await reshards.left([shard]), before it is closed.
 * // Reshards' `recorded`, and whenever the keeper's shards have changed: reshards.shared(), totals.look().
 * ```
 *
 * @module
 */

import type { Bus } from "../../../ports/fleet/bus.ts";
import type { Clock } from "../../../ports/clock.ts";
import { type Assignment, nextIn, ownerIn } from "../../../protocol/fleet.ts";
import type { ShardKey } from "../../../protocol/ids.ts";
import type { Hold, LotsUnderWay, Share } from "../lots/share.ts";
import { LotReports } from "./reports.ts";

/** The fleet as a unit's reshards see it. */
export interface ReshardingView {
  /** The name of this unit. */
  readonly self: string;
  /** The newest that is known; `null`: none is. */
  readonly assignment: Assignment | null;
  /** Fencing number of this unit's lead; `null`: it does not lead. */
  readonly term: number | null;
}

/** What it takes. */
export interface FleetShareOptions {
  readonly clock: Clock;
  readonly bus: Bus;
  readonly fleet: ReshardingView;
  /** Whether a shard has been taken up here, and not been given away. */
  readonly has: (shard: ShardKey) => boolean;
}

/** The part of a unit of a fleet. */
export class FleetShare implements Share {
  readonly unit: string;
  readonly #options: FleetShareOptions;
  readonly #reports: LotReports;

  constructor(options: FleetShareOptions) {
    this.#options = options;
    this.unit = options.fleet.self;
    this.#reports = new LotReports({ ...options, self: this.unit });
  }

  /** See {@linkcode Share}. */
  get epoch(): number {
    return this.#options.fleet.assignment?.epoch ?? 0;
  }

  /** See {@linkcode Share}. What the assignment says and is not done yet does not count. */
  holdOf(shard: ShardKey): Hold {
    const { fleet: { assignment }, has } = this.#options;
    if (assignment === null || !has(shard) || ownerIn(assignment, shard) !== this.unit) return null;
    return nextIn(assignment, shard) === null ? "stays" : "leaves";
  }

  /** See {@linkcode Share}. */
  get isLeader(): boolean {
    return this.#options.fleet.term !== null;
  }

  /** See {@linkcode Share}. */
  get others(): readonly LotsUnderWay[] {
    return this.#reports.others;
  }

  /** See {@linkcode Share}. */
  tell(own: LotsUnderWay): void {
    this.#reports.tell(own);
  }

  /** Hears nothing more of the others. */
  stop(): void {
    this.#reports.stop();
  }
}

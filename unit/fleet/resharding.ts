/**
 * The reshards of a fleet, joined with what a unit of it does: what is written down of them, which part is this
 * unit's, and which totals there are to be.
 *
 * @module
 */

import { type Cancel, sleep } from "../../ports/clock.ts";
import type { FleetLine } from "../../ports/fleet/fleet.ts";
import type { World } from "../../ports/world.ts";
import { messageOf } from "../../protocol/errors.ts";
import type { ShardKey } from "../../protocol/ids.ts";
import { FleetShare } from "../reshard/fleet/fleet_share.ts";
import { FleetTotals } from "../reshard/fleet/totals.ts";
import type { ReshardRecord } from "../reshard/record.ts";
import type { Reshards } from "../reshard/reshards.ts";
import { FleetRecords } from "../reshard/written/fleet_records.ts";
import type { Holdings } from "./holdings.ts";
import type { FleetSeat } from "./seat.ts";

/** What cannot be read is asked for again so much later. */
const AGAIN_MS = 1_000;

/** What joining takes. */
export interface FleetReshardsOptions extends Pick<World, "clock" | "log" | "store"> {
  readonly line: FleetLine;
  readonly seat: FleetSeat;
  /** Whether what the state folder has is of this fleet. */
  readonly isOfFleet: boolean;
  /** Whether a shard has been taken up here, and not been given away. */
  readonly has: (shard: ShardKey) => boolean;
}

/** What of a unit's reshards is asked for from here. */
export type JoinedReshards = Pick<Reshards, "claim" | "left" | "record" | "shared">;

/** The reshards of a fleet, on one of its units. */
export class FleetReshards {
  readonly records: FleetRecords;
  readonly share: FleetShare;
  readonly #options: FleetReshardsOptions;
  readonly #totals: FleetTotals;
  #reshards: JoinedReshards | null = null;
  #cancelWatch: Cancel = () => {};
  #cancelLook: Cancel | null = null;
  #isStopped = false;

  constructor(options: FleetReshardsOptions) {
    const { line, seat } = options;
    this.#options = options;
    this.records = new FleetRecords(options);
    this.share = new FleetShare({ ...options, bus: line.bus, fleet: seat });
    this.#totals = new FleetTotals({
      ...options,
      fleet: seat,
      record: () => this.#reshards?.record ?? null,
    });
  }

  /** What is written down; `null`: nothing is. Asks for as long as it takes, or until it is stopped: then it rejects. */
  async load(): Promise<ReshardRecord | null> {
    const { clock, log } = this.#options;
    for (;;) {
      try {
        return await this.records.load();
      } catch (error) {
        if (this.#isStopped) throw error;
        log.debug("the fleet's reshards cannot be read yet", { error: messageOf(error) });
        await sleep(clock, AGAIN_MS);
      }
    }
  }

  /** The unit is there: it follows what all have written down. */
  join(reshards: JoinedReshards): void {
    this.#reshards = reshards;
    this.#cancelWatch = this.#options.seat.watch(() => this.look());
    this.look();
  }

  /** Shards have come or gone, or what is written down is another. */
  look(): void {
    if (this.#isStopped) return;
    this.#cancelLook ??= this.#options.clock.after(0, () => {
      this.#cancelLook = null;
      this.#reshards?.shared();
      this.#totals.look();
    });
  }

  /** The same holdings, which take and give no shard in the middle of a cut. */
  guarded(holdings: Holdings): Holdings {
    return {
      take: async (shard, ...from) => {
        await this.#reshards!.claim([shard]);
        await holdings.take(shard, ...from);
      },
      give: async (shard, to) => {
        await this.#reshards!.left([shard]);
        await holdings.give(shard, to);
      },
      lose: (shard) => holdings.lose(shard),
    };
  }

  /** Follows nothing more. */
  stop(): void {
    this.#isStopped = true;
    this.#cancelWatch();
    this.#cancelLook?.();
    this.#totals.stop();
    this.share.stop();
  }
}

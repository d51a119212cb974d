/**
 * A lot whose new shards are to serve, as it is written down.
 *
 * @module
 */

import { GatehouseError } from "../../../protocol/errors.ts";
import { handedOver, NO_TALLY, type ReshardRecord, withMove, wordOf } from "../record.ts";
import type { Share } from "./share.ts";
import type { CutResult } from "./sides.ts";

/** A lot whose new shards are to serve, as it is to be written down. */
export interface Handed extends CutResult {
  readonly rest: number;
  /** The total that is to serve. */
  readonly total: number;
  readonly guilds: number;
}

/**
 * The record in which a lot is handed over, and counted. Pure.
 *
 * @throws {GatehouseError} `away` where another unit has the lot by a newer assignment.
 */
export function withHanded(
  record: ReshardRecord,
  { rest, total, cuts, guilds, anchors, quiet, forced }: Handed,
  { unit, epoch }: Pick<Share, "unit" | "epoch">,
): ReshardRecord {
  if (wordOf(record, rest).epoch > epoch) {
    const text = `Cannot hand lot ${rest} over: another unit has it by a newer assignment`;
    throw new GatehouseError("away", "host", text);
  }
  const after = handedOver(record, rest, total, cuts, epoch);
  const { tallies } = after.move!;
  const tally = tallies[unit] ?? NO_TALLY;
  const own = {
    ...tally,
    guilds: tally.guilds + guilds,
    anchors: tally.anchors + anchors,
    quiet: tally.quiet + quiet,
    forced: tally.forced + forced,
  };
  return withMove(after, { tallies: { ...tallies, [unit]: own } });
}

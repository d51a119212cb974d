/**
 * Which part of a reshard is this unit's: of a unit by itself all of it; in a fleet the lots of which it has all
 * shards, of both totals.
 *
 * @module
 */

import type { ShardKey } from "../../../protocol/ids.ts";
import type { Lot, LotSnapshot } from "../../../protocol/reshard.ts";
import type { LotNeed } from "./pace.ts";

/** What a unit has of a shard: it `stays`, or `leaves` for another unit; `null`: it has not got it. */
export type Hold = "stays" | "leaves" | null;

/** Lots that a unit is under way with, as the others are told. */
export interface LotsUnderWay {
  readonly unit: string;
  /** Of the record by which it does so. */
  readonly turn: number;
  readonly lots: readonly Pick<LotSnapshot, "rest" | "phase" | "reason" | "sinceMs">[];
  /** What their shards take yet. */
  readonly need: LotNeed;
}

/** A unit's part of a reshard. */
export interface Share {
  /** The name of this unit; empty: it is by itself. */
  readonly unit: string;
  /** Of the assignment by which it has what it has. */
  readonly epoch: number;
  /** What it has of a shard. */
  holdOf(shard: ShardKey): Hold;
  /** Whether this one says that all are where they are to be. */
  readonly isLeader: boolean;
  /** What the others are under way with. */
  readonly others: readonly LotsUnderWay[];
  /** Tells them what this one is under way with. */
  tell(own: LotsUnderWay): void;
}

/** A unit by itself. */
export const ALONE: Share = {
  unit: "",
  epoch: 0,
  holdOf: () => "stays",
  isLeader: true,
  others: [],
  tell() {},
};

/**
 * What a unit has of a lot on its way from one total to the other: it is this unit's where all its shards stay; one of
 * which a shard is another's is nobody's to hand over.
 */
export function holdOfLot(share: Share, lot: Lot, from: number, to: number): Hold {
  const holds = [
    ...lot.from.map((id) => share.holdOf({ total: from, id })),
    ...lot.to.map((id) => share.holdOf({ total: to, id })),
  ];
  if (holds.includes(null)) return null;
  return holds.includes("leaves") ? "leaves" : "stays";
}

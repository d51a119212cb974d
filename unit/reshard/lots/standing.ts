/**
 * How a reshard stands, in a person's words and numbers.
 *
 * @module
 */

import type { Lot, LotSnapshot, ReshardSnapshot, ReshardState } from "../../../protocol/reshard.ts";
import type { IdentifySnapshot } from "../../../protocol/status.ts";
import type { Move, MoveTally } from "../record.ts";
import { identifiesLeft, leftMs, type LotNeed, needOf } from "./pace.ts";
import type { LotsUnderWay } from "./share.ts";

/** What of a reshard is told. */
export interface Standing {
  readonly from: number;
  readonly move: Pick<Move, "to" | "by" | "startedAtMs" | "goal" | "isPaused" | "failed">;
  /** How it has ended; `null`: it has not. */
  readonly final: ReshardState | null;
  readonly tally: MoveTally;
  readonly lots: readonly StandingLot[];
  /** Why no lot begins, where it is not that others are under way. */
  readonly held: string | null;
  readonly gate: IdentifySnapshot;
}

/** A lot, and what its new shards will take yet. */
export interface StandingLot extends LotSnapshot {
  readonly need: LotNeed;
}

/** Whether something is done with a lot. */
export function isUnderWay({ phase }: Pick<LotSnapshot, "phase">): boolean {
  return phase !== "waiting" && phase !== "moved";
}

/**
 * A lot that another unit has: as it tells, else as it is written down.
 *
 * @param shards New ones that it has.
 * @param sinceMs When the move began.
 */
export function elsewhere(
  lot: Lot,
  shards: number,
  isMoved: boolean,
  others: readonly LotsUnderWay[],
  sinceMs: number,
): StandingLot {
  const unit = others.find(({ lots }) => lots.some(({ rest }) => rest === lot.rest));
  const told = unit?.lots.find(({ rest }) => rest === lot.rest);
  const written: Pick<LotSnapshot, "phase" | "reason" | "sinceMs"> = isMoved
    ? { phase: "moved", reason: "another unit has moved it", sinceMs }
    : { phase: "waiting", reason: "another unit has it", sinceMs };
  return { ...lot, ...written, ...told, need: { shards, identifies: isMoved ? 0 : shards } };
}

/** The field `reshard` of `/control/state`. */
export function snapshotOf(standing: Standing): ReshardSnapshot {
  const { from, move, final, tally, lots, gate } = standing;
  const { to, by, startedAtMs, isPaused } = move;
  const { guilds: guildsMoved, identifies: identifiesSpent, ...cuts } = tally;
  const unmoved = lots.filter(({ phase }) => phase !== "moved" && phase !== "ending");
  const { identifies } = needOf(unmoved.map(({ need }) => need));
  return {
    from,
    to,
    state: final ?? stateOf(move),
    reason: reasonOf(standing),
    by,
    lots: lots.map(({ need: _, ...lot }) => lot),
    guildsMoved,
    ...cuts,
    identifiesSpent,
    identifiesNeeded: identifies,
    identifiesLeft: identifiesLeft(gate),
    startedAtMs,
    leftMs: final !== null ? 0 : isPaused ? null : leftMs(identifies, gate),
  };
}

function stateOf({ goal, to, isPaused }: Standing["move"]): ReshardState {
  if (isPaused) return "paused";
  return goal === to ? "running" : "cancelling";
}

function reasonOf({ from, move, final, lots, held }: Standing): string {
  const { to, goal, isPaused, failed } = move;
  if (failed !== null) return failed;
  if (final) return `${goal} shards serve all guilds`;
  const first = lots.find(isUnderWay);
  if (first) return `shards ${first.from} of ${from} to ${first.to} of ${to}: ${first.reason}`;
  return isPaused ? "it is paused" : held ?? "it is about to go on";
}

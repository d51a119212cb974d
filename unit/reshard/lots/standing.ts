/**
 * How a reshard stands, in a person's words and numbers.
 *
 * @module
 */

import type { LotSnapshot, ReshardSnapshot, ReshardState } from "../../../protocol/reshard.ts";
import type { IdentifySnapshot } from "../../../protocol/status.ts";
import type { Move, MoveTally } from "../record.ts";
import type { Handover } from "./handover.ts";
import { identifiesLeft, leftMs, needOf } from "./pace.ts";
import { lotNeed } from "./turns.ts";

/** What of a reshard is told. */
export interface Standing {
  readonly from: number;
  readonly move: Pick<Move, "to" | "by" | "startedAtMs" | "goal" | "isPaused" | "failed">;
  /** How it has ended; `null`: it has not. */
  readonly final: ReshardState | null;
  readonly tally: MoveTally;
  readonly lots: readonly Pick<Handover, "phase" | "snapshot" | "newShards" | "begin">[];
  /** Why no lot begins, where it is not that others are under way. */
  readonly held: string | null;
  readonly gate: IdentifySnapshot;
}

/** Whether something is done with a lot. */
export function isUnderWay({ phase }: Pick<LotSnapshot, "phase">): boolean {
  return phase !== "waiting" && phase !== "moved";
}

/** The field `reshard` of `/control/state`. */
export function snapshotOf(standing: Standing): ReshardSnapshot {
  const { from, move, final, tally, lots, gate } = standing;
  const { to, by, startedAtMs, isPaused } = move;
  const { guilds: guildsMoved, identifies: identifiesSpent, ...cuts } = tally;
  const unmoved = lots.filter(({ phase }) => phase !== "moved" && phase !== "ending");
  const { identifies } = needOf(unmoved.map(lotNeed));
  return {
    from,
    to,
    state: final ?? stateOf(move),
    reason: reasonOf(standing),
    by,
    lots: lots.map((lot) => lot.snapshot),
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
  const first = lots.find(isUnderWay)?.snapshot;
  if (first) return `shards ${first.from} of ${from} to ${first.to} of ${to}: ${first.reason}`;
  return isPaused ? "it is paused" : held ?? "it is about to go on";
}

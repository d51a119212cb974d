/** A reshard for tests of what reads or steers one. */

import type {
  LotPhase,
  LotSnapshot,
  ReshardSnapshot,
  ReshardState,
} from "../../protocol/reshard.ts";
import { lotsOf } from "../../protocol/reshard.ts";
import type { Resharding } from "../../unit/reshard/resharding.ts";

/** The lots of a reshard, in these phases by their order; `waiting` where none is said. */
export function lots(from: number, to: number, ...phases: LotPhase[]): LotSnapshot[] {
  return lotsOf(from, to).map((lot, i) => ({
    ...lot,
    phase: phases[i] ?? "waiting",
    reason: "",
    sinceMs: 0,
  }));
}

/** A reshard from two shards to four that has just begun, unless told otherwise. */
export function reshard(changed: Partial<ReshardSnapshot> = {}): ReshardSnapshot {
  const { from = 2, to = 4 } = changed;
  return {
    from,
    to,
    state: "running",
    reason: "",
    by: "operator",
    lots: lots(from, to),
    guildsMoved: 0,
    anchors: 0,
    quiet: 0,
    forced: 0,
    identifiesSpent: 0,
    identifiesNeeded: to,
    identifiesLeft: 898,
    startedAtMs: 0,
    leftMs: null,
    ...changed,
  };
}

/** Begins nothing: writes down what it is told, and stands as it would. */
export function notedResharding(called: unknown[] = []) {
  const noted = { called, snapshot: null as ReshardSnapshot | null };
  const stands = (state: ReshardState) => void (noted.snapshot = { ...noted.snapshot!, state });
  const steps: Omit<Resharding, "snapshot"> = {
    begin(to, by) {
      called.push(["begin", to, by]);
      return noted.snapshot = reshard({ to, by });
    },
    pause: () => (called.push(["pause"]), stands("paused")),
    resume: () => (called.push(["resume"]), stands("running")),
    cancel: () => (called.push(["cancel"]), stands("cancelling")),
  };
  return Object.assign(noted, steps);
}

/**
 * The way of one lot from one total to the other, as a table: `step(state, input) → [state, ...effects]`.
 *
 * Pure: nothing here tells, asks or writes; `handover.ts` does what the effects say. An input that is not in
 * the table for a phase is an error of ours. The picture in `docs/resharding.md` is drawn by running this table.
 *
 * @module
 */

import { GatehouseError } from "../../../protocol/errors.ts";
import type { LotPhase } from "../../../protocol/reshard.ts";
import { CELLS } from "./table.ts";
import type { Effect, Input, State, Step, Way } from "./words.ts";

/**
 * A lot as a unit finds it at its start: one that is not where it is to be waits for its turn, of one that is
 * whatever an earlier life may have left of the other total has to end.
 */
export function newLot(way: Way, isAtGoal: boolean): State {
  const [kind, reason] = isAtGoal
    ? ["ending", "what an earlier life has left ends"] as const
    : ["waiting", "it waits for its turn"] as const;
  return { kind, way, isTurned: false, reason };
}

/**
 * What follows from `input` in `state`.
 *
 * @throws {GatehouseError} `illegal_step` when the table has no such pair. The state is unchanged.
 *
 * @example
 * ```ts
 * import { newLot, step } from "./step.ts";
 * const [state, effect] = step(newLot("there", false), { kind: "begin" });
 * console.assert(state.kind === "rising" && effect?.do === "raise");
 * ```
 */
export function step(state: State, input: Input): Step {
  const cells = CELLS[state.kind] as Partial<Record<string, (s: State, i: Input) => State>>;
  const cell = cells[input.kind];
  if (cell) {
    const after = cell(state, input);
    return [after, ...effectsOf(state, input, after)];
  }
  const text = `Cannot step lot: ${input.kind} is not expected while ${state.kind}`;
  throw new GatehouseError("illegal_step", "host", text, { state: state.kind, input: input.kind });
}

/** Phases in which what both sides see is compared. */
const COMPARED: ReadonlySet<LotPhase> = new Set(["comparing", "holding"]);
/** Phases in which the old shards are held. */
const HELD: ReadonlySet<LotPhase> = new Set(["holding", "writing"]);

/** What is to be done when `input` has led from one state to the other, in this order. */
function effectsOf(before: State, input: Input, after: State): Effect[] {
  const effects: Effect[] = [];
  const [had, has] = [before.kind, after.kind];
  const isWritten = input.kind === "written";
  if (HELD.has(had) && !HELD.has(has) && !isWritten) effects.push({ do: "lift" });
  if (COMPARED.has(had) && !COMPARED.has(has)) effects.push({ do: "stop comparing" });
  if (had === "waiting" && has === "rising") effects.push({ do: "raise" });
  if (had === "rising" && COMPARED.has(has)) effects.push({ do: "compare" });
  if (had !== "holding" && has === "holding") effects.push({ do: "hold" });
  if (isWritten) effects.push({ do: "serve" });
  const isAgain = input.kind === "unwritten" || input.kind === "unended";
  if (has === "writing" && (had !== has || isAgain)) effects.push({ do: "write", isAgain });
  if (has === "ending" && (had !== has || isAgain)) effects.push({ do: "end", isAgain });
  return effects;
}

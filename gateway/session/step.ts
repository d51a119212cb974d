/**
 * The life of one shard's session, as a table: `step(state, input) → [state, ...effects]`.
 *
 * Pure: nothing here opens, sends, waits or reads a clock; `shard.ts` does what the effects say. An
 * input that is not in the table for a state is an error of ours. Input of an old connection is
 * stale: dropped and counted. The sequence number is not here: it changes with every event and
 * decides nothing. `docs/session.md` is drawn by running this table.
 *
 * Follows [Discord Docs/Gateway](https://discord.com/developers/docs/events/gateway#connections).
 *
 * @module
 */

import { GatehouseError } from "../../protocol/errors.ts";
import { effectsOf, isConnected, refused } from "./effects.ts";
import { CELLS } from "./table.ts";
import type { Input, State, Step } from "./words.ts";

/** A shard that has not been asked for anything. */
export function newSession(): State {
  return {
    kind: "idle",
    reason: "not started",
    memory: { session: null, attempt: 0, connectFailures: 0, refusals: 0, connection: 0 },
  };
}

/**
 * What follows from `input` in `state`.
 *
 * @throws {GatehouseError} `illegal_step` when the table has no such pair. The state is unchanged.
 *
 * @example
 * ```ts
 * import { newSession, step } from "./step.ts";
 * const [state, , effect] = step(newSession(), { kind: "start", point: null, cursorFloor: 0 });
 * console.assert(state.kind === "queued" && effect?.do === "ask to identify");
 * ```
 */
export function step(state: State, input: Input): Step {
  if ("connection" in input && isStale(state, input.connection)) {
    return [state, { do: "count stale" }];
  }
  const cells = CELLS[state.kind] as Partial<Record<string, (s: State, i: Input) => State>>;
  const cell = cells[input.kind];
  if (cell) {
    const after = refused(state, input, cell(state, input));
    return [after, ...effectsOf(state, input, after)];
  }
  throw new GatehouseError(
    "illegal_step",
    "host",
    `Cannot step session: ${input.kind} is not expected while ${state.kind}`,
    { state: state.kind, input: input.kind },
  );
}

/**
 * What a dispatch of `connection` is: `stale`, of no session (`none`), the one with which the numbers
 * of a new session `begin`, or the `next`. Asked for every event, so it is no input and allocates
 * nothing; READY has to have its number before anybody is told of the state that it leads to.
 */
export function placeOf(
  state: State,
  connection: number,
  t: string | null,
): "stale" | "none" | "begin" | "next" {
  if (connection !== state.memory.connection) return "stale";
  if (state.kind === "identifying" && t === "READY") return "begin";
  return state.memory.session ? "next" : "none";
}

function isStale(state: State, connection: number): boolean {
  return connection !== state.memory.connection || !isConnected(state);
}

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
import type { ShardState } from "../../protocol/status.ts";
import { CELLS } from "./table.ts";
import type { Input, State, Step } from "./words.ts";

/** States in which a connection is open or being opened; only here can its input be fresh. */
const CONNECTED: ReadonlySet<ShardState> = new Set<ShardState>([
  "connecting",
  "hello",
  "identifying",
  "resuming",
  "ready",
  "closing",
]);

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
 * const [state, effect] = step(newSession(), { kind: "start", session: null });
 * console.assert(state.kind === "queued" && effect?.do === "ask to identify");
 * ```
 */
export function step(state: State, input: Input): Step {
  if ("connection" in input && isStale(state, input.connection)) {
    return [state, { do: "count stale" }];
  }
  const cells = CELLS[state.kind] as Partial<Record<string, (s: State, i: Input) => Step>>;
  const cell = cells[input.kind];
  if (cell) return cell(state, input);
  throw new GatehouseError(
    "illegal_step",
    "host",
    `Cannot step session: ${input.kind} is not expected while ${state.kind}`,
    { state: state.kind, input: input.kind },
  );
}

/** Whether the table has this pair. */
export function isLegal(state: ShardState, input: Input["kind"]): boolean {
  return input in CELLS[state];
}

function isStale(state: State, connection: number): boolean {
  return connection !== state.memory.connection || !CONNECTED.has(state.kind);
}

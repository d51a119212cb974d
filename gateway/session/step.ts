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
import { END_SESSION, KEEP_SESSION } from "../../protocol/discord/close_codes.ts";
import type { Cause, ShardState } from "../../protocol/status.ts";
import { cameToNothing, CELLS, DEADLINE_MS, patienceMs } from "./table.ts";
import type { Effect, Input, State, StateOf, Step } from "./words.ts";

/** A shard that has not been asked for anything. */
export function newSession(): State {
  return {
    kind: "idle",
    reason: "not started",
    memory: { session: null, attempt: 0, fruitless: 0, isPlain: false, refusals: 0, connection: 0 },
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
    const after = judged(state, input, cell(state, input));
    return [after, ...effectsOf(state, input, after)];
  }
  const text = `Cannot step session: ${input.kind} is not expected while ${state.kind}`;
  throw new GatehouseError("illegal_step", "host", text, { state: state.kind, input: input.kind });
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
  return state.memory.session || state.kind === "ready" ? "next" : "none";
}

/** Whether Discord closes the present connection with this code. */
export function isClosed({ memory }: State, input: Input, code: number): boolean {
  return input.kind === "closed" && input.code === code && input.connection === memory.connection;
}

function isStale(state: State, connection: number): boolean {
  return connection !== state.memory.connection || !isConnected(state);
}

/** RESUMEs that may go unanswered, on two hosts in turn, before the session counts as dead ("bricked"). */
export const MOST_REFUSALS = 12;

/** Why a connection ended, by what ended it; anything else had no place there. */
const CAUSES: Readonly<Partial<Record<Input["kind"], Cause>>> = {
  failed: "connect failed",
  closed: "closed by discord",
  timeout: "deadline",
  reconnect: "op 7",
  invalid: "invalid session",
  zombie: "zombie",
  restart: "requested",
};

/** Whether a connection is open or being opened: the states that hear of its end. */
export function isConnected({ kind }: State): boolean {
  return "closed" in CELLS[kind];
}

/**
 * `after` with what a connection that came to nothing adds to it: it had no HELLO, or its RESUME no
 * answer. Events are an answer, and op 9 is; what an operator wants says nothing. A session of which too many RESUMEs
 * in a row went unanswered is given up, in the open.
 */
export function judged(before: State, input: Input, after: State): State {
  if (!breaksOff(before, after) || input.kind === "restart") return after;
  if ("goal" in before) return cameToNothing(after);
  if (before.kind !== "resuming" || before.replayed) return after;
  if (input.kind === "invalid" || !after.memory.session) return after;
  const refusals = after.memory.refusals + 1;
  const { reason, memory } = after;
  if (refusals < MOST_REFUSALS) return cameToNothing({ ...after, memory: { ...memory, refusals } });
  return {
    ...after,
    reason: `${reason}; ${refusals} RESUMEs went unanswered`,
    memory: { ...memory, session: null, fruitless: 0, refusals: 0 },
  };
}

/**
 * What is to be done when `input` has led from one state to the other, in this order. Entering a state
 * and leaving one ask for the same, whatever led there, so that no cell of the table can forget it.
 */
function effectsOf(before: State, input: Input, after: State): Effect[] {
  const effects: Effect[] = [];
  if (input.kind === "start") {
    effects.push({ do: "pick up", point: input.point, cursorFloor: input.cursorFloor });
  }
  if (after.kind !== before.kind) effects.push(...entering(after, input));
  else if (after.kind === "resuming" && input.kind === "timeout") effects.push(...deadline(after));
  return [...effects, ...leaving(before, input, after)];
}

/** What entering a state asks for, before its deadline. */
const ENTRIES = {
  queued: () => ({ do: "ask to identify" }),
  connecting: ({ host, memory: { isPlain } }) => ({ do: "open", host, isPlain }),
  identifying: () => ({ do: "send identify" }),
  resuming: () => ({ do: "send resume" }),
  closing: (_, input) => ({ do: "close", code: endsSession(input) ? END_SESSION : KEEP_SESSION }),
  "backing off": ({ pause, memory }) => ({ do: "pause", pause, attempt: memory.attempt }),
} as const satisfies { [S in ShardState]?: (state: StateOf<S>, input: Input) => Effect };

function entering(state: State, input: Input): Effect[] {
  const entry =
    (ENTRIES as Partial<Record<ShardState, (s: State, i: Input) => Effect>>)[state.kind];
  return [...(entry ? [entry(state, input)] : []), ...deadline(state)];
}

function deadline({ kind, memory }: State): Effect[] {
  const afterMs = kind === "connecting" || kind === "resuming"
    ? patienceMs(memory)
    : (DEADLINE_MS as Partial<Record<ShardState, number>>)[kind];
  return afterMs === undefined ? [] : [{ do: "deadline", afterMs }];
}

function leaving(before: State, input: Input, after: State): Effect[] {
  const effects: Effect[] = [];
  const isClosed = input.kind === "closed" || input.kind === "failed";
  if (breaksOff(before, after)) {
    effects.push({ do: "count reconnect", cause: CAUSES[input.kind] ?? "corrupt frame" });
  }
  if (isClosed && before.kind !== "closing" && after.kind === "stopped") {
    const code = input.kind === "closed" ? input.code : null;
    effects.push({ do: "give up", reason: after.reason, code });
  }
  // HELLO is what a permit is used for.
  const hadPermit = wantsPermit(before) || input.kind === "permit";
  if (hadPermit && !wantsPermit(after) && input.kind !== "hello") {
    effects.push({ do: "release permit" });
  }
  if (isConnected(before) && !isConnected(after) && !isClosed) effects.push({ do: "destroy" });
  const [had, has] = [before.memory.session, after.memory.session];
  if (input.kind === "start") return effects;
  if (before.kind === "identifying" && after.kind === "ready") effects.push({ do: "keep session" });
  if (input.kind === "numbers") {
    if (had && !has) effects.push({ do: "set session aside" });
    if (!had && has) effects.push({ do: "keep session" });
  } else if (had && !has) {
    const isAsked = endsSession(input);
    const reason = isAsked ? "the end of the session was requested" : after.reason;
    effects.push({ do: "forget session", reason, isAsked });
  }
  return effects;
}

function endsSession(input: Input): boolean {
  return "session" in input && input.session === "end";
}

/** Whether a connection ends that another one is to follow. */
function breaksOff(before: State, after: State): boolean {
  if (!isConnected(before) || before.kind === "closing") return false;
  return after.kind === "backing off" || (after.kind === "closing" && after.then !== "stop");
}

/** Whether the way goes to IDENTIFY: a permit is asked for, or held. */
function wantsPermit(state: State): boolean {
  return state.kind === "queued" || ("goal" in state && state.goal === "identify");
}

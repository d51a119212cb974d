/**
 * Draws the life of a session by running its table: every state that can be reached, every input
 * that is legal there, where it leads and what it asks for. The picture cannot lie.
 *
 * @module
 */

import { closeCode } from "../protocol/close_codes.ts";
import { isLegal, newSession, step } from "../gateway/session.ts";
import type { Effect, Input, State, Step } from "../gateway/session_words.ts";

const SESSION = { sessionId: "session", resumeUrl: "wss://resume" };

/** Close codes that stand for what can be made of one. */
const CODES = [4000, 4006, 4004];

/** What can happen: by name the ways in which it can, which may lead to different states. */
const INPUTS: Readonly<Record<string, Readonly<Record<string, Input>>>> = {
  start: {
    "start": { kind: "start", session: null },
    "start with a session": { kind: "start", session: SESSION },
  },
  permit: { permit: { kind: "permit" } },
  timeout: {
    "timeout": { kind: "timeout", progress: false },
    "timeout while events come": { kind: "timeout", progress: true },
  },
  opened: { opened: { kind: "opened", connection: 0 } },
  failed: { failed: { kind: "failed", reason: "refused", connection: 0 } },
  HELLO: { HELLO: { kind: "hello", connection: 0 } },
  READY: { READY: { kind: "ready", session: SESSION, connection: 0 } },
  RESUMED: { RESUMED: { kind: "resumed", connection: 0 } },
  "op 7": { "op 7": { kind: "reconnect", connection: 0 } },
  "op 9": {
    "op 9 true": { kind: "invalid", resumable: true, connection: 0 },
    "op 9 false": { kind: "invalid", resumable: false, connection: 0 },
  },
  closed: Object.fromEntries(
    CODES.map((
      code,
    ) => [`closed (${closeCode(code).verdict})`, { kind: "closed", code, connection: 0 }]),
  ),
  "corrupt frame": { "corrupt frame": { kind: "corrupt", reason: "corrupt", connection: 0 } },
  zombie: { zombie: { kind: "zombie", connection: 0 } },
  restart: {
    "restart": { kind: "restart", session: "keep" },
    "restart, session ends": { kind: "restart", session: "end" },
  },
  stop: {
    "stop": { kind: "stop", session: "keep" },
    "stop, session ends": { kind: "stop", session: "end" },
  },
};

/** One move that the table makes. */
export interface Move {
  readonly from: string;
  readonly input: string;
  readonly to: string;
  readonly effects: readonly string[];
}

/** Every move from every state that can be reached from the beginning. */
export function sessionMoves(): Move[] {
  const states = [newSession()];
  const seen = new Set(states.map(nameOf));
  const moves: Move[] = [];
  for (const state of states) {
    for (const [name, ways] of Object.entries(INPUTS)) {
      const outcomes = Object.entries(ways)
        .filter(([, input]) => isLegal(state.kind, input.kind))
        .map(([way, input]) => ({ way, step: step(state, fresh(input, state)) }));
      for (const { step: [next] } of outcomes) {
        if (!seen.has(nameOf(next))) states.push(next);
        seen.add(nameOf(next));
      }
      moves.push(...alike(outcomes.map(({ way, step }) => moveOf(state, way, step)), name));
    }
  }
  return moves;
}

function moveOf(state: State, input: string, [next, ...effects]: Step): Move {
  return { from: nameOf(state), input, to: nameOf(next), effects: effects.map(wordsOf) };
}

/** One move where all ways lead to the same, else all of them. */
function alike(moves: readonly Move[], name: string): readonly Move[] {
  const [first] = moves;
  const outcomes = new Set(moves.map(({ to, effects }) => JSON.stringify([to, effects])));
  return first && outcomes.size === 1 ? [{ ...first, input: name }] : moves;
}

/** What a socket tells, as the current connection of `state` would tell it. */
function fresh(input: Input, { memory }: State): Input {
  return "connection" in input ? { ...input, connection: memory.connection } : input;
}

/** A state with what else decides in it; counters do not. */
function nameOf(state: State): string {
  if (state.kind === "connecting" || state.kind === "hello") {
    return `${state.kind} to ${state.goal}`;
  }
  if (state.kind === "closing") return `closing to ${state.then}${sessionOf(state)}`;
  return `${state.kind}${sessionOf(state)}`;
}

function sessionOf({ kind, memory }: State): string {
  return memory.session && ["closing", "backing off", "stopped"].includes(kind)
    ? ", session kept"
    : "";
}

function wordsOf(effect: Effect): string {
  switch (effect.do) {
    case "open":
      return `open (${effect.host} host)`;
    case "close":
      return `close ${effect.code}`;
    case "deadline":
      return `deadline ${effect.afterMs} ms`;
    case "pause":
      return `pause (${effect.pause})`;
    case "count reconnect":
      return `count reconnect (${effect.cause})`;
    default:
      return effect.do;
  }
}

/** `docs/session.md`: a picture of the kinds of state, and a table of every move. */
export function sessionPage(): string {
  const moves = sessionMoves();
  return [
    "# The life of a session",
    "",
    "Drawn from the table in `gateway/session_table.ts` by `deno task diagrams`; do not edit.",
    "",
    "The picture leaves out `stop` and `restart`, which are legal almost everywhere, and what changes",
    "nothing. The table below it has every move. Where a state has a deadline, `timeout` is its end.",
    "",
    "```mermaid",
    "stateDiagram-v2",
    ...arrows(moves).map((arrow) => `  ${arrow}`),
    "```",
    "",
    "| state | input | next state | effects |",
    "| --- | --- | --- | --- |",
    ...moves.map(({ from, input, to, effects }) =>
      `| ${from} | ${input} | ${from === to ? "same" : to} | ${effects.join(", ")} |`
    ),
    "",
  ].join("\n");
}

/** Arrows between kinds of state, each with all its inputs. */
function arrows(moves: readonly Move[]): string[] {
  const drawn = moves.filter(({ input }) => !/^(stop|restart)/.test(input));
  const labels = new Map<string, Set<string>>();
  for (const { from, input, to } of drawn) {
    if (kindOf(from) === kindOf(to)) continue;
    const arrow = `${kindOf(from)} --> ${kindOf(to)}`;
    labels.set(arrow, (labels.get(arrow) ?? new Set()).add(input));
  }
  const begin = "[*] --> idle";
  return [begin, ...[...labels].map(([arrow, inputs]) => `${arrow}: ${[...inputs].join(", ")}`)];
}

/** The kind of a state as an identifier of Mermaid. */
function kindOf(name: string): string {
  return name.replace(/( to |, ).*$/, "").replaceAll(" ", "_");
}

/**
 * The moves that the session table is made of: each gives the next state and what entering it asks
 * for. Named by what happens to the connection or the session.
 *
 * @module
 */

import { closeCode, END_SESSION, KEEP_SESSION } from "../../protocol/discord/close_codes.ts";
import type { Cause } from "../../protocol/status.ts";
import type { Effect, Goal, Memory, Pause, Session, StateOf, Step } from "./words.ts";

/** From asking for a connection to the end of the WebSocket handshake. */
export const CONNECT_DEADLINE_MS = 15_000;
/** From the open socket to HELLO. */
export const HELLO_DEADLINE_MS = 15_000;
/** From IDENTIFY to READY. */
export const READY_DEADLINE_MS = 60_000;
/** Longest silence between RESUME and RESUMED; a replay in progress is no silence. */
export const RESUMED_DEADLINE_MS = 20_000;
/** How long Discord may take to answer a close frame before the socket is destroyed. */
export const CLOSE_DEADLINE_MS = 1_000;
/** A connection that lasted this long has paid for the failures before it. */
export const STABLE_AFTER_MS = 60_000;
/** RESUMEs that may go unanswered before the session counts as dead (a "bricked" session). */
export const MOST_REFUSALS = 6;

/** Resume if there is a session, else wait for a permit: no identify is spent on what can live. */
export function begin(memory: Memory, reason: string): Step {
  if (memory.session) return connect(memory, "resume", reason);
  return [{ kind: "queued", memory, reason: `${reason}, waiting to identify` }, {
    do: "ask to identify",
  }];
}

/** The host that READY named first; each failure to connect tries the other one. */
export function connect(memory: Memory, goal: Goal, reason: string): Step {
  const host = goal === "resume" && memory.connectFailures % 2 === 0 ? "resume" : "generic";
  return [
    {
      kind: "connecting",
      memory: { ...memory, connection: memory.connection + 1 },
      goal,
      reason: `${reason}, connecting to ${goal} on the ${host} host`,
    },
    { do: "open", host },
    { do: "deadline", afterMs: CONNECT_DEADLINE_MS },
  ];
}

/** HELLO came and we hold a permit: IDENTIFY now. */
export function identifying(memory: Memory): Step {
  return [
    { kind: "identifying", memory, reason: "IDENTIFY sent, waiting for READY" },
    { do: "send identify" },
    { do: "deadline", afterMs: READY_DEADLINE_MS },
  ];
}

/** HELLO came and there is a session: RESUME it. */
export function resuming(memory: Memory): Step {
  return [
    { kind: "resuming", memory, reason: "RESUME sent, waiting for RESUMED" },
    { do: "send resume" },
    { do: "deadline", afterMs: RESUMED_DEADLINE_MS },
  ];
}

/** The session is live on this connection. */
export function ready(memory: Memory, session: Session | null, reason: string): Step {
  return [
    { kind: "ready", memory: { ...memory, session, connectFailures: 0, refusals: 0 }, reason },
    { do: "deadline", afterMs: STABLE_AFTER_MS },
  ];
}

/** The connection never came to HELLO: the session is kept, the other host is next. */
export function noHello(
  s: StateOf<"connecting" | "hello">,
  cause: Cause,
  reason: string,
): Step {
  const memory = { ...s.memory, connectFailures: s.memory.connectFailures + 1 };
  return permitBack(s.goal, backOff(memory, cause, reason));
}

/** Closed by the peer before HELLO. */
export function closedBeforeSession(s: StateOf<"connecting" | "hello">, code: number): Step {
  const { verdict, meaning } = closeCode(code);
  const reason = `closed ${code} before HELLO: ${meaning}`;
  if (verdict === "fatal") return permitBack(s.goal, giveUp(s.memory, reason));
  return noHello(s, "closed by discord", reason);
}

/** Closed by Discord: its code says whether the session lives. */
export function closedByDiscord(memory: Memory, code: number): Step {
  const { verdict, meaning } = closeCode(code);
  const reason = `closed ${code}: ${meaning}`;
  if (verdict === "fatal") return giveUp(memory, reason);
  if (verdict === "resume") return backOff(memory, "closed by discord", reason);
  return [...backOff(sessionless(memory), "closed by discord", reason), ...forget(memory, reason)];
}

/** Op 9. */
export function invalidSession(memory: Memory, resumable: boolean): Step {
  if (resumable) return leave(memory, "invalid session", "Discord asked to resume anew");
  const reason = "Discord ended the session";
  return [
    ...leave(sessionless(memory), "invalid session", reason, "invalid session"),
    ...forget(memory, reason),
  ];
}

/** Op 7: Discord wants us on another connection. */
export function reconnect(memory: Memory): Step {
  return leave(memory, "op 7", "Discord asked to reconnect");
}

/** Beats went unanswered: the connection is dead, whatever TCP says. */
export function zombie(memory: Memory): Step {
  return leave(memory, "zombie", "heartbeats unanswered");
}

/** The stream cannot be read any more: a new connection has a fresh context. */
export function corrupt(memory: Memory, reason: string): Step {
  return leave(memory, "corrupt frame", reason);
}

/** Discord said something that has no place here: a new connection clears it up. */
export function confused(memory: Memory, what: string): Step {
  return corrupt(memory, `${what} has no place here`);
}

/** Closes an open connection so that the session survives, then goes on after a pause. */
export function leave(
  memory: Memory,
  cause: Cause,
  reason: string,
  then: Pause = "back off",
): Step {
  const [rest, lost] = mayResume(memory);
  return [
    { kind: "closing", memory: rest, then, reason },
    { do: "close", code: KEEP_SESSION },
    { do: "deadline", afterMs: CLOSE_DEADLINE_MS },
    { do: "count reconnect", cause },
    ...lost,
  ];
}

/** An operator wants a new connection. */
export function restart(memory: Memory, session: "keep" | "end"): Step {
  const reason = "reconnect requested";
  if (session === "keep") return leave(memory, "requested", reason);
  return [
    { kind: "closing", memory: sessionless(memory), then: "back off", reason },
    { do: "close", code: END_SESSION },
    { do: "deadline", afterMs: CLOSE_DEADLINE_MS },
    { do: "count reconnect", cause: "requested" },
    ...forget(memory, reason),
  ];
}

/** A new connection, or the end, is wanted of a shard that cannot tell Discord whether it ends. */
export function aside(
  memory: Memory,
  session: "keep" | "end",
  next: (memory: Memory) => Step,
): Step {
  if (session === "keep") return next(memory);
  return [...next(sessionless(memory)), ...forget(memory, "the end of the session was requested")];
}

/** Close for good; the session may be kept for the next start. */
export function stop(memory: Memory, session: "keep" | "end"): Step {
  const ends = session === "end";
  return [
    {
      kind: "closing",
      memory: ends ? sessionless(memory) : memory,
      then: "stop",
      reason: "stopping",
    },
    { do: "close", code: ends ? END_SESSION : KEEP_SESSION },
    { do: "deadline", afterMs: CLOSE_DEADLINE_MS },
    ...(ends ? forget(memory, "stopped for good") : []),
  ];
}

/** The connection is closed: what was it closed for? */
export function after(s: StateOf<"closing">): Step {
  if (s.then === "stop") return stopped(s.memory, "stopped");
  return pause(s.memory, s.then, s.reason);
}

/** The connection is gone already: count it and pause. */
function backOff(memory: Memory, cause: Cause, reason: string): Step {
  const [rest, lost] = mayResume(memory);
  return [...pause(rest, "back off", reason), { do: "count reconnect", cause }, ...lost];
}

function pause(memory: Memory, kind: Pause, reason: string): Step {
  return [
    { kind: "backing off", memory: { ...memory, attempt: memory.attempt + 1 }, reason },
    { do: "pause", pause: kind, attempt: memory.attempt },
  ];
}

/** A session whose RESUME goes unanswered again and again is given up, in the open. */
function mayResume(memory: Memory): [Memory, Effect[]] {
  if (memory.refusals < MOST_REFUSALS) return [memory, []];
  const reason = `${memory.refusals} RESUMEs went unanswered`;
  return [sessionless(memory), forget(memory, reason)];
}

/** One more RESUME that was not answered. */
export function refused(memory: Memory): Memory {
  return { ...memory, refusals: memory.refusals + 1 };
}

function sessionless(memory: Memory): Memory {
  return { ...memory, session: null, refusals: 0 };
}

function forget(memory: Memory, reason: string): Effect[] {
  return memory.session ? [{ do: "forget session", reason }] : [];
}

/** A step out of a connection that was to identify and did not: the permit goes back. */
export function permitBack(goal: Goal, step: Step): Step {
  return goal === "identify" ? [...step, { do: "release permit" }] : step;
}

function giveUp(memory: Memory, reason: string): Step {
  return [{ kind: "stopped", memory, reason }, { do: "give up", reason }];
}

/** Nothing more happens until somebody starts it. */
export function stopped(memory: Memory, reason: string): Step {
  return [{ kind: "stopped", memory, reason }];
}

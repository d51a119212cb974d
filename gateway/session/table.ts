/**
 * The session table: where each input leads from each state. One cell per pair; a missing cell is an
 * illegal pair. A cell names the next state and nothing else: what entering and leaving a state asks
 * for is the same whatever led there, and stands in `step.ts`.
 *
 * @module
 */

import { closeCode } from "../../protocol/discord/close_codes.ts";
import type { ShardState } from "../../protocol/status.ts";
import type { Goal, Input, InputOf, Memory, Pause, Start, State, StateOf } from "./words.ts";

/** How long a state waits for what it is named after, where that is always the same. */
export const DEADLINE_MS = {
  /** To READY. */
  identifying: 60_000,
  /** A connection that lasted this long has paid for the failures before it. */
  ready: 60_000,
  /** How long Discord may take to answer a close frame before the socket is destroyed. */
  closing: 1_000,
} as const satisfies Partial<Record<ShardState, number>>;

/** The patience with a host that nothing speaks against, and the most that it grows to. */
const [PATIENCE_MS, MOST_PATIENCE_MS] = [5_000, 15_000];

/**
 * How long a host may be silent: from the start of a connection to HELLO, and between RESUME and RESUMED,
 * where a replay in progress is no silence. It grows with each round of both hosts that came to
 * nothing, because they may be slow instead of dead.
 */
export function patienceMs({ fruitless }: Memory): number {
  return Math.min(MOST_PATIENCE_MS, PATIENCE_MS * (1 + Math.floor(fruitless / 2)));
}

/** A connection that came so far has paid for the pauses before it, but for the first. */
const MOST_ATTEMPTS_WHEN_LIVE = 1;

const WHAT_IS_CORRUPT = { stream: "cannot inflate what came", payload: "cannot read what came" };

type Cells<S extends ShardState> = {
  readonly [I in Input["kind"]]?: (state: StateOf<S>, input: InputOf<I>) => State;
};

/** Where nothing is open that could be closed. A permit that nobody waits for goes back. */
const NOT_OPEN = {
  permit: stay,
  stop: (s, { session }) => stopped(keep(s, session)),
} as const satisfies Cells<ShardState>;

/** Ends of an open connection. The session outlives each, unless it is said to be over. */
const OPEN = {
  ...NOT_OPEN,
  closed: (s, { code }) => closed(s, code),
  reconnect: (s) => leave(s, "Discord asked to reconnect"),
  invalid: (s, { resumable }) =>
    resumable
      ? leave(s, "Discord asked to resume anew")
      : leave(without(s), "Discord ended the session", "invalid session"),
  corrupt: (s, { of, reason }) =>
    leave(of === "stream" ? set(s, { isPlain: true }) : s, `${WHAT_IS_CORRUPT[of]}: ${reason}`),
  zombie: (s) => leave(s, "heartbeats unanswered"),
  hello: (s) => confused(s, "a second HELLO"),
  restart: (s, { session }) => leave(keep(s, session), "reconnect requested"),
  stop: (s, { session }) => leave(keep(s, session), "stopping", "stop"),
} as const satisfies Cells<ShardState>;

/** What each input does in each state. */
export const CELLS = {
  idle: {
    ...NOT_OPEN,
    start: (s, { point }) => begin(set(s, { session: sessionOf(point) }), "started"),
    stop: (s) => stopped(s, "stopped before it was started"),
  },

  queued: {
    ...NOT_OPEN,
    permit: (s) => connect(s, "identify", "allowed to identify"),
    restart: stay,
  },

  connecting: {
    ...NOT_OPEN,
    opened: ({ memory, goal }) => (
      { kind: "hello", memory, goal, reason: "connected, waiting for HELLO" }
    ),
    failed: (s, { reason }) => backOff(s, `could not connect: ${reason}`),
    closed: (s, { code }) => closed(s, code),
    timeout: (s) => backOff(s, `no connection after ${patienceMs(s.memory)} ms`),
    restart: (s, { session }) =>
      session === "keep" || s.goal === "identify" ? s : begin(without(s), "reconnect requested"),
  },

  hello: {
    ...OPEN,
    hello: ({ memory, goal }) =>
      goal === "resume"
        ? { kind: "resuming", memory, replayed: false, reason: "RESUME sent, waiting for RESUMED" }
        : { kind: "identifying", memory, reason: "IDENTIFY sent, waiting for READY" },
    timeout: (s) => backOff(s, `no HELLO after ${patienceMs(s.memory)} ms`),
    ready: (s) => confused(s, "READY before IDENTIFY"),
    resumed: (s) => confused(s, "RESUMED before RESUME"),
  },

  identifying: {
    ...OPEN,
    ready: (s, { session }) => ready(set(s, { session }), "identified"),
    invalid: (s) => leave(s, "Discord refused to identify", "invalid session"),
    timeout: (s) => leave(s, `no READY after ${DEADLINE_MS.identifying} ms`),
    resumed: (s) => confused(s, "RESUMED after IDENTIFY"),
  },

  resuming: {
    ...OPEN,
    resumed: (s) => ready(s, "resumed"),
    replayed: (s) => ({ ...live(s), replayed: true }),
    timeout: (s, { progress }) =>
      // Who has said nothing for so long would not answer a close frame either.
      progress ? s : backOff(s, `no RESUMED after ${patienceMs(s.memory)} ms`),
    // A session that was never acknowledged is replayed from its first event.
    ready: stay,
  },

  ready: {
    ...OPEN,
    // The only deadline of this state is a good one: it has been stable.
    timeout: (s) => set(s, { attempt: 0, isPlain: false }),
    ready: (s) => confused(s, "a second READY"),
    // A replay from before an earlier RESUMED holds that one too.
    resumed: stay,
    numbers: (s, { session }) => set(s, { session }),
  },

  closing: {
    ...NOT_OPEN,
    closed: after,
    failed: after,
    timeout: after,
    stop: (s, { session }) => ({ ...keep(s, session), then: "stop", reason: "stopping" }),
    restart: (s, { session }) => keep(s, session),
    // What still arrives after we said goodbye changes nothing.
    opened: stay,
    hello: stay,
    ready: stay,
    resumed: stay,
    replayed: stay,
    reconnect: stay,
    invalid: stay,
    corrupt: stay,
    zombie: stay,
    numbers: (s, { session }) => s.memory.session ? set(s, { session }) : s,
  },

  "backing off": {
    ...NOT_OPEN,
    timeout: (s) => begin(s.pause === "other host" ? s : later(s), s.reason),
    restart: (s, { session }) =>
      begin(set(keep(s, session), { attempt: 0 }), "reconnect requested"),
  },

  stopped: {
    ...NOT_OPEN,
    start: (s, { point }) =>
      begin(set(s, { session: sessionOf(point), attempt: 0, refusals: 0 }), "started again"),
    restart: (s, { session }) =>
      begin(set(keep(s, session), { attempt: 0, refusals: 0 }), "reconnect requested"),
    stop: (s, { session }) => keep(s, session),
  },
} as const satisfies { readonly [S in ShardState]: Cells<S> };

function stay<S extends State>(state: S): S {
  return state;
}

/** Resume if there is a session, else wait for a permit: no identify is spent on what can live. */
function begin(state: State, reason: string): State {
  if (state.memory.session) return connect(state, "resume", reason);
  return { kind: "queued", memory: state.memory, reason: `${reason}, waiting to identify` };
}

/** The host that READY named comes first; each connection that came to nothing tries the other one. */
function connect({ memory }: State, goal: Goal, reason: string): State {
  const isOwn = goal === "resume" && hasHost(memory) && memory.fruitless % 2 === 0;
  const host = isOwn ? "resume" : "generic";
  return {
    kind: "connecting",
    memory: { ...memory, connection: memory.connection + 1 },
    goal,
    host,
    reason: `${reason}, connecting to ${goal} on the ${host} host`,
  };
}

/** Whether there is a host to resume on beside the generic one. */
function hasHost({ session }: Memory): boolean {
  return session !== null && session.resumeUrl !== null;
}

/** The session is live on this connection. */
function ready(state: State, reason: string): State {
  return { kind: "ready", memory: live(state).memory, reason };
}

/** Discord has answered: what came to nothing before is forgiven. */
function live<S extends State>(state: S): S {
  const attempt = Math.min(state.memory.attempt, MOST_ATTEMPTS_WHEN_LIVE);
  return set(state, { attempt, fruitless: 0, refusals: 0 });
}

/** Closed by Discord: its code says whether the session lives, once Discord was told of it. */
function closed(state: State, code: number): State {
  const { verdict, meaning } = closeCode(code);
  const isEarly = "goal" in state;
  const reason = `closed ${code}${isEarly ? " before HELLO" : ""}: ${meaning}`;
  if (verdict === "fatal") return stopped(state, reason);
  return backOff(isEarly || verdict === "resume" ? state : without(state), reason);
}

/** Discord said something that has no place here: a new connection clears it up. */
function confused(state: State, what: string): State {
  return leave(state, `${what} has no place here`);
}

/** Closes an open connection, then goes on after a pause, or not at all. */
function leave({ memory }: State, reason: string, then: Pause | "stop" = "back off"): State {
  return { kind: "closing", memory, then, reason };
}

/** The connection is closed: what was it closed for? */
function after(state: StateOf<"closing">): State {
  return state.then === "stop" ? stopped(state) : backOff(state, state.reason, state.then);
}

/** The connection is gone. */
function backOff({ memory }: State, reason: string, pause: Pause = "back off"): State {
  return { kind: "backing off", memory, pause, reason };
}

/** A pause is over: the next one is longer. */
function later<S extends State>(state: S): S {
  return set(state, { attempt: state.memory.attempt + 1 });
}

/**
 * The connection that ends came to nothing. Of the two hosts that a session can be resumed on the second
 * is tried at once, both again after a pause.
 */
export function cameToNothing<S extends State>(state: S): S {
  const next = set(state, { fruitless: state.memory.fruitless + 1 });
  if (!hasHost(next.memory) || next.memory.fruitless % 2 === 0) return next;
  if (next.kind === "closing") return { ...next, then: "other host" };
  return next.kind === "backing off" ? { ...next, pause: "other host" } : next;
}

/** Nothing more happens until somebody starts it. */
function stopped({ memory }: State, reason = "stopped"): State {
  return { kind: "stopped", memory, reason };
}

/** The state without its session, where that is asked for. */
function keep<S extends State>(state: S, session: "keep" | "end"): S {
  return session === "keep" ? state : without(state);
}

function without<S extends State>(state: S): S {
  return set(state, { session: null, refusals: 0 });
}

function set<S extends State>(state: S, changed: Partial<Memory>): S {
  return { ...state, memory: { ...state.memory, ...changed } };
}

function sessionOf(point: Start["point"]): Memory["session"] {
  return point && { sessionId: point.sessionId, resumeUrl: point.resumeUrl };
}

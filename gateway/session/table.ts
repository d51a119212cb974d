/**
 * The session table itself. One cell per pair of state and input; a missing cell is an illegal pair.
 *
 * @module
 */

import type { ShardState } from "../../protocol/status.ts";
import * as to from "./moves.ts";
import type { Input, InputOf, StateOf, Step } from "./words.ts";

type Table = {
  readonly [S in ShardState]: {
    readonly [I in Input["kind"]]?: (state: StateOf<S>, input: InputOf<I>) => Step;
  };
};

/** What each input does in each state. */
export const CELLS = {
  idle: {
    start: (s, i) => to.begin({ ...s.memory, session: i.session }, "started"),
    stop: (s) => to.stopped(s.memory, "stopped before it was started"),
  },

  queued: {
    permit: (s) => to.connect(s.memory, "identify", "allowed to identify"),
    restart: (s) => [s],
    stop: (s) => [...to.stopped(s.memory, "stopped"), { do: "release permit" }],
  },

  connecting: {
    opened: (s) => [
      { kind: "hello", memory: s.memory, goal: s.goal, reason: "connected, waiting for HELLO" },
      { do: "deadline", afterMs: to.HELLO_DEADLINE_MS },
    ],
    failed: (s, i) => to.noHello(s, "connect failed", `could not connect: ${i.reason}`),
    closed: (s, i) => to.closedBeforeSession(s, i.code),
    timeout: (s) => [
      ...to.noHello(s, "deadline", `no connection after ${to.CONNECT_DEADLINE_MS} ms`),
      { do: "destroy" },
    ],
    restart: (s, i) =>
      i.session === "keep" || s.goal === "identify" ? [s] : to.aside(
        s.memory,
        i.session,
        (memory) => [...to.begin(memory, "reconnect requested"), { do: "destroy" }],
      ),
    stop: (s, i) =>
      to.aside(s.memory, i.session, (memory) => [
        ...to.permitBack(s.goal, to.stopped(memory, "stopped")),
        { do: "destroy" },
      ]),
  },

  hello: {
    hello: (s) => s.goal === "resume" ? to.resuming(s.memory) : to.identifying(s.memory),
    closed: (s, i) => to.closedBeforeSession(s, i.code),
    timeout: (s) => [
      ...to.noHello(s, "deadline", `no HELLO after ${to.HELLO_DEADLINE_MS} ms`),
      { do: "destroy" },
    ],
    reconnect: (s) => to.permitBack(s.goal, to.reconnect(s.memory)),
    invalid: (s, i) => to.permitBack(s.goal, to.invalidSession(s.memory, i.resumable)),
    corrupt: (s, i) => to.permitBack(s.goal, to.corrupt(s.memory, i.reason)),
    zombie: (s) => to.permitBack(s.goal, to.zombie(s.memory)),
    ready: (s) => to.permitBack(s.goal, to.confused(s.memory, "READY before IDENTIFY")),
    resumed: (s) => to.permitBack(s.goal, to.confused(s.memory, "RESUMED before RESUME")),
    restart: (s, i) => to.permitBack(s.goal, to.restart(s.memory, i.session)),
    stop: (s, i) => to.permitBack(s.goal, to.stop(s.memory, i.session)),
  },

  identifying: {
    ready: (s, i) => [
      ...to.ready(s.memory, i.session, "identified"),
      { do: "keep session", session: i.session },
    ],
    invalid: (s) =>
      to.leave(s.memory, "invalid session", "Discord refused to identify", "invalid session"),
    closed: (s, i) => to.closedByDiscord(s.memory, i.code),
    timeout: (s) => to.leave(s.memory, "deadline", `no READY after ${to.READY_DEADLINE_MS} ms`),
    reconnect: (s) => to.reconnect(s.memory),
    corrupt: (s, i) => to.corrupt(s.memory, i.reason),
    zombie: (s) => to.zombie(s.memory),
    hello: (s) => to.confused(s.memory, "a second HELLO"),
    resumed: (s) => to.confused(s.memory, "RESUMED after IDENTIFY"),
    restart: (s, i) => to.restart(s.memory, i.session),
    stop: (s, i) => to.stop(s.memory, i.session),
  },

  resuming: {
    resumed: (s) => to.ready(s.memory, s.memory.session, "resumed"),
    invalid: (s, i) => to.invalidSession(s.memory, i.resumable),
    closed: (s, i) => to.closedByDiscord(to.refused(s.memory), i.code),
    timeout: (s, i) =>
      i.progress ? [s, { do: "deadline", afterMs: to.RESUMED_DEADLINE_MS }] : to.leave(
        to.refused(s.memory),
        "deadline",
        `no RESUMED after ${to.RESUMED_DEADLINE_MS} ms`,
      ),
    reconnect: (s) => to.reconnect(to.refused(s.memory)),
    corrupt: (s, i) => to.corrupt(to.refused(s.memory), i.reason),
    zombie: (s) => to.zombie(to.refused(s.memory)),
    hello: (s) => to.confused(to.refused(s.memory), "a second HELLO"),
    // A session that was never acknowledged is replayed from its first event.
    ready: (s) => [s],
    restart: (s, i) => to.restart(s.memory, i.session),
    stop: (s, i) => to.stop(s.memory, i.session),
  },

  ready: {
    // The only deadline of this state is a good one: it has been stable.
    timeout: (s) => [{ ...s, memory: { ...s.memory, attempt: 0 } }],
    reconnect: (s) => to.reconnect(s.memory),
    invalid: (s, i) => to.invalidSession(s.memory, i.resumable),
    closed: (s, i) => to.closedByDiscord(s.memory, i.code),
    corrupt: (s, i) => to.corrupt(s.memory, i.reason),
    zombie: (s) => to.zombie(s.memory),
    hello: (s) => to.confused(s.memory, "a second HELLO"),
    ready: (s) => to.confused(s.memory, "a second READY"),
    // A replay from before an earlier RESUMED holds that one too.
    resumed: (s) => [s],
    restart: (s, i) => to.restart(s.memory, i.session),
    stop: (s, i) => to.stop(s.memory, i.session),
  },

  closing: {
    closed: (s) => to.after(s),
    failed: (s) => to.after(s),
    timeout: (s) => [...to.after(s), { do: "destroy" }],
    stop: (s, i) =>
      to.aside(s.memory, i.session, (memory) => [
        { ...s, memory, then: "stop", reason: "stopping" },
      ]),
    restart: (s, i) => to.aside(s.memory, i.session, (memory) => [{ ...s, memory }]),
    // What still arrives after we said goodbye changes nothing.
    opened: (s) => [s],
    hello: (s) => [s],
    ready: (s) => [s],
    resumed: (s) => [s],
    reconnect: (s) => [s],
    invalid: (s) => [s],
    corrupt: (s) => [s],
    zombie: (s) => [s],
  },

  "backing off": {
    timeout: (s) => to.begin(s.memory, s.reason),
    restart: (s, i) =>
      to.aside(
        { ...s.memory, attempt: 0 },
        i.session,
        (memory) => to.begin(memory, "reconnect requested"),
      ),
    stop: (s, i) => to.aside(s.memory, i.session, (memory) => to.stopped(memory, "stopped")),
  },

  stopped: {
    start: (s, i) =>
      to.begin({ ...s.memory, session: i.session, attempt: 0, refusals: 0 }, "started again"),
    restart: (s, i) =>
      to.aside(
        { ...s.memory, attempt: 0, refusals: 0 },
        i.session,
        (memory) => to.begin(memory, "reconnect requested"),
      ),
    stop: (s, i) => to.aside(s.memory, i.session, (memory) => [{ ...s, memory }]),
  },
} satisfies Table;

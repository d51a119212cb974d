import assert from "node:assert/strict";
import * as to from "../../../gateway/session/moves.ts";
import type { Effect, Memory, StateOf, Step } from "../../../gateway/session/words.ts";

const SESSION = { sessionId: "s", resumeUrl: "wss://resume.test" };
const MEMORY: Memory = {
  session: SESSION,
  attempt: 2,
  connectFailures: 0,
  refusals: 0,
  connection: 7,
};
const NEW: Memory = { ...MEMORY, session: null };

function did([, ...effects]: Step, name: Effect["do"]): Effect | undefined {
  return effects.find((effect) => effect.do === name);
}

function helloFor(goal: "identify" | "resume"): StateOf<"hello"> {
  return { kind: "hello", goal, reason: "", memory: goal === "resume" ? MEMORY : NEW };
}

Deno.test("begin() resumes where there is a session, else asks to identify", () => {
  const [resuming] = to.begin(MEMORY, "started");
  assert.equal(resuming.kind, "connecting");
  const step = to.begin(NEW, "started");
  assert.equal(step[0].kind, "queued");
  assert.deepEqual(step.slice(1), [{ do: "ask to identify" }]);
});

Deno.test("connect() numbers each connection, so that an old one's words are known", () => {
  const [state, ...effects] = to.connect(MEMORY, "resume", "started");
  assert.equal(state.memory.connection, 8);
  assert.deepEqual(effects, [
    { do: "open", host: "resume" },
    { do: "deadline", afterMs: to.CONNECT_DEADLINE_MS },
  ]);
});

Deno.test("connect() identifies on the generic host, whatever failed before", () => {
  for (const connectFailures of [0, 1, 2]) {
    const step = to.connect({ ...NEW, connectFailures }, "identify", "");
    assert.deepEqual(did(step, "open"), { do: "open", host: "generic" });
  }
});

Deno.test("connect() says in words what it does and where", () => {
  const [{ reason }] = to.connect({ ...MEMORY, connectFailures: 1 }, "resume", "cut off");
  assert.equal(reason, "cut off, connecting to resume on the generic host");
});

Deno.test("noHello() gives back the permit of an identify that was not sent", () => {
  assert.ok(did(to.noHello(helloFor("identify"), "deadline", ""), "release permit"));
  assert.ok(!did(to.noHello(helloFor("resume"), "deadline", ""), "release permit"));
});

Deno.test("noHello() keeps the session, counts, and pauses by the attempts so far", () => {
  const [state, ...effects] = to.noHello(helloFor("resume"), "connect failed", "refused");
  assert.deepEqual(state.memory, { ...MEMORY, attempt: 3, connectFailures: 1 });
  assert.deepEqual(effects, [
    { do: "pause", pause: "back off", attempt: 2 },
    { do: "count reconnect", cause: "connect failed" },
  ]);
});

Deno.test("closedBeforeSession() does not end a session that Discord has not yet been told of", () => {
  for (const code of [4003, 4006, 4007, 4009]) {
    const [state] = to.closedBeforeSession(helloFor("resume"), code);
    assert.equal(state.kind, "backing off");
    assert.deepEqual(state.memory.session, SESSION, `after ${code}`);
  }
});

Deno.test("closedBeforeSession() stops at a fatal code, with the permit given back", () => {
  const step = to.closedBeforeSession(helloFor("identify"), 4004);
  assert.equal(step[0].kind, "stopped");
  assert.match(step[0].reason, /4004.*DISCORD_TOKEN/);
  assert.ok(did(step, "release permit"));
  assert.ok(did(step, "give up"));
});

Deno.test("identifying() and resuming() send one thing and wait for its answer", () => {
  assert.deepEqual(to.identifying(NEW).slice(1), [
    { do: "send identify" },
    { do: "deadline", afterMs: to.READY_DEADLINE_MS },
  ]);
  assert.deepEqual(to.resuming(MEMORY).slice(1), [
    { do: "send resume" },
    { do: "deadline", afterMs: to.RESUMED_DEADLINE_MS },
  ]);
});

Deno.test("ready() forgives failures, but not the attempts: the connection has yet to last", () => {
  const [state] = to.ready({ ...MEMORY, connectFailures: 3, refusals: 4 }, SESSION, "resumed");
  assert.deepEqual(state.memory, MEMORY);
});

Deno.test("invalidSession() keeps what can be resumed and pauses longer for what cannot", () => {
  const [kept] = to.invalidSession(MEMORY, true);
  assert.deepEqual(kept.memory.session, SESSION);
  assert.equal((kept as StateOf<"closing">).then, "back off");
  const step = to.invalidSession(MEMORY, false);
  assert.equal(step[0].memory.session, null);
  assert.equal((step[0] as StateOf<"closing">).then, "invalid session");
  assert.ok(did(step, "forget session"));
});

Deno.test("leave() closes with a code that keeps the session, under a deadline", () => {
  const [state, ...effects] = to.leave(MEMORY, "op 7", "asked to");
  assert.equal(state.kind, "closing");
  assert.deepEqual(effects, [
    { do: "close", code: 4900 },
    { do: "deadline", afterMs: to.CLOSE_DEADLINE_MS },
    { do: "count reconnect", cause: "op 7" },
  ]);
});

Deno.test("leave() gives up a session after its last unanswered RESUME, not one before", () => {
  const refusals = to.MOST_REFUSALS - 1;
  const [kept] = to.leave({ ...MEMORY, refusals }, "deadline", "");
  assert.deepEqual(kept.memory.session, SESSION);
  const step = to.leave(to.refused({ ...MEMORY, refusals }), "deadline", "");
  assert.deepEqual([step[0].memory.session, step[0].memory.refusals], [null, 0]);
  assert.match(JSON.stringify(did(step, "forget session")), /6 RESUMEs went unanswered/);
});

Deno.test("restart() and stop() end the session with 1000 only where that was asked for", () => {
  for (const move of [to.restart, to.stop]) {
    const kept = move(MEMORY, "keep");
    assert.deepEqual(did(kept, "close"), { do: "close", code: 4900 });
    assert.deepEqual(kept[0].memory.session, SESSION);
    const ended = move(MEMORY, "end");
    assert.deepEqual(did(ended, "close"), { do: "close", code: 1000 });
    assert.equal(ended[0].memory.session, null);
    assert.ok(did(ended, "forget session"));
  }
});

Deno.test("nothing is forgotten where there was no session", () => {
  for (
    const step of [to.restart(NEW, "end"), to.stop(NEW, "end"), to.closedByDiscord(NEW, 4006)]
  ) assert.ok(!did(step, "forget session"));
});

Deno.test("after() goes on as it was closed for", () => {
  const closing = { kind: "closing", memory: MEMORY, reason: "op 7" } as const;
  assert.deepEqual(did(to.after({ ...closing, then: "invalid session" }), "pause"), {
    do: "pause",
    pause: "invalid session",
    attempt: 2,
  });
  assert.equal(to.after({ ...closing, then: "back off" })[0].reason, "op 7");
  assert.equal(to.after({ ...closing, then: "stop" })[0].kind, "stopped");
});

Deno.test("a deadline is long enough for what it waits for, and short enough to be noticed", () => {
  assert.ok(to.CLOSE_DEADLINE_MS <= 5_000);
  // A permit is void after 45 s: it must be used or back by then.
  assert.ok(to.CONNECT_DEADLINE_MS + to.HELLO_DEADLINE_MS < 45_000);
});

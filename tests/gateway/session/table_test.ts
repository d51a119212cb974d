import assert from "node:assert/strict";
import { closeCode } from "../../../protocol/discord/close_codes.ts";
import { step } from "../../../gateway/session/step.ts";
import { CELLS } from "../../../gateway/session/table.ts";
import type { Effect, Input, Memory, State } from "../../../gateway/session/words.ts";

const SESSION = { sessionId: "s", resumeUrl: "wss://resume.test" };
const MEMORY: Memory = {
  session: SESSION,
  attempt: 3,
  connectFailures: 0,
  refusals: 2,
  connection: 7,
};
const NEW: Memory = { ...MEMORY, session: null };

function state(kind: State["kind"], changed: Partial<State> & Record<string, unknown> = {}): State {
  return {
    kind,
    memory: MEMORY,
    reason: "",
    goal: "resume",
    then: "back off",
    ...changed,
  } as State;
}

function names(effects: readonly Effect[]): string[] {
  return effects.map((effect) => effect.do);
}

Deno.test("every state can be stopped, and every one that was started can be restarted", () => {
  for (const [kind, cells] of Object.entries(CELLS)) {
    assert.ok("stop" in cells, `${kind} cannot be stopped`);
    if (kind !== "idle") assert.ok("restart" in cells, `${kind} cannot be restarted`);
  }
});

Deno.test("every state that holds a connection hears of its end", () => {
  for (
    const kind of ["connecting", "hello", "identifying", "resuming", "ready", "closing"] as const
  ) {
    assert.ok("closed" in CELLS[kind] && "timeout" in CELLS[kind], kind);
  }
});

const WITH_A_SESSION = [
  "connecting",
  "hello",
  "resuming",
  "ready",
  "closing",
  "backing off",
  "stopped",
] as const;

for (const kind of WITH_A_SESSION) {
  for (const asked of ["restart", "stop"] as const) {
    Deno.test(`${asked} without the session while ${kind} forgets the session`, () => {
      const [next, ...effects] = step(state(kind), { kind: asked, session: "end" });
      assert.equal(next.memory.session, null);
      assert.ok(names(effects).includes("forget session"));
    });

    Deno.test(`${asked} with the session while ${kind} keeps it`, () => {
      const [next, ...effects] = step(state(kind), { kind: asked, session: "keep" });
      assert.deepEqual(next.memory.session, SESSION);
      assert.ok(!names(effects).includes("forget session"));
    });
  }
}

Deno.test("a stopped shard is restarted with its session, or without it when that is asked for", () => {
  const [resumed] = step(state("stopped"), { kind: "restart", session: "keep" });
  assert.equal(resumed.kind, "connecting");
  assert.deepEqual([resumed.memory.attempt, resumed.memory.refusals], [0, 0]);
  const [anew, ...effects] = step(state("stopped"), { kind: "restart", session: "end" });
  assert.equal(anew.kind, "queued");
  assert.ok(names(effects).includes("forget session"));
});

Deno.test("a restart without the session ends an attempt to resume at once", () => {
  const [next, ...effects] = step(state("connecting"), { kind: "restart", session: "end" });
  assert.equal(next.kind, "queued");
  assert.deepEqual(names(effects), ["ask to identify", "destroy", "forget session"]);
});

Deno.test("a restart leaves alone what is under way to the same end", () => {
  const connecting = state("connecting", { goal: "identify", memory: NEW });
  for (const asked of ["keep", "end"] as const) {
    assert.deepEqual(step(connecting, { kind: "restart", session: asked }), [connecting]);
    assert.equal(step(state("queued"), { kind: "restart", session: asked })[0].kind, "queued");
  }
});

Deno.test("a connection that is given up before it opened is destroyed", () => {
  for (const input of [{ kind: "timeout", progress: false }, { kind: "stop", session: "keep" }]) {
    const [, ...effects] = step(state("connecting"), input as Input);
    assert.ok(names(effects).includes("destroy"), input.kind);
  }
});

Deno.test("a socket that does not close in time is destroyed, and life goes on as planned", () => {
  const timeout = { kind: "timeout", progress: false } as const;
  const [next, ...effects] = step(state("closing", { then: "invalid session" }), timeout);
  assert.equal(next.kind, "backing off");
  assert.deepEqual(names(effects), ["pause", "destroy"]);
});

Deno.test("what Discord says after our goodbye changes nothing, not even a fatal close", () => {
  const closing = state("closing");
  for (
    const input of [
      { kind: "hello" },
      { kind: "ready", session: { sessionId: "other", resumeUrl: "" } },
      { kind: "invalid", resumable: false },
      { kind: "zombie" },
    ] as const
  ) assert.deepEqual(step(closing, { ...input, connection: 7 }), [closing]);
  const [next] = step(closing, { kind: "closed", code: 4004, connection: 7 });
  assert.equal(next.kind, "backing off", closeCode(4004).meaning);
});

Deno.test("a shard that is stopped while it closes stays stopped", () => {
  const [closing] = step(state("closing"), { kind: "stop", session: "keep" });
  const [next] = step(closing, { kind: "closed", code: 1006, connection: 7 });
  assert.equal(next.kind, "stopped");
});

Deno.test("a RESUME is waited for as long as events come", () => {
  const resuming = state("resuming");
  const waited = step(resuming, { kind: "timeout", progress: true });
  assert.deepEqual([waited[0], names(waited.slice(1) as Effect[])], [resuming, ["deadline"]]);
  const [next] = step(resuming, { kind: "timeout", progress: false });
  assert.equal(next.kind, "closing");
  assert.equal(next.memory.refusals, 3);
});

for (const kind of ["reconnect", "zombie", "corrupt", "hello", "closed"] as const) {
  Deno.test(`a RESUME that is answered by ${kind} counts as unanswered`, () => {
    const input = { kind, code: 4000, reason: "", session: SESSION, connection: 7 } as Input;
    assert.equal(step(state("resuming"), input)[0].memory.refusals, 3);
  });
}

Deno.test("an identify that Discord refuses pauses as Discord asks, whatever it says of resuming", () => {
  const identifying = state("identifying", { memory: NEW });
  for (const resumable of [true, false]) {
    const [next] = step(identifying, { kind: "invalid", resumable, connection: 7 });
    assert.equal("then" in next && next.then, "invalid session");
  }
});

Deno.test("READY brings the session that is kept", () => {
  const session = { sessionId: "new", resumeUrl: "wss://other.test" };
  const ready = { kind: "ready", session, connection: 7 } as const;
  const [next, ...effects] = step(state("identifying", { memory: NEW }), ready);
  assert.equal(next.kind, "ready");
  assert.deepEqual(next.memory.session, session);
  assert.deepEqual(effects.at(-1), { do: "keep session", session });
});

Deno.test("a connection that lasted a minute starts the back-off anew, without leaving", () => {
  const [next, ...effects] = step(state("ready"), { kind: "timeout", progress: false });
  assert.deepEqual([next.kind, next.memory.attempt, effects], ["ready", 0, []]);
});

Deno.test("a replay may begin with READY, and hold a RESUMED of before", () => {
  const ready = { kind: "ready", session: SESSION, connection: 7 } as const;
  assert.deepEqual(step(state("resuming"), ready), [state("resuming")]);
  assert.deepEqual(step(state("ready"), { kind: "resumed", connection: 7 }), [state("ready")]);
});

Deno.test("a stopped shard starts again with a clean record", () => {
  const [next] = step(state("stopped"), { kind: "start", session: SESSION });
  assert.deepEqual([next.memory.attempt, next.memory.refusals], [0, 0]);
});

import assert from "node:assert/strict";
import { closeCode } from "../../../protocol/discord/close_codes.ts";
import { newSession, placeOf, step } from "../../../gateway/session/step.ts";
import { CELLS, DEADLINE_MS, patienceMs } from "../../../gateway/session/table.ts";
import type { Effect, Input } from "../../../gateway/session/words.ts";
import { MEMORY, names, NEW, POINT, SESSION, stateOf } from "./pairs.ts";

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
      const [next, ...effects] = step(stateOf(kind), { kind: asked, session: "end" });
      assert.equal(next.memory.session, null);
      assert.ok(names(effects).includes("forget session"));
    });

    Deno.test(`${asked} with the session while ${kind} keeps it`, () => {
      const [next, ...effects] = step(stateOf(kind), { kind: asked, session: "keep" });
      assert.deepEqual(next.memory.session, SESSION);
      assert.ok(!names(effects).includes("forget session"));
    });
  }
}

Deno.test("a stopped shard is restarted with its session, or without it when that is asked for", () => {
  const [resumed] = step(stateOf("stopped"), { kind: "restart", session: "keep" });
  assert.equal(resumed.kind, "connecting");
  assert.deepEqual([resumed.memory.attempt, resumed.memory.refusals], [0, 0]);
  const [anew, ...effects] = step(stateOf("stopped"), { kind: "restart", session: "end" });
  assert.equal(anew.kind, "queued");
  assert.ok(names(effects).includes("forget session"));
});

Deno.test("a restart without the session ends an attempt to resume at once", () => {
  const [next, ...effects] = step(stateOf("connecting"), { kind: "restart", session: "end" });
  assert.equal(next.kind, "queued");
  assert.deepEqual(names(effects), ["ask to identify", "destroy", "forget session"]);
});

Deno.test("a restart leaves alone what is under way to the same end", () => {
  const connecting = stateOf("connecting", { goal: "identify", memory: NEW });
  for (const asked of ["keep", "end"] as const) {
    assert.deepEqual(step(connecting, { kind: "restart", session: asked }), [connecting]);
    assert.equal(step(stateOf("queued"), { kind: "restart", session: asked })[0].kind, "queued");
  }
});

Deno.test("a connection that is given up before it opened is destroyed", () => {
  for (const input of [{ kind: "timeout", progress: false }, { kind: "stop", session: "keep" }]) {
    const [, ...effects] = step(stateOf("connecting"), input as Input);
    assert.ok(names(effects).includes("destroy"), input.kind);
  }
});

Deno.test("a socket that does not close in time is destroyed, and life goes on as planned", () => {
  const timeout = { kind: "timeout", progress: false } as const;
  const [next, ...effects] = step(stateOf("closing", { then: "invalid session" }), timeout);
  assert.equal(next.kind, "backing off");
  assert.deepEqual(names(effects), ["pause", "destroy"]);
});

Deno.test("what Discord says after our goodbye changes nothing, not even a fatal close", () => {
  const closing = stateOf("closing");
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
  const [closing] = step(stateOf("closing"), { kind: "stop", session: "keep" });
  const [next] = step(closing, { kind: "closed", code: 1006, connection: 7 });
  assert.equal(next.kind, "stopped");
});

Deno.test("a RESUME is waited for as long as events come", () => {
  const resuming = stateOf("resuming");
  const waited = step(resuming, { kind: "timeout", progress: true });
  assert.deepEqual([waited[0], names(waited.slice(1) as Effect[])], [resuming, ["deadline"]]);
  const [next] = step(resuming, { kind: "timeout", progress: false });
  assert.equal(next.kind, "backing off");
  assert.equal(next.memory.refusals, 3);
});

for (const kind of ["reconnect", "zombie", "corrupt", "hello", "closed"] as const) {
  Deno.test(`a RESUME that is answered by ${kind} counts as unanswered`, () => {
    const input = { kind, code: 4000, reason: "", session: SESSION, connection: 7 } as Input;
    assert.equal(step(stateOf("resuming"), input)[0].memory.refusals, 3);
  });
}

Deno.test("an identify that Discord refuses pauses as Discord asks, whatever it says of resuming", () => {
  const identifying = stateOf("identifying", { memory: NEW });
  for (const resumable of [true, false]) {
    const [next] = step(identifying, { kind: "invalid", resumable, connection: 7 });
    assert.equal("then" in next && next.then, "invalid session");
  }
});

Deno.test("READY brings the session that is kept", () => {
  const session = { sessionId: "new", resumeUrl: "wss://other.test" };
  const ready = { kind: "ready", session, connection: 7 } as const;
  const [next, ...effects] = step(stateOf("identifying", { memory: NEW }), ready);
  assert.equal(next.kind, "ready");
  assert.deepEqual(next.memory.session, session);
  assert.deepEqual(effects.at(-1), { do: "keep session" });
});

Deno.test("a READY that cannot be resumed serves until its end, and is followed by another", () => {
  const ready = { kind: "ready", session: null, connection: 7 } as const;
  const [next, ...effects] = step(stateOf("identifying", { memory: NEW }), ready);
  assert.deepEqual([next.kind, next.memory.session, effects.at(-1)?.do], [
    ...["ready", null],
    "keep session",
  ]);
  assert.equal(placeOf(next, 7, "MESSAGE_CREATE"), "next");
  const [closed] = step(next, { kind: "closed", code: 4000, connection: 7 });
  const [later] = step(closed, { kind: "timeout", progress: false });
  assert.equal(later.kind, "queued");
});

Deno.test("a session without a host of its own is resumed on the generic one, after a pause each time", () => {
  const memory = { ...MEMORY, session: { sessionId: "s", resumeUrl: null } };
  const [next, open] = step(stateOf("backing off", { memory }), {
    kind: "timeout",
    progress: false,
  });
  assert.deepEqual(open, { do: "open", host: "generic", isPlain: false });
  const [failed] = step(next, { kind: "failed", reason: "503", connection: 8 });
  assert.ok(failed.kind === "backing off" && failed.pause === "back off");
});

Deno.test("a connection that lasted a minute starts the back-off anew, without leaving", () => {
  const [next, ...effects] = step(stateOf("ready"), { kind: "timeout", progress: false });
  assert.deepEqual([next.kind, next.memory.attempt, effects], ["ready", 0, []]);
});

Deno.test("what could not be inflated is asked for without compression, until that has been stable", () => {
  const corrupt = (of: "stream" | "payload") =>
    step(stateOf("ready"), { kind: "corrupt", of, reason: "bad", connection: 7 })[0];
  assert.equal(corrupt("payload").memory.isPlain, false);
  const { memory } = corrupt("stream");
  const [, open] = step(stateOf("backing off", { memory }), { kind: "timeout", progress: false });
  assert.deepEqual(open, { do: "open", host: "resume", isPlain: true });
  const [live] = step(stateOf("resuming", { memory }), { kind: "resumed", connection: 7 });
  assert.equal(live.memory.isPlain, true);
  const [stable] = step(live, { kind: "timeout", progress: false });
  assert.equal(stable.memory.isPlain, false);
});

Deno.test("a replay may begin with READY, and hold a RESUMED of before", () => {
  const ready = { kind: "ready", session: SESSION, connection: 7 } as const;
  assert.deepEqual(step(stateOf("resuming"), ready), [stateOf("resuming")]);
  assert.deepEqual(step(stateOf("ready"), { kind: "resumed", connection: 7 }), [stateOf("ready")]);
});

Deno.test("a stopped shard starts again with a clean record", () => {
  const [next] = step(stateOf("stopped"), { kind: "start", point: POINT, cursorFloor: 0 });
  assert.deepEqual([next.memory.attempt, next.memory.refusals], [0, 0]);
});

Deno.test("a shard begins by resuming where there is a session, else it asks to identify", () => {
  const [resuming] = step(stateOf("idle"), { kind: "start", point: POINT, cursorFloor: 0 });
  assert.ok(resuming.kind === "connecting" && resuming.goal === "resume");
  assert.deepEqual(resuming.memory.session, SESSION);
  const [asking] = step(stateOf("idle"), { kind: "start", point: null, cursorFloor: 0 });
  assert.equal(asking.kind, "queued");
});

Deno.test("each connection is numbered, so that an old one's words are known", () => {
  const [next] = step(stateOf("backing off"), { kind: "timeout", progress: false });
  assert.equal(next.memory.connection, MEMORY.connection + 1);
});

Deno.test("a shard identifies on the generic host, whatever failed before", () => {
  for (const fruitless of [0, 1, 2]) {
    const queued = stateOf("queued", { memory: { ...NEW, fruitless } });
    const [next] = step(queued, { kind: "permit" });
    assert.ok(next.kind === "connecting" && next.goal === "identify" && next.host === "generic");
  }
});

Deno.test("a state says in words what it does and where", () => {
  const memory = { ...MEMORY, fruitless: 1 };
  const cut = stateOf("backing off", { memory, reason: "cut off", pause: "other host" });
  const [{ reason }] = step(cut, { kind: "timeout", progress: false });
  assert.equal(reason, "cut off, connecting to resume on the generic host");
});

Deno.test("a connection that never came to HELLO keeps the session and is counted", () => {
  for (
    const [kind, input] of [
      ["connecting", { kind: "failed", reason: "refused" }],
      ["connecting", { kind: "timeout", progress: false }],
      ["hello", { kind: "closed", code: 1006 }],
      ["hello", { kind: "timeout", progress: false }],
    ] as const
  ) {
    const [next] = step(stateOf(kind), { ...input, connection: 7 } as Input);
    assert.deepEqual(next.memory, { ...MEMORY, fruitless: 1 });
  }
  const [later] = step(stateOf("ready"), { kind: "closed", code: 1006, connection: 7 });
  assert.equal(later.memory.fruitless, 0, "one that did has come to something");
});

Deno.test("op 7 in place of HELLO, and a RESUME without an answer, have the other host tried at once", () => {
  const [left] = step(stateOf("hello"), { kind: "reconnect", connection: 7 });
  assert.ok(left.kind === "closing" && left.then === "other host");
  const [, ...effects] = step(stateOf("resuming"), { kind: "timeout", progress: false });
  assert.deepEqual(effects[0], { do: "pause", pause: "other host", attempt: MEMORY.attempt });
  assert.ok(names(effects).includes("destroy"), "who is silent would not answer a close frame");
});

Deno.test("events after RESUME forgive what came before them, and the replay may break off", () => {
  const [replaying] = step(stateOf("resuming"), { kind: "replayed", connection: 7 });
  assert.ok(replaying.kind === "resuming" && replaying.replayed);
  assert.deepEqual(replaying.memory, { ...MEMORY, attempt: 1, refusals: 0 });
  const [next] = step(replaying, { kind: "closed", code: 1006, connection: 7 });
  assert.ok(next.kind === "backing off" && next.pause === "back off");
  assert.deepEqual([next.memory.fruitless, next.memory.refusals], [0, 0]);
});

Deno.test("a close before HELLO ends no session: Discord has not yet been told of it", () => {
  for (const code of [4003, 4006, 4007, 4009]) {
    const [next] = step(stateOf("hello"), { kind: "closed", code, connection: 7 });
    assert.equal(next.kind, "backing off");
    assert.deepEqual(next.memory.session, SESSION, `after ${code}`);
  }
});

Deno.test("a fatal close before HELLO stops the shard, with the permit given back", () => {
  const hello = stateOf("hello", { goal: "identify", memory: NEW });
  const [next, ...effects] = step(hello, { kind: "closed", code: 4004, connection: 7 });
  assert.equal(next.kind, "stopped");
  assert.match(next.reason, /4004.*DISCORD_TOKEN/);
  assert.deepEqual(names(effects), ["give up", "release permit"]);
});

Deno.test("RESUMED forgives what came before it, but for one attempt: the connection has yet to last", () => {
  for (const attempt of [0, 1, 9]) {
    const memory = { ...MEMORY, attempt, fruitless: 3, refusals: 4 };
    const [next] = step(stateOf("resuming", { memory }), { kind: "resumed", connection: 7 });
    const forgiven = { ...MEMORY, attempt: Math.min(attempt, 1), fruitless: 0, refusals: 0 };
    assert.deepEqual(next.memory, forgiven);
  }
});

Deno.test("op 9 keeps what can be resumed and pauses longer for what cannot", () => {
  const invalid = (resumable: boolean) =>
    step(stateOf("ready"), { kind: "invalid", resumable, connection: 7 })[0];
  const [kept, lost] = [invalid(true), invalid(false)];
  assert.deepEqual([kept.memory.session, lost.memory.session], [SESSION, null]);
  assert.deepEqual(["then" in kept && kept.then, "then" in lost && lost.then], [
    "back off",
    "invalid session",
  ]);
});

Deno.test("a shard that has closed goes on as it was closed for", () => {
  const closed = { kind: "closed", code: 4900, connection: 7 } as const;
  const [next] = step(stateOf("closing", { reason: "op 7", then: "invalid session" }), closed);
  assert.ok(next.kind === "backing off" && next.pause === "invalid session");
  assert.equal(next.reason, "op 7");
  assert.equal(step(stateOf("closing", { then: "stop" }), closed)[0].kind, "stopped");
});

Deno.test("a deadline is long enough for what it waits for, and short enough to be noticed", () => {
  assert.ok(DEADLINE_MS.closing <= 5_000);
  // A permit is void after 45 s: it must be used or back by then.
  for (const fruitless of [0, 2, 100]) assert.ok(patienceMs({ ...MEMORY, fruitless }) < 45_000);
});

Deno.test("of the two hosts of a round the second is tried at once, and only rounds make pauses and patience grow", () => {
  let [state, ...effects] = step(newSession(), { kind: "start", point: POINT, cursorFloor: 0 });
  const tries: string[] = [];
  for (let i = 0; i < 8; i++) {
    const waits = effects.find((effect) => effect.do === "deadline");
    [state, ...effects] = step(state, { kind: "timeout", progress: false });
    const pause = effects.find((effect) => effect.do === "pause");
    assert.ok(waits?.do === "deadline" && pause?.do === "pause");
    tries.push(`${waits.afterMs} ms, ${pause.pause} ${pause.attempt}`);
    [state, ...effects] = step(state, { kind: "timeout", progress: false });
  }
  assert.deepEqual(tries, [
    ...["5000 ms, other host 0", "5000 ms, back off 0"],
    ...["10000 ms, other host 1", "10000 ms, back off 1"],
    ...["15000 ms, other host 2", "15000 ms, back off 2"],
    ...["15000 ms, other host 3", "15000 ms, back off 3"],
  ]);
});

Deno.test("an identify has one host: each connection that came to nothing is followed by a pause", () => {
  const identify = stateOf("connecting", { goal: "identify", host: "generic", memory: NEW });
  const [next] = step(identify, { kind: "timeout", progress: false });
  assert.ok(next.kind === "backing off" && next.pause === "back off");
});

import assert from "node:assert/strict";
import fc from "fast-check";
import { closeCode } from "../../../protocol/discord/close_codes.ts";
import { SHARD_STATES } from "../../../protocol/status.ts";
import {
  isConnected,
  judged,
  MOST_REFUSALS,
  newSession,
  placeOf,
  step,
} from "../../../gateway/session/step.ts";
import { CELLS, DEADLINE_MS, patienceMs } from "../../../gateway/session/table.ts";
import type { Effect, Input, State } from "../../../gateway/session/words.ts";
import { INPUTS, MEMORY, names, NEW, POINT, SESSION, stateOf, STATES, STEPS } from "./pairs.ts";

for (const kind of SHARD_STATES) {
  Deno.test(`step() accepts exactly what the table has for ${kind}`, () => {
    for (const state of STATES.filter((each) => each.kind === kind)) {
      const before = structuredClone(state);
      for (const input of INPUTS) {
        if ("connection" in input && !isConnected(state)) {
          assert.deepEqual(step(state, input), [state, { do: "count stale" }]);
        } else if (input.kind in CELLS[kind]) step(state, input);
        else assert.throws(() => step(state, input), { code: "illegal_step" });
        assert.deepEqual(state, before, "a step must not change the state it was given");
      }
    }
  });
}

Deno.test("a state is connected when something of its connection can still be fresh", () => {
  const connected = SHARD_STATES.filter((kind) => isConnected(stateOf(kind)));
  const hears = SHARD_STATES.filter((kind) =>
    INPUTS.some((input) => "connection" in input && input.kind in CELLS[kind])
  );
  assert.deepEqual(connected, hears);
});

Deno.test("placeOf() begins numbers with the READY that was asked for, goes on with a session's", () => {
  for (const state of STATES) {
    assert.equal(placeOf(state, 6, "READY"), "stale");
    const usual = state.memory.session || state.kind === "ready" ? "next" : "none";
    for (const t of ["MESSAGE_CREATE", "RESUMED", null]) assert.equal(placeOf(state, 7, t), usual);
    assert.equal(placeOf(state, 7, "READY"), state.kind === "identifying" ? "begin" : usual);
  }
});

Deno.test("step() drops and counts what an old connection says", () => {
  const ready = stateOf("ready");
  const result = step(ready, { kind: "closed", code: 4004, connection: 6 });
  assert.deepEqual(result, [ready, { do: "count stale" }]);
});

Deno.test("step() never accepts an input that it does not know in any state", () => {
  const unknown = { kind: "unheard of" } as unknown as Input;
  for (const state of STATES) assert.throws(() => step(state, unknown), { code: "illegal_step" });
});

for (const code of [1000, 1001, 1006, 4000, 4001, 4002, 4005, 4008, 4009, 4999]) {
  Deno.test(`close ${code} keeps the session`, () => {
    const [next] = step(stateOf("ready"), { kind: "closed", code, connection: 7 });
    assert.equal(next.kind, "backing off");
    assert.deepEqual(next.memory.session, SESSION);
  });
}

for (const code of [4003, 4006, 4007]) {
  Deno.test(`close ${code} ends the session, in the open`, () => {
    const [next, ...effects] = step(stateOf("ready"), { kind: "closed", code, connection: 7 });
    assert.equal(next.kind, "backing off");
    assert.equal(next.memory.session, null);
    assert.ok(names(effects).includes("forget session"));
  });
}

for (const code of [4004, 4010, 4011, 4012, 4013, 4014]) {
  for (const kind of ["hello", "identifying", "resuming", "ready"] as const) {
    Deno.test(`close ${code} while ${kind} stops this shard and says why`, () => {
      const [next, ...effects] = step(stateOf(kind), { kind: "closed", code, connection: 7 });
      assert.equal(next.kind, "stopped");
      assert.match(next.reason, new RegExp(closeCode(code).meaning));
      assert.ok(names(effects).includes("give up"));
      assert.ok(!names(effects).includes("pause"), "a fatal close must not be tried again");
    });
  }
}

Deno.test("a resume host that is dead is tried in turn with the generic one, session kept", () => {
  let [state, ...effects] = step(newSession(), { kind: "start", point: POINT, cursorFloor: 0 });
  const hosts: string[] = [];
  for (let i = 0; i < 4; i++) {
    hosts.push((effects.find((effect) => effect.do === "open") as { host: string }).host);
    const { connection } = state.memory;
    [state] = step(state, { kind: "failed", reason: "503", connection });
    assert.deepEqual(state.memory.session, SESSION);
    [state, ...effects] = step(state, { kind: "timeout", progress: false });
  }
  assert.deepEqual(hosts, ["resume", "generic", "resume", "generic"]);
});

Deno.test("a session whose RESUME is never answered is given up after a bounded number of tries", () => {
  let [state, ...effects] = step(newSession(), { kind: "start", point: POINT, cursorFloor: 0 });
  let resumes = 0;
  while (state.memory.session && resumes < 100) {
    const { connection } = state.memory;
    [state] = step(state, { kind: "opened", connection });
    [state] = step(state, { kind: "hello", connection });
    resumes++;
    [state, ...effects] = step(state, { kind: "closed", code: 1006, connection });
    if (state.memory.session) [state] = step(state, { kind: "timeout", progress: false });
  }
  assert.equal(resumes, MOST_REFUSALS);
  assert.ok(names(effects).includes("forget session"));
  [state, ...effects] = step(state, { kind: "timeout", progress: false });
  assert.deepEqual(names(effects), ["ask to identify"]);
});

Deno.test("a connection that came to life makes the next pause short, one that was stable the shortest", () => {
  const attempts: number[] = [];
  let state: State = stateOf("ready", { memory: { ...MEMORY, attempt: 5 } });
  const drop = () => {
    const [next, ...effects] = step(state, { kind: "closed", code: 4000, connection: 7 });
    attempts.push((effects.find((effect) => effect.do === "pause") as { attempt: number }).attempt);
    const [{ memory }] = step(next, TIMEOUT);
    const resuming = stateOf("resuming", { memory: { ...memory, connection: 7 } });
    [state] = step(resuming, { kind: "resumed", connection: 7 });
  };
  drop();
  drop();
  drop();
  [state] = step(state, TIMEOUT);
  drop();
  assert.deepEqual(attempts, [5, 1, 1, 0]);
});

Deno.test("whatever happens, no IDENTIFY goes out without a permit and no permit is kept", () => {
  const anyInput = fc.constantFrom(...INPUTS).chain((input) =>
    fc.record({ stale: fc.integer({ min: 0, max: 9 }).map((n) => n === 0), end: fc.boolean() })
      .map(({ stale, end }) => ({ input, stale, end }))
  );
  fc.assert(
    fc.property(fc.array(anyInput, { maxLength: 200 }), (moves) => {
      let state = newSession();
      let holds = false;
      let sockets = 0;
      for (const { input, stale, end } of moves) {
        const now = freshen(input, state, stale, end);
        if (!(now.kind in CELLS[state.kind])) continue;
        const before = state;
        const [next, ...effects] = step(state, now);
        state = next;
        if (now.kind === "permit") holds = true;
        if (["closed", "failed"].includes(now.kind) && names(effects)[0] !== "count stale") {
          sockets--;
        }
        for (const effect of effects) {
          if (effect.do === "send identify") {
            assert.ok(holds, "IDENTIFY without a permit");
            holds = false;
          }
          if (effect.do === "release permit") holds = false;
          if (effect.do === "destroy") sockets--;
          if (effect.do === "open") sockets++;
        }
        assert.ok(sockets === 0 || sockets === 1, `${sockets} sockets after ${now.kind}`);
        const mayHold = state.kind === "connecting" || state.kind === "hello";
        assert.ok(!holds || mayHold, `a permit is kept while ${state.kind} (from ${before.kind})`);
      }
    }),
    { numRuns: 2000 },
  );
});

/** The input as the shell would give it now: of this connection, unless it is to be stale. */
function freshen(input: Input, state: State, stale: boolean, end: boolean): Input {
  const { connection } = state.memory;
  if ("connection" in input) return { ...input, connection: stale ? connection - 1 : connection };
  if (input.kind === "start") return { ...input, point: end ? null : POINT };
  return input;
}

const TIMEOUT = { kind: "timeout", progress: false } as const;

function times(effects: readonly Effect[], name: Effect["do"]): number {
  return names(effects).filter((each) => each === name).length;
}

/** On the way to IDENTIFY: it has a permit, or has asked for one. */
function isOnItsWay(state: State): boolean {
  return state.kind === "queued" || ("goal" in state && state.goal === "identify");
}

// The rules that hold whatever led out of a state, or into one: over every pair of the table.

Deno.test("who leaves the way to IDENTIFY by anything but IDENTIFY gives the permit back, once", () => {
  for (const { before, after, input, effects, pair } of STEPS) {
    if (input.kind === "permit") continue;
    const isDue = isOnItsWay(before) && !isOnItsWay(after) && after.kind !== "identifying";
    assert.equal(times(effects, "release permit"), Number(isDue), pair);
  }
});

Deno.test("a permit changes nothing where nobody waits for one, and goes back", () => {
  for (const { before, after, input, effects, pair } of STEPS) {
    if (input.kind !== "permit" || before.kind === "queued") continue;
    assert.equal(after, before, pair);
    // One that is held already is void: the newer one takes its place.
    assert.deepEqual(names(effects), isOnItsWay(before) ? [] : ["release permit"], pair);
  }
  assert.deepEqual(
    new Set(STEPS.filter(({ input }) => input.kind === "permit").map(({ before }) => before.kind)),
    new Set(STEPS.map(({ before }) => before.kind)),
    "there is a state in which a permit is illegal",
  );
});

Deno.test("a RESUME that ends without an answer is one refusal; an answer, or our own wish, is none", () => {
  const leaves = STEPS.filter(({ before, after }) =>
    before.kind === "resuming" && after.kind !== "resuming"
  );
  assert.ok(leaves.length > 10);
  for (const { before, input, after, pair } of leaves) {
    const { session, refusals } = after.memory;
    const wasReplayed = before.kind === "resuming" && before.replayed;
    if (input.kind === "resumed" || session === null) assert.equal(refusals, 0, pair);
    else if (wasReplayed) assert.equal(refusals, MEMORY.refusals, pair);
    else if (["invalid", "restart", "stop"].includes(input.kind) || after.kind === "stopped") {
      assert.equal(refusals, MEMORY.refusals, pair);
    } else assert.equal(refusals, MEMORY.refusals + 1, pair);
  }
});

Deno.test("judged() has nothing against a connection that was answered, or that we have ended", () => {
  for (const { before, input, after, pair } of STEPS) {
    const isSilent = "goal" in before || (before.kind === "resuming" && !before.replayed);
    if (isSilent && input.kind !== "restart") continue;
    assert.equal(judged(before, input, after), after, pair);
  }
});

Deno.test("a session is given up after its last unanswered RESUME, not one before", () => {
  const refusals = MOST_REFUSALS - 2;
  const [kept] = step(stateOf("resuming", { memory: { ...MEMORY, refusals } }), TIMEOUT);
  assert.deepEqual([kept.memory.session, kept.memory.refusals], [SESSION, MOST_REFUSALS - 1]);
  const [lost, ...effects] = step(stateOf("resuming", { memory: kept.memory }), TIMEOUT);
  assert.deepEqual([lost.memory.session, lost.memory.refusals], [null, 0]);
  assert.match(JSON.stringify(effects.at(-1)), /forget session.*12 RESUMEs went unanswered/);
});

Deno.test("a connection that is left has been closed by its peer, or is destroyed", () => {
  for (const { before, after, input, effects, pair } of STEPS) {
    const isLeft = isConnected(before) && !isConnected(after);
    const isGone = input.kind === "closed" || input.kind === "failed";
    assert.equal(times(effects, "destroy"), Number(isLeft && !isGone), pair);
  }
});

Deno.test("a session that is gone is told, one that begins is kept, and nothing else is either", () => {
  for (const { before, after, input, effects, pair } of STEPS) {
    const [had, has] = [before.memory.session !== null, after.memory.session !== null];
    // Whoever starts a shard says itself whether there is a session.
    const isOurs = input.kind !== "start";
    const isAside = input.kind === "numbers";
    const isGone = isOurs && had && !has;
    assert.equal(times(effects, "forget session"), Number(isGone && !isAside), pair);
    assert.equal(times(effects, "set session aside"), Number(isGone && isAside), pair);
    const began = before.kind === "identifying" && after.kind === "ready";
    const isBack = isAside && !had && has;
    assert.equal(times(effects, "keep session"), Number(began || isBack), pair);
  }
});

Deno.test("every connection that another is to follow is counted once, under its cause", () => {
  const causes = new Map<string, Set<string>>();
  for (const { before, after, input, effects, pair } of STEPS) {
    const isOver = ["closing", "backing off"].includes(after.kind);
    const isFirst = isConnected(before) && before.kind !== "closing";
    const isCounted = isFirst && isOver && input.kind !== "stop";
    assert.equal(times(effects, "count reconnect"), Number(isCounted), pair);
    for (const effect of effects) {
      if (effect.do !== "count reconnect") continue;
      causes.set(input.kind, (causes.get(input.kind) ?? new Set()).add(effect.cause));
    }
  }
  assert.deepEqual(Object.fromEntries([...causes].map(([input, some]) => [input, [...some]])), {
    failed: ["connect failed"],
    closed: ["closed by discord"],
    timeout: ["deadline"],
    hello: ["corrupt frame"],
    ready: ["corrupt frame"],
    resumed: ["corrupt frame"],
    reconnect: ["op 7"],
    invalid: ["invalid session"],
    corrupt: ["corrupt frame"],
    zombie: ["zombie"],
    restart: ["requested"],
  });
});

Deno.test("only a fatal close gives up", () => {
  for (const { before, input, effects, pair } of STEPS) {
    const isFatal = input.kind === "closed" && input.code === 4004 && before.kind !== "closing";
    assert.equal(times(effects, "give up"), Number(isFatal), pair);
  }
});

Deno.test("numbers are picked up by a start, and by nothing else", () => {
  for (const { input, effects, pair } of STEPS) {
    const [first, ...rest] = effects;
    assert.equal(times(rest, "pick up"), 0, pair);
    if (input.kind !== "start") assert.notEqual(first?.do, "pick up", pair);
    else assert.deepEqual(first, { do: "pick up", point: input.point, cursorFloor: 4 }, pair);
  }
  assert.ok(STEPS.some(({ input }) => input.kind === "start" && input.point === POINT));
});

// What each state asks for when it is entered.

Deno.test("entering identifying or resuming sends one thing and waits for its answer", () => {
  const hello = { kind: "hello", connection: 7 } as const;
  const [, ...identify] = step(stateOf("hello", { goal: "identify", memory: NEW }), hello);
  assert.deepEqual(identify, [
    { do: "send identify" },
    { do: "deadline", afterMs: DEADLINE_MS.identifying },
  ]);
  const [, ...resume] = step(stateOf("hello"), hello);
  assert.deepEqual(resume, [
    { do: "send resume" },
    { do: "deadline", afterMs: patienceMs(MEMORY) },
  ]);
});

Deno.test("entering connecting opens its host, under a deadline", () => {
  const [, ...effects] = step(stateOf("backing off"), TIMEOUT);
  assert.deepEqual(effects, [
    { do: "open", host: "resume", isPlain: false },
    { do: "deadline", afterMs: patienceMs(MEMORY) },
  ]);
});

Deno.test("entering closing closes with a code that keeps the session, under a deadline", () => {
  const [, ...effects] = step(stateOf("ready"), { kind: "reconnect", connection: 7 });
  assert.deepEqual(effects, [
    { do: "close", code: 4900 },
    { do: "deadline", afterMs: DEADLINE_MS.closing },
    { do: "count reconnect", cause: "op 7" },
  ]);
});

Deno.test("the session is ended with 1000 only where that was asked for", () => {
  for (const { input, effects, pair } of STEPS) {
    const isEnd = "session" in input && input.session === "end";
    for (const effect of effects) {
      if (effect.do === "close") assert.equal(effect.code, isEnd ? 1000 : 4900, pair);
    }
  }
});

Deno.test("entering backing off pauses by the attempts so far, as it was closed for", () => {
  const [, pause] = step(stateOf("closing", { then: "invalid session" }), TIMEOUT);
  assert.deepEqual(pause, { do: "pause", pause: "invalid session", attempt: 3 });
  const failed = { kind: "failed", reason: "refused", connection: 7 } as const;
  const [, ...effects] = step(stateOf("connecting"), failed);
  assert.deepEqual(effects, [
    { do: "pause", pause: "other host", attempt: 3 },
    { do: "count reconnect", cause: "connect failed" },
  ]);
});

Deno.test("every state that waits for somebody else has a deadline, every pause an end", () => {
  for (const { before, after, effects, pair } of STEPS) {
    if (before.kind === after.kind) continue;
    // HELLO is waited for within the deadline of the connection.
    const hasOwn = isConnected(after) && after.kind !== "hello";
    assert.equal(times(effects, "deadline"), Number(hasOwn), pair);
    if (after.kind === "backing off") assert.equal(times(effects, "pause"), 1, pair);
    if (after.kind === "queued") assert.equal(times(effects, "ask to identify"), 1, pair);
  }
});

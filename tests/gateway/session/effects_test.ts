import assert from "node:assert/strict";
import { isConnected, MOST_REFUSALS, refused } from "../../../gateway/session/effects.ts";
import { step } from "../../../gateway/session/step.ts";
import { DEADLINE_MS } from "../../../gateway/session/table.ts";
import type { Effect, State } from "../../../gateway/session/words.ts";
import { MEMORY, names, NEW, POINT, SESSION, stateOf, STEPS } from "./pairs.ts";

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
  for (const { input, after, pair } of leaves) {
    const { session, refusals } = after.memory;
    if (input.kind === "resumed" || session === null) assert.equal(refusals, 0, pair);
    else if (["invalid", "restart", "stop"].includes(input.kind) || after.kind === "stopped") {
      assert.equal(refusals, MEMORY.refusals, pair);
    } else assert.equal(refusals, MEMORY.refusals + 1, pair);
  }
});

Deno.test("refused() counts in no other state", () => {
  for (const { before, input, after, pair } of STEPS) {
    if (before.kind === "resuming") continue;
    assert.equal(refused(before, input, after), after, pair);
  }
});

Deno.test("a session is given up after its last unanswered RESUME, not one before", () => {
  const refusals = MOST_REFUSALS - 2;
  const [kept] = step(stateOf("resuming", { memory: { ...MEMORY, refusals } }), TIMEOUT);
  assert.deepEqual([kept.memory.session, kept.memory.refusals], [SESSION, MOST_REFUSALS - 1]);
  const [lost, ...effects] = step(stateOf("resuming", { memory: kept.memory }), TIMEOUT);
  assert.deepEqual([lost.memory.session, lost.memory.refusals], [null, 0]);
  assert.match(JSON.stringify(effects.at(-1)), /forget session.*6 RESUMEs went unanswered/);
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
    assert.equal(times(effects, "forget session"), Number(isOurs && had && !has), pair);
    assert.equal(times(effects, "keep session"), Number(isOurs && !had && has), pair);
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
    { do: "deadline", afterMs: DEADLINE_MS.resuming },
  ]);
});

Deno.test("entering connecting opens its host, under a deadline", () => {
  const [, ...effects] = step(stateOf("backing off"), TIMEOUT);
  assert.deepEqual(effects, [
    { do: "open", host: "resume" },
    { do: "deadline", afterMs: DEADLINE_MS.connecting },
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
    { do: "pause", pause: "back off", attempt: 3 },
    { do: "count reconnect", cause: "connect failed" },
  ]);
});

Deno.test("every state that waits for somebody else has a deadline, every pause an end", () => {
  for (const { before, after, effects, pair } of STEPS) {
    if (before.kind === after.kind) continue;
    if (isConnected(after)) assert.equal(times(effects, "deadline"), 1, pair);
    if (after.kind === "backing off") assert.equal(times(effects, "pause"), 1, pair);
    if (after.kind === "queued") assert.equal(times(effects, "ask to identify"), 1, pair);
  }
});

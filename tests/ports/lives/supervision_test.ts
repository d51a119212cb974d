import assert from "node:assert/strict";
import {
  type Input,
  NOT_STARTED,
  type Policy,
  type State,
  step,
  Supervision,
} from "../../../ports/lives/supervision.ts";
import { countingClock } from "../../support/exchange.ts";

const POLICY: Policy = {
  delaysMs: [0, 500, 2_000],
  windowMs: 60_000,
  stableMs: 10_000,
  budget: 4,
};

const START = { kind: "start" } as const;
const LOADED = { kind: "loaded" } as const;
const UNLOADABLE = { kind: "ended", reason: "no such file", isUnloadable: true } as const;
const UP = { kind: "up", reason: "well" } as const;
const DOWN = { kind: "down", reason: "link lost" } as const;
const ENDED = { kind: "ended", reason: "code 7" } as const;
const STOP = { kind: "stop", reason: "asked to", deadlineMs: 50 } as const;
const INPUTS: readonly Input[] = [START, LOADED, UP, DOWN, ENDED, STOP];

/** The state after each input, with its effect; `at` gives the times, else all is at 0. */
function live(inputs: readonly Input[], { policy = POLICY, at = [] as number[] } = {}) {
  let state: State = NOT_STARTED;
  const told = inputs.map((input, i) => {
    const [next, effect] = step(state, input, { policy, nowMs: at[i] ?? 0 });
    state = next;
    if (!effect) return state.kind;
    return effect.do === "pause"
      ? `${state.kind}, ${effect.delayMs}`
      : `${state.kind}, ${effect.do}`;
  });
  return { state, told };
}

/** Delays after ends at these times, each right after a start. */
function delays(endsMs: readonly number[], policy: Partial<Policy>) {
  const inputs = endsMs.flatMap(() => [START, ENDED]);
  const at = endsMs.flatMap((endMs) => [endMs, endMs]);
  const { told } = live(inputs, { policy: { ...POLICY, ...policy }, at });
  return told.filter((_, i) => i % 2 === 1);
}

Deno.test("step() has a place starting, up, away and up again", () => {
  const { state, told } = live([START, UP, DOWN, UP]);
  assert.deepEqual(told, ["starting, start", "up", "away", "up"]);
  assert.deepEqual([state.reason, state.restarts], ["well", 0]);
});

Deno.test("step() starts what has ended again, and keeps why it ended", () => {
  const { state, told } = live([START, UP, ENDED, START]);
  assert.deepEqual(told.slice(2), ["backing off, 0", "starting, start"]);
  assert.deepEqual([state.reason, state.restarts], ["restarted: code 7", 1]);
  assert.equal(live([START]).state.reason, "started");
});

Deno.test("step() waits longer after each end, and gives up when the budget is used up", () => {
  assert.deepEqual(delays([0, 1, 2, 3, 4], {}), [
    "backing off, 0",
    "backing off, 500",
    "backing off, 2000",
    "backing off, 2000",
    "failed, give up",
  ]);
});

Deno.test("step() forgives the ends before one that ran long enough, not a moment less", () => {
  for (const [ranMs, wanted] of [[9_999, "backing off, 2000"], [10_000, "backing off, 0"]]) {
    const at = [0, 0, 0, 0, 5, 5 + Number(ranMs)];
    const { told } = live([START, ENDED, START, ENDED, START, ENDED], { at });
    assert.equal(told.at(-1), wanted);
  }
});

Deno.test("step() forgives what is long ago, not a moment less", () => {
  const policy = { windowMs: 100, stableMs: Infinity, budget: 2 };
  assert.equal(delays([0, 0, 99], policy).at(-1), "failed, give up");
  assert.equal(delays([0, 0, 100], policy).at(-1), "backing off, 0");
  assert.equal(delays([0, 95, 100], policy).at(-1), "backing off, 500");
});

Deno.test("step() starts what was given up when somebody wants it; its ends count on", () => {
  const inputs = [START, ...Array(5).fill([ENDED, START]).flat(), ENDED] as Input[];
  assert.deepEqual(live(inputs).told.slice(-3), [
    "failed, give up",
    "starting, start",
    "failed, give up",
  ]);
});

Deno.test("step() ends what runs, and has it stopped when it has ended", () => {
  for (const before of [[START], [START, UP], [START, UP, DOWN]]) {
    const { state, told } = live([...before, STOP, UP, DOWN, STOP, ENDED]);
    const stopping = ["stopping, end", "stopping", "stopping", "stopping", "stopped"];
    assert.deepEqual(told.slice(before.length), stopping);
    assert.equal(state.reason, "asked to");
  }
});

Deno.test("step() ends nothing where nothing runs", () => {
  assert.deepEqual(live([START, ENDED, STOP]).told.at(-1), "stopped");
  assert.equal(live([STOP]).state, NOT_STARTED);
});

Deno.test("step() begins anew with what was stopped", () => {
  const { state, told } = live([START, ENDED, START, ENDED, STOP, START, ENDED]);
  assert.deepEqual(told.at(-1), "backing off, 0");
  assert.equal(state.restarts, 0);
});

Deno.test("step() refuses what was never loaded and cannot be, and nothing else", () => {
  assert.equal(live([START, UNLOADABLE]).told.at(-1), "failed, refuse");
  assert.equal(live([START, ENDED, START, UNLOADABLE]).told.at(-1), "failed, refuse");
  assert.equal(live([START, UNLOADABLE, START]).told.at(-1), "starting, start");
  for (const before of [[START, LOADED], [START, UP]]) {
    assert.equal(live([...before, UNLOADABLE]).told.at(-1), "backing off, 0");
    const later = live([...before, ENDED, START, STOP, ENDED, START, UNLOADABLE]);
    assert.equal(later.told.at(-1), "backing off, 0");
  }
  assert.equal(live([START, ENDED]).told.at(-1), "backing off, 0");
});

Deno.test("step() does not let the link of what has ended change anything", () => {
  for (const before of [[START, ENDED], [START, STOP, ENDED], []]) {
    const { state } = live(before);
    assert.equal(live([...before, UP, DOWN]).state.kind, state.kind);
  }
});

Deno.test("step() takes no notice of what says nothing new", () => {
  const ways: readonly Input[][] = [
    [],
    [START],
    [START, UP],
    [START, UP, DOWN],
    [START, STOP],
    [START, ENDED],
    [START, ...Array(4).fill([ENDED, START]).flat(), ENDED],
  ];
  const ignored = ways.map((way) => {
    const { state } = live(way);
    const same = INPUTS.filter((it) => step(state, it, { policy: POLICY, nowMs: 0 })[0] === state);
    return `${state.kind}: ${same.map(({ kind }) => kind).join(", ")}`;
  });
  assert.deepEqual(ignored, [
    "stopped: loaded, up, down, ended, stop",
    "starting: start, down",
    "up: start, loaded",
    "away: start, loaded, down",
    "stopping: start, loaded, up, down, stop",
    "backing off: loaded, up, down, ended",
    "failed: loaded, up, down, ended",
  ]);
});

function setUp(policy = POLICY) {
  const clock = countingClock();
  const told: string[] = [];
  const supervision = new Supervision({
    clock,
    policy,
    start: () => told.push(`start at ${clock.now()}`),
    end: (reason, deadlineMs) => told.push(`end in ${deadlineMs}: ${reason}`),
    lost: (reason, restartInMs) => told.push(`lost, ${restartInMs}: ${reason}`),
    refused: (reason) => told.push(`refused: ${reason}`),
    changed: (state, before) => told.push(`${before.kind} → ${state.kind}`),
  });
  return { clock, supervision, told };
}

Deno.test("Supervision tells each change, then what follows", async () => {
  const { clock, supervision, told } = setUp({ ...POLICY, delaysMs: [300], budget: 1 });
  for (const input of [START, START, UP, ENDED]) supervision.take(input);
  await clock.advance(299);
  assert.equal(supervision.state.kind, "backing off");
  await clock.advance(1);
  supervision.take(ENDED);
  assert.deepEqual(told, [
    "stopped → starting",
    "start at 0",
    "starting → up",
    "up → backing off",
    "lost, 300: code 7",
    "backing off → starting",
    "start at 300",
    "starting → failed",
    "lost, null: code 7",
  ]);
});

Deno.test("Supervision starts nothing any more once it was stopped, and leaves no timer", async () => {
  const { clock, supervision, told } = setUp({ ...POLICY, delaysMs: [300] });
  supervision.take(START);
  supervision.take(ENDED);
  assert.equal(clock.timers.size, 1);
  supervision.take(STOP);
  assert.equal(clock.timers.size, 0);
  await clock.advance(10_000);
  assert.deepEqual(told.slice(-1), ["backing off → stopped"]);
  supervision.take(START);
  supervision.take(STOP);
  assert.deepEqual(told.slice(-2), ["starting → stopping", "end in 50: asked to"]);
});

Deno.test("Supervision that is started while it backs off starts once", async () => {
  const { clock, supervision, told } = setUp({ ...POLICY, delaysMs: [300] });
  for (const input of [START, ENDED, START]) supervision.take(input);
  await clock.advance(10_000);
  assert.deepEqual(told.filter((it) => it.startsWith("start at")), ["start at 0", "start at 0"]);
});

Deno.test("Supervision tells once that what it has cannot be loaded, and leaves no timer", () => {
  const { clock, supervision, told } = setUp();
  supervision.take(START);
  supervision.take(UNLOADABLE);
  assert.deepEqual(told.slice(-2), ["starting → failed", "refused: no such file"]);
  assert.equal(clock.timers.size, 0);
});

import assert from "node:assert/strict";
import type { Clock } from "../../ports/clock.ts";
import { Turns } from "../../queue/turns.ts";
import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";

/** Turns in virtual time; the thread's naps, and what it works, hold its clock up. */
function setUp(delayMs = 4) {
  const virtual = createVirtualClock();
  const naps: number[] = [];
  /** How far the thread's clock is ahead of the virtual one: it was asleep, or busy. */
  let aheadMs = 0;
  const hold = (durationMs: number) => void (aheadMs += durationMs);
  const clock: Clock = { ...virtual, now: () => virtual.now() + aheadMs };
  const nap = (durationMs: number) => {
    naps.push(durationMs);
    hold(durationMs);
  };
  const turns = new Turns({ clock, delayMs, nap });
  const ran: string[] = [];
  /** One turn in which a task works for so long. */
  const turn = async (workMs = 0) => {
    turns.add(() => hold(workMs));
    await virtual.advance(0);
  };
  return { turns, naps, ran, turn, pass: (ms: number) => virtual.advance(ms) };
}

Deno.test("Turns runs a task in this turn, and not before what is here has been read", async () => {
  const { turns, ran, pass } = setUp();
  turns.add(() => ran.push("a"));
  assert.deepEqual(ran, []);
  await pass(0);
  assert.deepEqual(ran, ["a"]);
});

Deno.test("Turns runs a task once that was asked for twice, and again in a later turn", async () => {
  const { turns, ran, pass } = setUp();
  const task = () => void ran.push("a");
  turns.add(task);
  turns.add(() => ran.push("b"));
  turns.add(task);
  await pass(0);
  assert.deepEqual(ran, ["a", "b"]);
  turns.add(task);
  await pass(0);
  assert.deepEqual(ran, ["a", "b", "a"]);
});

Deno.test("Turns runs a task that a task asks for in the next turn", async () => {
  const { turns, ran, pass } = setUp(0);
  const again = () => void ran.push("again");
  turns.add(() => {
    ran.push("first");
    turns.add(again);
    assert.deepEqual(ran, ["first"]);
  });
  await pass(0);
  assert.deepEqual(ran, ["first", "again"]);
});

Deno.test("Turns does not run a task that was removed", async () => {
  const { turns, ran, pass } = setUp();
  const task = () => void ran.push("a");
  turns.add(task);
  turns.remove(task);
  await pass(100);
  assert.deepEqual(ran, []);
});

Deno.test("a turn that comes alone is not followed by a nap, nor is one after a pause", async () => {
  const { naps, turn, pass } = setUp();
  await turn();
  await pass(4);
  await turn();
  await pass(100);
  await turn();
  assert.deepEqual(naps, []);
});

Deno.test("a turn that follows another within the delay is followed by a nap for the rest of it", async () => {
  const { naps, turn, pass } = setUp();
  await turn();
  await pass(1);
  await turn();
  assert.deepEqual(naps, [3]);
  // The nap is over: what waited meanwhile is a turn of its own.
  await turn();
  assert.deepEqual(naps, [3, 4]);
  await pass(3);
  await turn();
  assert.deepEqual(naps, [3, 4, 1]);
});

Deno.test("a thread that is busy never naps: work counts like waiting", async () => {
  const { naps, turn, pass } = setUp();
  await turn();
  for (let i = 0; i < 5; i++) await turn(5);
  await pass(2);
  await turn(2);
  assert.deepEqual(naps, []);
  await turn(1);
  assert.deepEqual(naps, [3]);
});

Deno.test("Turns takes no nap that is shorter than its price", async () => {
  const { naps, turn, pass } = setUp();
  await turn();
  await pass(3.75);
  await turn();
  assert.deepEqual(naps, []);
  await pass(3.5);
  await turn();
  assert.deepEqual(naps, [0.5]);
});

Deno.test("Turns without a delay never naps", async () => {
  const { naps, turn } = setUp(0);
  for (let i = 0; i < 10; i++) await turn();
  assert.deepEqual(naps, []);
});

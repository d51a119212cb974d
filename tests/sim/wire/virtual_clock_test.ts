import assert from "node:assert/strict";
import { every, sleep } from "../../../ports/clock.ts";
import { createVirtualClock } from "../../../sim/wire/virtual_clock.ts";

Deno.test("time stands still until it is moved, and the wall clock moves with it", async () => {
  const clock = createVirtualClock(1_000_000);
  assert.equal(clock.now(), 0);
  await clock.advance(250);
  assert.equal(clock.now(), 250);
  assert.equal(clock.wallMs(), 1_000_250);
});

Deno.test("tasks run in order of time, then of asking, each at its own time", async () => {
  const clock = createVirtualClock();
  const ran: string[] = [];
  const note = (name: string) => () => void ran.push(`${name}@${clock.now()}`);
  for (const [delayMs, name] of [[30, "c"], [10, "a"], [30, "d"], [20, "b"]] as const) {
    clock.after(delayMs, note(name));
  }
  await clock.advance(29);
  assert.deepEqual(ran, ["a@10", "b@20"]);
  await clock.advance(1);
  assert.deepEqual(ran, ["a@10", "b@20", "c@30", "d@30"]);
});

Deno.test("a task asked for by a task runs in the same advance when it falls due", async () => {
  const clock = createVirtualClock();
  const ran: number[] = [];
  clock.after(10, () => clock.after(10, () => ran.push(clock.now())));
  await clock.advance(20);
  assert.deepEqual(ran, [20]);
});

Deno.test("a cancelled task does not run, also when it is cancelled by an earlier one", async () => {
  const clock = createVirtualClock();
  let ran = false;
  const cancel = clock.after(10, () => ran = true);
  clock.after(10, () => assert.fail("cancelled"))();
  clock.after(5, cancel);
  await clock.advance(20);
  assert.equal(ran, false);
});

Deno.test("soon() runs in order at the current time, before time moves", async () => {
  const clock = createVirtualClock();
  const ran: string[] = [];
  clock.after(1, () => ran.push("after"));
  clock.soon(() => {
    ran.push(`first@${clock.now()}`);
    clock.soon(() => ran.push(`third@${clock.now()}`));
  });
  clock.soon(() => ran.push(`second@${clock.now()}`));
  await clock.advance(0);
  assert.deepEqual(ran, ["first@0", "second@0", "third@0"]);
  await clock.advance(1);
  assert.deepEqual(ran.at(-1), "after");
});

Deno.test("promise chains proceed between two tasks", async () => {
  const clock = createVirtualClock();
  const ran: number[] = [];
  const walk = async () => {
    for (let i = 0; i < 3; i++) {
      await sleep(clock, 10);
      for (let hop = 0; hop < 20; hop++) await null;
      ran.push(clock.now());
    }
  };
  const walked = walk();
  await clock.advance(30);
  assert.deepEqual(ran, [10, 20, 30]);
  await walked;
});

Deno.test("runUntil() stops as soon as the predicate holds", async () => {
  const clock = createVirtualClock();
  let ticks = 0;
  every(clock, 10, () => ticks++);
  await clock.runUntil(() => ticks === 3, 1000);
  assert.equal(clock.now(), 30);
});

Deno.test("runUntil() throws when the limit has passed", async () => {
  const clock = createVirtualClock();
  await assert.rejects(clock.runUntil(() => false, 1000), /1000 ms have passed/);
  assert.equal(clock.now(), 1000);
});

Deno.test("many tasks at random times run in order", async () => {
  const clock = createVirtualClock();
  const ran: number[] = [];
  for (let i = 0; i < 500; i++) clock.after((i * 7919) % 500, () => ran.push(clock.now()));
  await clock.advance(500);
  assert.equal(ran.length, 500);
  assert.deepEqual(ran, ran.toSorted((a, b) => a - b));
});

import assert from "node:assert/strict";
import {
  type Cancel,
  type Clock,
  createSystemClock,
  every,
  sleep,
  systemClock,
  threadNap,
  within,
} from "../../ports/clock.ts";
import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";

/** A clock that a test turns by hand. */
function handClock(): Clock & { turn(ms: number): void } {
  let now = 0;
  const due = new Map<() => void, number>();
  const after = (delayMs: number, task: () => void): Cancel => {
    const run = () => task();
    due.set(run, now + delayMs);
    return () => due.delete(run);
  };
  return {
    now: () => now,
    wallMs: () => now,
    epochMs: () => now,
    setEpoch() {},
    after,
    soon: (task) => after(0, task),
    turn(ms) {
      for (const end = now + ms; now < end;) {
        now++;
        for (const [run, atMs] of [...due]) if (atMs <= now && due.delete(run)) run();
      }
    },
  };
}

Deno.test("sleep() resolves after its time and not before", async () => {
  const clock = handClock();
  let woke = false;
  const asleep = sleep(clock, 10).then(() => woke = true);
  clock.turn(9);
  await Promise.resolve();
  assert.equal(woke, false);
  clock.turn(1);
  await asleep;
  assert.equal(woke, true);
});

Deno.test("sleep() rejects with the signal's reason, and stops its timer", async () => {
  const clock = handClock();
  const controller = new AbortController();
  const asleep = sleep(clock, 10, controller.signal);
  controller.abort("enough");
  await assert.rejects(asleep, (reason) => reason === "enough");
  clock.turn(20);
  await assert.rejects(sleep(clock, 10, controller.signal), (reason) => reason === "enough");
});

Deno.test("every() runs at each interval, first after one, until it is cancelled", () => {
  const clock = handClock();
  const at: number[] = [];
  const cancel = every(clock, 5, () => at.push(clock.now()));
  clock.turn(16);
  assert.deepEqual(at, [5, 10, 15]);
  cancel();
  clock.turn(20);
  assert.equal(at.length, 3);
});

Deno.test("every() can be cancelled by its own task, and outlives one that throws", () => {
  const clock = handClock();
  let runs = 0;
  const cancel: Cancel = every(clock, 5, () => {
    runs++;
    if (runs === 1) throw new Error("once");
    cancel();
  });
  assert.throws(() => clock.turn(5), /once/);
  clock.turn(20);
  assert.equal(runs, 2);
});

Deno.test("systemClock runs soon before after, and nothing that was cancelled", async () => {
  const ran: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  systemClock.after(20, () => {
    ran.push("after");
    resolve();
  });
  systemClock.soon(() => ran.push("soon"));
  systemClock.soon(() => ran.push("cancelled"))();
  systemClock.after(1, () => ran.push("cancelled"))();
  await promise;
  assert.deepEqual(ran, ["soon", "after"]);
});

Deno.test("systemClock does not ring at once for a time that a timer cannot count to", async () => {
  let rang = 0;
  const cancels = [2 ** 31, 1e300, Infinity].map((ms) => systemClock.after(ms, () => rang++));
  await sleep(systemClock, 10);
  for (const cancel of cancels) cancel();
  assert.equal(rang, 0);
});

Deno.test("systemClock.now() never goes back, and wallMs() is the time of day", () => {
  const first = systemClock.now();
  assert(systemClock.now() >= first);
  assert(systemClock.wallMs() > new Date("2025-01-01").getTime());
});

Deno.test("the epoch is read once: who sets the computer's clock does not move it, who knows does", () => {
  let [nowMs, wallMs] = [1_000, 5_000_000];
  const clock = createSystemClock({ now: () => nowMs, wallMs: () => wallMs });
  nowMs += 10;
  wallMs += 7_200_010;
  assert.deepEqual([clock.wallMs(), clock.epochMs()], [12_200_010, 5_000_010]);
  clock.setEpoch(6_000_000);
  nowMs += 5;
  assert.equal(clock.epochMs(), 6_000_005);
});

Deno.test("a timer that rings after a freeze waits until what has come meanwhile is read", async () => {
  const ran: string[] = [];
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const dialled = Deno.connect({
    hostname: "127.0.0.1",
    port: (listener.addr as Deno.NetAddr).port,
  });
  const [near, far] = await Promise.all([listener.accept(), dialled]);
  const heard = near.read(new Uint8Array(8)).then(() => ran.push("what came"));
  const rang = Promise.withResolvers<void>();
  systemClock.after(50, () => {
    ran.push("the deadline for it");
    rang.resolve();
  });
  await far.write(new TextEncoder().encode("in time"));
  threadNap()(700);
  await Promise.all([heard, rang.promise]);
  for (const each of [near, far, listener]) each.close();
  assert.deepEqual(ran, ["what came", "the deadline for it"]);
});

Deno.test("threadNap() holds the thread up for its time", () => {
  const nap = threadNap();
  const startMs = systemClock.now();
  nap(5);
  // The system may round a little.
  assert.ok(systemClock.now() - startMs >= 4);
});

Deno.test("within() waits for a task, for so long at most, and passes on how it failed", async () => {
  const clock = createVirtualClock();
  const after: string[] = [];
  const never = new Promise<void>(() => {});
  let waiting = 0;
  const counting: Clock = {
    ...clock,
    after(delayMs, task) {
      const cancel = clock.after(delayMs, task);
      waiting++;
      return () => (waiting--, cancel());
    },
  };
  within(counting, 100, sleep(clock, 40)).then(() => after.push(`done at ${clock.now()}`));
  within(clock, 100, never).then(() => after.push(`given up at ${clock.now()}`));
  await assert.rejects(within(clock, 100, Promise.reject(new Error("it failed"))), /it failed/);
  await clock.advance(40);
  assert.deepEqual(after, ["done at 40"]);
  assert.equal(waiting, 0);
  await clock.advance(60);
  assert.deepEqual(after, ["done at 40", "given up at 100"]);
});

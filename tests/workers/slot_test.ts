import assert from "node:assert/strict";
import { silentLog } from "../../ports/log.ts";
import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";
import { WORKER_POLICY, WorkerSlot } from "../../workers/slot.ts";
import { fakeThreads, WORKER } from "../support/fake_threads.ts";

function setUp() {
  const clock = createVirtualClock();
  const { spawn, threads } = fakeThreads();
  const told: string[] = [];
  const slot: WorkerSlot = new WorkerSlot({
    clock,
    log: silentLog,
    spawn,
    worker: WORKER,
    shardIds: [0, 1],
    message: (message) => told.push(message.type),
    greet: () => slot.life?.tell({ type: "CRASH", how: "throw" }),
    lost: () => told.push("lost"),
    exhausted: (reason) => told.push(`exhausted: ${reason}`),
    refused: (reason) => told.push(`refused: ${reason}`),
  });
  const state = () => slot.snapshot.state;
  return { clock, slot, threads, told, state };
}

Deno.test("a slot is stopped until it is started, and has one worker at a time", () => {
  const { slot, threads } = setUp();
  assert.deepEqual(slot.snapshot, {
    workerId: 0,
    state: "stopped",
    reason: "not started",
    shards: [0, 1],
    restarts: 0,
  });
  slot.start();
  slot.start();
  assert.equal(threads.length, 1);
});

Deno.test("a slot greets each worker after START, and runs at its first word", () => {
  const { slot, threads, told, state } = setUp();
  slot.start();
  assert.deepEqual(threads[0]!.told.map((message) => message.type), ["START", "CRASH"]);
  assert.equal(state(), "starting");
  threads[0]!.say({ type: "STARTED" });
  threads[0]!.say({ type: "REQUEST_IDENTIFY", shardId: 0 });
  assert.deepEqual([state(), told], ["running", ["REQUEST_IDENTIFY"]]);
});

Deno.test("a slot starts another worker when its own is lost, later each time", async () => {
  const { clock, slot, threads, told, state } = setUp();
  slot.start();
  for (const delayMs of [0, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) {
    const before = threads.length;
    threads.at(-1)!.fail("out of memory");
    assert.deepEqual([state(), slot.snapshot.reason, slot.life], [
      "restarting",
      "out of memory",
      null,
    ]);
    if (delayMs > 0) await clock.advance(delayMs - 1);
    assert.equal(threads.length, before);
    await clock.advance(1);
    assert.equal(threads.length, before + 1);
  }
  assert.equal(slot.snapshot.restarts, 9);
  assert.deepEqual(told, Array(9).fill("lost"));
});

Deno.test("a worker whose module cannot be loaded is refused when it never was well, else tried again", async () => {
  const broken = { type: "DYING", reason: "Module not found", isUnloadable: true } as const;
  const first = setUp();
  first.slot.start();
  first.threads[0]!.say(broken);
  await first.clock.advance(600_000);
  assert.deepEqual([first.threads.length, first.state()], [1, "failed"]);
  assert.deepEqual(first.told, ["lost", "refused: Module not found"]);

  const later = setUp();
  later.slot.start();
  later.threads[0]!.say({ type: "STARTED" });
  later.slot.replace("restart requested");
  await later.clock.advance(0);
  later.threads[1]!.say(broken);
  await later.clock.advance(500);
  assert.deepEqual([later.threads.length, later.told], [3, ["lost", "lost"]]);
});

Deno.test("a slot is settled when its first worker is well, or lost; at once when nobody started one", async () => {
  const [idle, well, dead] = [setUp(), setUp(), setUp()];
  await idle.slot.settled;
  well.slot.start();
  well.threads[0]!.say({ type: "STARTED" });
  await well.slot.settled;
  dead.slot.start();
  dead.threads[0]!.fail("out of memory");
  await dead.slot.settled;
});

Deno.test("what a lost worker still says does not reach its successor's owner", async () => {
  const { clock, slot, threads, told } = setUp();
  slot.start();
  threads[0]!.fail("crashed");
  await clock.advance(0);
  threads[0]!.say({ type: "REQUEST_IDENTIFY", shardId: 0 });
  threads[1]!.say({ type: "REQUEST_IDENTIFY", shardId: 0 }, 1);
  assert.deepEqual(told, ["lost"]);
  threads[1]!.say({ type: "REQUEST_IDENTIFY", shardId: 0 });
  assert.deepEqual(told, ["lost", "REQUEST_IDENTIFY"]);
});

Deno.test("a slot gives up when its workers are lost again and again", async () => {
  const { clock, slot, threads, told, state } = setUp();
  slot.start();
  for (let i = 0; i <= WORKER_POLICY.budget; i++) {
    threads.at(-1)!.fail("crashed");
    await clock.advance(30_000);
  }
  assert.equal(state(), "failed");
  assert.equal(threads.length, WORKER_POLICY.budget + 1);
  assert.equal(told.at(-1), "exhausted: crashed");
});

Deno.test("a worker that is replaced counts as lost; a slot without one has nothing to replace", async () => {
  const { clock, slot, threads, told } = setUp();
  slot.replace("asked to");
  assert.deepEqual(told, []);
  slot.start();
  slot.replace("asked to");
  assert.deepEqual([threads[0]!.terminated, told], [true, ["lost"]]);
  slot.replace("asked to, twice");
  await clock.advance(1_000);
  assert.deepEqual([threads.length, told], [2, ["lost"]]);
});

Deno.test("a slot that was ended starts nothing any more, not even what was planned", async () => {
  const { clock, slot, threads, told, state } = setUp();
  slot.start();
  threads[0]!.fail("crashed");
  slot.end("stopped");
  await clock.advance(60_000);
  assert.deepEqual([threads.length, state(), told], [1, "stopped", ["lost"]]);
  slot.start();
  slot.end("stopped");
  assert.deepEqual([threads[1]!.terminated, slot.life, told], [true, null, ["lost"]]);
});

Deno.test("a slot that is closed has no worker any more, whoever starts it", () => {
  const { slot, threads, state } = setUp();
  slot.start();
  slot.close("stopped");
  slot.start();
  assert.deepEqual([threads.length, state()], [1, "stopped"]);
});

import assert from "node:assert/strict";
import type { FromWorker, ToWorker } from "../../protocol/worker_message.ts";
import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";
import { Life, SILENCE_DEADLINE_MS, START_DEADLINE_MS } from "../../workers/slot.ts";
import { fakeThreads, WORKER } from "../support/fake_threads.ts";

const QUESTION = { type: "GET_SHARD_INFO", shardId: 1 } as const;

function setUp(clock = createVirtualClock()) {
  const { spawn, threads } = fakeThreads();
  const heard: FromWorker[] = [];
  const lost: string[] = [];
  const life = new Life({
    epoch: 7,
    clock,
    spawn,
    worker: WORKER,
    message: (message) => heard.push(message),
    lost: (reason) => lost.push(reason),
  });
  const thread = threads[0]!;
  const nonceOf = (message: ToWorker | undefined) => (message as { nonce: number }).nonce;
  const answer = (value: unknown, at = -1) =>
    thread.say({
      type: "NONCE_REPLY",
      nonce: nonceOf(thread.told.at(at)),
      reply: { ok: true, value },
    });
  return { clock, life, thread, heard, lost, answer };
}

Deno.test("a life begins with START", () => {
  const { thread } = setUp();
  assert.deepEqual(thread.told, [{ type: "START", options: WORKER, epochAheadMs: 0 }]);
});

Deno.test("a life hands on what its worker says, and nothing of another life", () => {
  const { thread, heard } = setUp();
  thread.say({ type: "STARTED" });
  thread.say({ type: "REQUEST_IDENTIFY", shardId: 2 }, 6);
  assert.deepEqual(heard.map((message) => message.type), ["STARTED"]);
});

Deno.test("a life does not swallow what it cannot read", () => {
  const { thread } = setUp();
  assert.throws(() => thread.sayRaw({ type: "STARTED" }), { code: "bad_message" });
});

Deno.test("a question is answered, by its number, whatever else was asked", async () => {
  const { life, thread, answer, heard } = setUp();
  const first = life.ask(QUESTION, 1_000);
  const second = life.ask(QUESTION, 1_000);
  answer("second");
  answer("first", -2);
  assert.deepEqual(await Promise.all([first, second]), ["first", "second"]);
  assert.equal(heard.length, 0);
  thread.say({ type: "NONCE_REPLY", nonce: 99, reply: { ok: true, value: null } });
});

Deno.test("a question that is refused is refused with the worker's code and words", async () => {
  const { life, thread } = setUp();
  const asked = life.ask(QUESTION, 1_000);
  const reply = { ok: false, code: "no_shard", message: "Cannot reach shard 1" } as const;
  thread.say({ type: "NONCE_REPLY", nonce: 1, reply });
  await assert.rejects(asked, { name: "GatehouseError", code: "no_shard", message: reply.message });
});

Deno.test("a question without an answer ends at its deadline; the answer then comes too late", async () => {
  const { clock, life, answer } = setUp();
  const asked = assert.rejects(life.ask(QUESTION, 1_000), {
    code: "deadline",
    message: /Cannot GET_SHARD_INFO.*1000 ms/,
  });
  await clock.advance(1_000);
  await asked;
  answer("late");
});

Deno.test("a worker that never speaks is lost after its start deadline", async () => {
  const { clock, thread, lost } = setUp();
  await clock.advance(START_DEADLINE_MS);
  assert.deepEqual(lost, []);
  await clock.advance(1_000);
  assert.deepEqual([lost, thread.terminated], [["silent for 21000 ms"], true]);
});

Deno.test("a worker that falls silent is lost, one that reports is not", async () => {
  const { clock, thread, lost } = setUp();
  for (let i = 0; i < 60; i++) {
    thread.say({ type: "REPORT", shards: [], eventsByType: {} });
    await clock.advance(1_000);
  }
  assert.deepEqual(lost, []);
  await clock.advance(SILENCE_DEADLINE_MS);
  assert.equal(lost.length, 1);
});

Deno.test("a worker is not lost because the whole process stood still", async () => {
  const { clock, thread, lost } = setUp();
  await clock.advance(10_000);
  clock.freeze(60_000);
  await clock.advance(1_000);
  thread.say({ type: "REPORT", shards: [], eventsByType: {} });
  clock.freeze(60_000);
  await clock.advance(10_000);
  assert.deepEqual(lost, []);
});

Deno.test("a worker is told how far the time to reckon with is from the computer's clock", () => {
  const clock = createVirtualClock();
  clock.jump(7_200_000);
  const { thread } = setUp(clock);
  const [start] = thread.told;
  assert.equal(start?.type === "START" && start.epochAheadMs, -7_200_000);
});

Deno.test("a worker that says it is dying, or fails, is lost with its reason, once", () => {
  for (const how of ["dying", "fails"] as const) {
    const { thread, lost, heard } = setUp();
    if (how === "dying") {
      thread.say({ type: "DYING", reason: "out of memory", isUnloadable: false });
    } else thread.fail("out of memory");
    thread.fail("again");
    thread.say({ type: "STARTED" });
    assert.deepEqual([lost, heard, thread.terminated], [["out of memory"], [], true]);
  }
});

Deno.test("what was asked of a lost worker is refused at once", async () => {
  const { life, thread } = setUp();
  const asked = assert.rejects(life.ask(QUESTION, 60_000), {
    code: "worker_lost",
    message: /out of memory/,
  });
  thread.fail("out of memory");
  await asked;
  await assert.rejects(life.ask(QUESTION, 60_000), { code: "worker_lost" });
});

Deno.test("a life that was ended is not lost, hears nothing and says nothing", async () => {
  const { clock, life, thread, heard, lost } = setUp();
  life.end("stopped");
  life.end("stopped again");
  life.tell({ type: "CRASH", how: "throw" });
  thread.say({ type: "STARTED" });
  await clock.advance(60_000);
  assert.deepEqual([lost, heard, thread.told.length, thread.terminated], [[], [], 1, true]);
});

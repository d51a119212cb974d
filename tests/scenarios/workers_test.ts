/** What becomes of the shards of a worker that dies, in virtual time. */

import assert from "node:assert/strict";
import { createRig } from "../support/rig.ts";
import { SILENCE_DEADLINE_MS, WORKER_POLICY } from "../../workers/slot.ts";

const FOUR = { shards: 4, workers: 2, sim: { maxConcurrency: 4, ringEvents: 20_000 } };

Deno.test("a worker that ends without an event is noticed, and its shards resume in a new one", async () => {
  const rig = await createRig(FOUR);
  rig.start();
  await rig.ready();
  rig.sim.traffic.setRate(100);
  await rig.clock.advance(3_000);
  [...rig.alive][0]!.die();
  await rig.clock.advance(SILENCE_DEADLINE_MS + 3_000);
  await rig.ready();
  rig.sim.traffic.setRate(0);
  await rig.clock.advance(3_000);
  assert.equal(rig.identifies(), 4, "an identify was spent");
  assert.equal(rig.sim.ledger.resumes.filter((resume) => resume.ok).length, 2);
  assert.equal(rig.gateway.pool.workers[0]!.restarts, 1);
  rig.assertNothingLost();
  rig.assertNoViolations();
});

Deno.test("a worker that is replaced on request loses nothing and spends no identify", async () => {
  const rig = await createRig(FOUR);
  rig.start();
  await rig.ready();
  rig.sim.traffic.setRate(500);
  for (let i = 0; i < 5; i++) {
    await rig.clock.advance(2_000);
    rig.gateway.pool.restart(i % 2);
    await rig.clock.advance(100);
    await rig.ready();
  }
  rig.sim.traffic.setRate(0);
  await rig.clock.advance(3_000);
  assert.equal(rig.identifies(), 4);
  rig.assertNothingLost();
  rig.assertNoViolations();
});

Deno.test("a question to a worker that dies settles", async () => {
  const rig = await createRig(FOUR);
  rig.start();
  await rig.ready();
  const info = rig.gateway.pool.shardInfo(0).catch((error) => error.code);
  rig.gateway.pool.restart(0);
  await rig.clock.advance(1);
  assert.equal(await info, "worker_lost");
  await rig.ready();
  await rig.clock.advance(1);
  const again = rig.gateway.pool.shardInfo(0);
  await rig.clock.advance(10);
  assert.equal((await again).status.state, "ready");
});

Deno.test("a session that died with its worker begins above every cursor given out, with a GAP", async () => {
  // With slow handlers the bot has seen more than it has acknowledged when the worker dies.
  const rig = await createRig({ handlerMs: 2_000 });
  rig.start();
  await rig.ready();
  rig.sim.traffic.setRate(100);
  await rig.clock.advance(3_000);
  rig.sim.traffic.setRate(0);
  await rig.clock.advance(100);
  rig.sim.faults.forgetSessions();
  rig.gateway.pool.restart(0);
  rig.sim.traffic.setRate(100);
  await rig.clock.runUntil(() => rig.identifies() === 2 && rig.isReady(), 30_000);
  await rig.clock.advance(3_000);
  rig.sim.traffic.setRate(0);
  await rig.clock.advance(3_000);
  // Had a cursor been given out twice, the bot would have dropped the second event.
  rig.assertNothingLost();
  assert.equal(rig.got.filter((event) => event.t === "GATEHOUSE_GAP").length, 1);
});

Deno.test("workers that die again and again are given up: the process has to be restarted", async () => {
  const rig = await createRig();
  rig.start();
  await rig.ready();
  for (let i = 0; i <= WORKER_POLICY.budget; i++) {
    rig.gateway.pool.restart(0);
    await rig.clock.advance(35_000);
  }
  assert.deepEqual(rig.exhausted, ["restart requested"]);
  assert.equal(rig.gateway.pool.workers[0]!.state, "failed");
});

Deno.test("100 shards over 4 workers are 25 each, in consecutive ranges", async () => {
  const rig = await createRig({ shards: 100, workers: 4, sim: { maxConcurrency: 16 } });
  const workers = rig.gateway.pool.workers;
  assert.deepEqual(workers.map((worker) => worker.shards.length), [25, 25, 25, 25]);
  assert.deepEqual(workers.map((worker) => worker.shards[0]), [0, 25, 50, 75]);
  assert.equal(rig.gateway.pool.calculateWorkerId(99), 3);
});

Deno.test("a replay that holds an earlier RESUMED is no reason to reconnect", async () => {
  const rig = await createRig({ handlerMs: 30_000 });
  rig.start();
  await rig.ready();
  await rig.clock.advance(1_000);
  for (let i = 0; i < 3; i++) {
    rig.gateway.pool.restart(0);
    await rig.clock.advance(2_000);
    await rig.ready();
  }
  const connections = rig.sim.ledger.connections.length;
  await rig.clock.advance(60_000);
  assert.equal(connections, 4);
  assert.equal(rig.sim.ledger.connections.length, 4);
  rig.assertNothingLost();
});

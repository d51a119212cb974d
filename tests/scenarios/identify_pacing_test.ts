/** When shards identify, judged by the simulator: a key that is broken is a violation. */

import assert from "node:assert/strict";
import { shardRange } from "../../protocol/ids.ts";
import { memoryStore } from "../../ports/store.ts";
import { createRig } from "../support/rig.ts";

for (const [shards, maxConcurrency, workers] of [[64, 16, 4], [8, 1, 2]] as const) {
  Deno.test(`a cold start of ${shards} shards at ${maxConcurrency} breaks no key and is within 10 % of the optimum`, async () => {
    const rig = await createRig({ shards, workers, sim: { maxConcurrency, guilds: shards } });
    rig.start();
    const tookMs = await rig.ready();
    const optimumMs = (Math.ceil(shards / maxConcurrency) - 1) * 5_000;
    assert.equal(rig.identifies(), shards);
    rig.assertNoViolations();
    assert.ok(tookMs <= optimumMs * 1.1, `${tookMs} ms, optimum ${optimumMs} ms`);
    assert.ok(tookMs >= optimumMs, "faster than Discord allows");
  });
}

Deno.test("a cold start on a slow network keeps the pace at Discord's end", async () => {
  const rig = await createRig({ shards: 6, sim: { maxConcurrency: 2 }, latencyMs: 150 });
  rig.start();
  await rig.ready();
  rig.assertNoViolations();
});

Deno.test("a mass 4009 of 32 shards is resumed without one identify", async () => {
  const rig = await createRig({ shards: 32, workers: 2, sim: { maxConcurrency: 16 } });
  rig.start();
  await rig.ready();
  rig.sim.faults.close(4009);
  await rig.clock.advance(1_000);
  await rig.ready();
  assert.equal(rig.identifies(), 32);
  rig.assertNoViolations();
});

for (const maxConcurrency of [1, 16]) {
  Deno.test(`a mass 4009 that ends 32 sessions is identified in pace at ${maxConcurrency}`, async () => {
    const rig = await createRig({ shards: 32, workers: 2, sim: { maxConcurrency } });
    rig.start();
    await rig.ready(200_000);
    rig.sim.faults.close(4009, { endSession: true });
    await rig.clock.runUntil(() => rig.identifies() === 64 && rig.isReady(), 300_000);
    rig.assertNoViolations();
  });

  Deno.test(`a mass op 9 of 32 shards is identified in pace at ${maxConcurrency}`, async () => {
    const rig = await createRig({ shards: 32, workers: 2, sim: { maxConcurrency } });
    rig.start();
    await rig.ready(200_000);
    rig.sim.faults.invalidate(false);
    await rig.clock.runUntil(() => rig.identifies() === 64 && rig.isReady(), 300_000);
    rig.assertNoViolations();
  });
}

Deno.test("an identify that Discord refuses is tried again in pace", async () => {
  const rig = await createRig({ shards: 4 });
  rig.sim.faults.refuseIdentify({ times: 3 });
  rig.start();
  await rig.ready();
  rig.assertNoViolations();
});

Deno.test("RESUMEs do not wait for identifies", async () => {
  const rig = await createRig({ shards: 3, sim: { maxConcurrency: 1 } });
  rig.start();
  await rig.clock.runUntil(() => rig.states()[0] === "ready", 10_000);
  const cut = rig.clock.now();
  rig.sim.faults.cut({ shardId: 0 });
  await rig.clock.runUntil(() => rig.sim.ledger.resumes.length === 1, 5_000);
  assert.ok(rig.clock.now() - cut < 1_000);
});

Deno.test("the reserve of the day is not touched, and the wait is visible", async () => {
  const rig = await createRig({ shards: 4, sim: { maxConcurrency: 4 } });
  // 1000 a day, 10 % kept: with 902 used, two are left above the reserve.
  await rig.store.save("identifies", {
    budget: { total: 1000, remaining: 102, resetAtMs: rig.clock.wallMs() + 86_400_000 },
    lastSentAtMs: {},
  });
  const again = await createRig({ shards: 4, store: rig.store, earlier: rig });
  again.sim.settings.maxConcurrency = 4;
  again.start();
  await again.clock.advance(60_000);
  assert.deepEqual(again.states(), ["ready", "ready", "queued", "queued"]);
  const { remaining, reserve, waiting } = again.gateway.gate.snapshot;
  assert.deepEqual({ remaining, reserve, waiting }, { remaining: 100, reserve: 100, waiting: 2 });
});

Deno.test("the pace holds across a restart of the unit", async () => {
  const store = memoryStore();
  const first = await createRig({ store });
  first.start();
  await first.ready();
  await first.stop();
  first.sim.faults.forgetSessions();
  const second = await createRig({ store, earlier: first });
  second.start();
  await second.ready();
  assert.equal(second.identifies(), 2);
  second.assertNoViolations();
});

Deno.test("a worker that dies with a permit in hand costs its key no more than one slot", async () => {
  const rig = await createRig({ shards: 2, workers: 2, latencyMs: 200 });
  rig.start();
  await rig.clock.runUntil(() => rig.states()[0] === "connecting", 5_000);
  [...rig.alive][0]!.die();
  await rig.ready(60_000);
  assert.equal(rig.identifies(), 2);
  rig.assertNoViolations();
});

Deno.test("a later group waits for an earlier one whose worker is slower to start", async () => {
  const rig = await createRig({ shards: 4, workers: 2, sim: { maxConcurrency: 2 } });
  const shards = shardRange(0, 3).map((id) => ({ total: 4, id }));
  rig.gateway.gate.expect(shards);
  for (const shard of shards.slice(2)) rig.gateway.gate.request(shard);
  assert.equal(rig.gateway.gate.snapshot.nextSlotMs, 0);
  await rig.clock.advance(10_000);
  assert.equal(rig.gateway.gate.snapshot.waiting, 2, "a later group went first");
});

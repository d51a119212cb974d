/** What becomes of events while the bot is away, slow or replaced, in virtual time. */

import assert from "node:assert/strict";
import { memoryStore } from "../../ports/store.ts";
import { EventConsumer } from "../../bot/link/consumer.ts";
import { silentLog } from "../../ports/log.ts";
import { createRig } from "../support/rig.ts";

Deno.test("a link that is cut in the middle of batches loses nothing and repeats nothing", async () => {
  const rig = await createRig({ shards: 2, sim: { maxConcurrency: 2 } });
  let cut = rig.start();
  await rig.ready();
  rig.sim.traffic.setRate(1_000);
  for (let i = 0; i < 20; i++) {
    await rig.clock.advance(137);
    cut();
    await rig.clock.advance(60);
    cut = rig.link(rig.bot);
  }
  rig.sim.traffic.setRate(0);
  await rig.clock.advance(3_000);
  rig.assertNothingLost();
  assert.ok(rig.bot.counters().repeats > 0, "nothing was sent again: the cuts hit nothing");
});

Deno.test("a bot that is away for a minute gets everything when it is back, heartbeats go on", async () => {
  const rig = await createRig();
  const cut = rig.start();
  await rig.ready();
  cut();
  rig.sim.traffic.setRate(200);
  await rig.clock.advance(60_000);
  rig.sim.traffic.setRate(0);
  assert.deepEqual(rig.states(), ["ready"]);
  const { queued } = rig.gateway.serving.shards[0]!.counters!;
  assert.ok(queued > 11_000, `${queued} events wait`);
  rig.link(rig.createBot());
  await rig.clock.advance(5_000);
  rig.assertNothingLost();
  assert.equal(rig.gateway.serving.shards[0]!.counters!.queued, 0);
});

Deno.test("a bot that never acknowledges gets no more than its credit", async () => {
  const rig = await createRig();
  const windowBytes = 256 * 1024;
  let bytes = 0;
  let handlers = 0;
  const stuck = new EventConsumer({
    peer: { kind: "cluster", id: 0 },
    clock: rig.clock,
    log: silentLog,
    windowBytes,
    handlerDeadlineMs: 3_600_000,
    receiver: {
      wants: () => true,
      receive: ({ d }) => {
        bytes += JSON.stringify(d).length;
        handlers++;
        return new Promise(() => {});
      },
    },
  });
  rig.link(stuck);
  rig.gateway.pool.spawnShards();
  await rig.ready();
  rig.sim.traffic.setRate(500);
  await rig.clock.advance(20_000);
  assert.ok(handlers > 50);
  assert.ok(bytes < windowBytes * 1.5, `${bytes} bytes came for a credit of ${windowBytes}`);
});

Deno.test("a newer link of a cluster takes over; the older one is told", async () => {
  const rig = await createRig();
  rig.start();
  await rig.ready();
  const second = rig.createBot();
  rig.link(second);
  rig.sim.traffic.setRate(100);
  await rig.clock.advance(2_000);
  assert.ok(second.counters().received > 100);
});

Deno.test("a queue that is full sheds in one place, tells a GAP there, and goes on", async () => {
  const rig = await createRig({ queueMemoryBytes: 512 * 1024 });
  const cut = rig.start();
  await rig.ready();
  await rig.clock.advance(1_000);
  cut();
  rig.sim.traffic.setRate(500);
  await rig.clock.advance(10_000);
  const { queuedBytes, dropped } = rig.gateway.serving.shards[0]!.counters!;
  assert.ok(queuedBytes <= 512 * 1024, `${queuedBytes} bytes are kept`);
  assert.ok(dropped > 1_000);
  rig.sim.traffic.setRate(0);
  rig.link(rig.bot);
  await rig.clock.advance(5_000);
  const gaps = rig.got.filter((event) => event.t === "GATEHOUSE_GAP")
    .map((event) => event.d as { from: number; to: number });
  const missing = gaps.reduce((sum, gap) => sum + gap.to - gap.from + 1, 0);
  const sent = rig.sim.ledger.events.length;
  assert.equal(
    rig.got.length - gaps.length + missing,
    sent,
    "an event is neither here nor in a GAP",
  );
});

Deno.test("a unit that stops and starts again resumes every shard and the bot gets everything", async () => {
  const store = memoryStore();
  const first = await createRig({
    store,
    shards: 4,
    workers: 2,
    sim: { maxConcurrency: 4, ringEvents: 20_000 },
  });
  first.start();
  await first.ready();
  first.sim.traffic.setRate(200);
  await first.clock.advance(3_000);
  await first.stop();
  const codes = first.sim.ledger.connections.map((connection) => connection.code);
  assert.deepEqual(codes, [4900, 4900, 4900, 4900]);
  await first.clock.advance(5_000);

  const second = await createRig({ store, shards: 4, workers: 2, earlier: first });
  second.start();
  await second.ready();
  second.sim.traffic.setRate(0);
  await second.clock.advance(3_000);
  assert.equal(second.identifies(), 4, "an identify was spent on the restart");
  const all = [...first.got, ...second.got].filter((event) => event.t !== "RESUMED");
  const sent = second.sim.ledger.events.filter((event) => event.t !== "RESUMED");
  assert.equal(all.length, sent.length);
  second.assertNoViolations();
});

/** What becomes of events when the bot is away for long, with a disk, in virtual time. */

import assert from "node:assert/strict";
import { memorySpool } from "../support/memory_spool.ts";
import { memoryStore } from "../../ports/store.ts";
import { createRig } from "../support/rig.ts";

// Virtual time costs real time by the event: `deno task soak` runs this at 500 events/s.
const EIGHT = { shards: 8, workers: 2, sim: { maxConcurrency: 8, guilds: 64 } };
const MINUTE_MS = 60_000;
/** What a shard may keep in memory while the rest is on disk, and a little more. */
const FRONT_BYTES = 1024 * 1024;

Deno.test("ten minutes without a bot end with every event, in order, memory flat", async () => {
  const rig = await createRig({ ...EIGHT, openSpool: memorySpool() });
  const cut = rig.start();
  await rig.ready();
  cut();
  rig.sim.traffic.setRate(40);
  const memory: number[] = [];
  for (let minute = 0; minute < 10; minute++) {
    await rig.clock.advance(MINUTE_MS);
    memory.push(rig.gateway.serving.shards.reduce((sum, it) => sum + it.counters!.queuedBytes, 0));
  }
  rig.sim.traffic.setRate(0);
  const queued = rig.gateway.serving.shards.reduce((sum, shard) => sum + shard.counters!.queued, 0);
  assert.ok(queued > 23_000, `${queued} events wait`);
  assert.ok(Math.max(...memory) < 8 * 1.5 * FRONT_BYTES, `${Math.max(...memory)} bytes of memory`);
  rig.link(rig.bot);
  await rig.clock.runUntil(() => rig.got.length >= rig.sim.ledger.events.length, MINUTE_MS);
  await rig.clock.advance(5_000);
  rig.assertNothingLost();
  rig.assertNoViolations();
  assert.equal(rig.identifies(), 8);
  for (const shard of rig.gateway.serving.shards) {
    const { queued, queuedBytes, queuedDiskBytes, dropped } = shard.counters!;
    assert.deepEqual([queued, queuedBytes, queuedDiskBytes, dropped], [0, 0, 0, 0]);
  }
});

Deno.test("a unit that is killed in the middle of an outage has on disk what Discord can no longer replay", async () => {
  const store = memoryStore();
  const openSpool = memorySpool();
  // Discord keeps 200 events per session: far fewer than the outage brings.
  const sim = { ...EIGHT.sim, ringEvents: 200 };
  const first = await createRig({ ...EIGHT, sim, store, openSpool });
  const cut = first.start();
  await first.ready();
  cut();
  first.sim.traffic.setRate(50);
  await first.clock.advance(2 * MINUTE_MS);
  for (const thread of [...first.alive]) thread.die();

  const second = await createRig({ ...EIGHT, sim, store, openSpool, earlier: first });
  second.start();
  await second.ready();
  second.sim.traffic.setRate(0);
  await second.clock.runUntil(
    () => first.got.length + second.got.length >= second.sim.ledger.events.length,
    MINUTE_MS,
  );
  await second.clock.advance(3_000);
  assert.equal(second.identifies(), 8, "a session was lost");
  for (let shardId = 0; shardId < 8; shardId++) {
    const sent = second.sim.ledger.events.filter((it) => it.shardId === shardId).map((it) => it.t);
    const got = [...first.got, ...second.got].filter((it) => it.shardId === shardId);
    assert.deepEqual(got.map((it) => it.t), sent, `shard ${shardId}`);
  }
});

Deno.test("a unit that stops while the bot is away leaves everything on disk: Discord has to replay nothing", async () => {
  const store = memoryStore();
  const openSpool = memorySpool();
  const first = await createRig({ ...EIGHT, store, openSpool });
  const cut = first.start();
  await first.ready();
  cut();
  first.sim.traffic.setRate(500);
  await first.clock.advance(500);
  first.sim.traffic.setRate(0);
  await first.clock.advance(100);
  await first.stop();
  const second = await createRig({ ...EIGHT, store, openSpool, earlier: first });
  second.start();
  await second.ready();
  await second.clock.advance(3_000);
  assert.deepEqual(second.sim.ledger.resumes.map((resume) => resume.replayed), Array(8).fill(0));
  const missing = second.sim.ledger.events.length - first.got.length - second.got.length;
  assert.equal(missing, 0);
});

Deno.test("a slow bot has its events kept on disk, and still gets them in order", async () => {
  const rig = await createRig({
    openSpool: memorySpool(),
    handlerMs: 400,
    windowBytes: 64 * 1024,
    queueMemoryBytes: 1024 * 1024,
  });
  rig.start();
  await rig.ready();
  rig.sim.traffic.setRate(300);
  await rig.clock.advance(20_000);
  assert.ok(rig.gateway.serving.shards[0]!.counters!.queuedDiskBytes > 0, "nothing went to disk");
  assert.ok(rig.gateway.serving.shards[0]!.counters!.queuedBytes < 4 * FRONT_BYTES);
  assert.deepEqual(rig.states(), ["ready"]);
  rig.sim.traffic.setRate(0);
  await rig.clock.runUntil(() => rig.got.length >= rig.sim.ledger.events.length, 20 * MINUTE_MS);
  await rig.clock.advance(3_000);
  rig.assertNothingLost();
  assert.equal(rig.gateway.serving.shards[0]!.counters!.dropped, 0);
});

/** A cluster that listens: the workers bring it its events themselves, whatever becomes of them. */

import assert from "node:assert/strict";
import { SILENCE_DEADLINE_MS } from "../../workers/slot.ts";
import { createRig } from "../support/rig.ts";

const FOUR = {
  shards: 4,
  workers: 2,
  direct: true,
  sim: { maxConcurrency: 4, ringEvents: 20_000 },
} as const;

/** A rig whose shards are ready, under load. */
async function setUp() {
  const rig = await createRig(FOUR);
  const cut = rig.start();
  await rig.ready();
  rig.sim.traffic.setRate(500);
  await rig.clock.advance(2_000);
  return {
    ...rig,
    cut,
    /** The load ends; everything has come, once, and nothing was spent for it. */
    async settle() {
      rig.sim.traffic.setRate(0);
      await rig.clock.advance(15_000);
      await rig.ready();
      assert.deepEqual(rig.place.workers, [0, 1]);
      assert.equal(rig.linked.at(-1), true);
      assert.equal(rig.identifies(), 4, "an identify was spent");
      rig.assertNothingLost();
      rig.assertNoViolations();
    },
  };
}

Deno.test("events come over the workers' own links, and none through the main thread", async () => {
  const rig = await setUp();
  assert.deepEqual(rig.place.workers, [0, 1]);
  assert.deepEqual(rig.linked, [true]);
  await rig.settle();
  assert.equal(rig.relayed(), 0);
  assert.ok(rig.place.batches > 100, `${rig.place.batches} batches`);
  const { queued, acknowledged } = rig.gateway.serving.shards[0]!.counters!;
  assert.ok(acknowledged > 100);
  assert.equal(queued, 0);
  assert.equal(rig.bot.counters().repeats, 0);
});

Deno.test("a worker that crashes takes its link along, and its successor dials", async () => {
  const rig = await setUp();
  [...rig.alive][0]!.die();
  await rig.clock.advance(10);
  assert.deepEqual(rig.place.workers, [1]);
  await rig.clock.advance(SILENCE_DEADLINE_MS + 3_000);
  assert.deepEqual(rig.linked, [true, false, true]);
  await rig.settle();
});

Deno.test("a worker that hangs keeps its link until its successor takes it over", async () => {
  const rig = await setUp();
  [...rig.alive][1]!.hang();
  await rig.clock.advance(SILENCE_DEADLINE_MS - 2_000);
  assert.deepEqual(rig.place.workers, [0, 1]);
  await rig.clock.advance(5_000);
  assert.equal(rig.gateway.pool.workers[1]!.restarts, 1);
  assert.deepEqual(rig.linked, [true, false, true]);
  await rig.settle();
});

Deno.test("a connection that is cut is dialled again, and what was under way comes again once", async () => {
  const rig = await setUp();
  for (let i = 0; i < 20; i++) {
    rig.place.cut(i % 2);
    await rig.clock.advance(331);
  }
  await rig.settle();
  assert.ok(rig.bot.counters().repeats > 0, "the cuts hit nothing");
});

Deno.test("a cluster that stops in good order and starts again gets every event once", async () => {
  const rig = await setUp();
  let { cut } = rig;
  let bot = rig.bot;
  for (let i = 0; i < 5; i++) {
    await bot.stop();
    rig.place.bot = null;
    rig.place.close();
    // As our clusters do it: the unit hears of it when the workers have.
    await rig.clock.advance(5);
    cut();
    await rig.clock.advance(1_000);
    assert.deepEqual([rig.place.workers, rig.linked.at(-1)], [[], false]);
    bot = rig.createBot();
    cut = rig.link(bot);
    await rig.clock.advance(1_000);
  }
  await rig.settle();
  assert.equal(bot.counters().repeats, 0);
});

Deno.test("a cluster that crashes is told everything that it had not acknowledged, in its next life", async () => {
  const rig = await setUp();
  rig.place.bot = null;
  rig.place.close();
  rig.cut();
  const before = rig.got.splice(0);
  await rig.clock.advance(3_000);
  rig.link(rig.createBot());
  rig.sim.traffic.setRate(0);
  await rig.clock.advance(5_000);
  for (const shardId of [0, 1, 2, 3]) {
    const sent = rig.sim.ledger.events.filter((event) => event.shardId === shardId).map(({ t }) =>
      t
    );
    const ofShard = (got: typeof before) =>
      got.filter((event) => event.shardId === shardId).map(({ t }) => t);
    const [first, second] = [ofShard(before), ofShard(rig.got)];
    assert.deepEqual(first, sent.slice(0, first.length));
    assert.deepEqual(second, sent.slice(-second.length));
    const again = first.length + second.length - sent.length;
    assert.ok(again >= 0, `shard ${shardId}: ${-again} events are lost`);
    assert.ok(again < 50, `shard ${shardId}: ${again} events came again`);
  }
});

Deno.test("whatever breaks, in whatever order, nothing is lost and nothing comes twice", async () => {
  const rig = await setUp();
  let { cut } = rig;
  let bot = rig.bot;
  const breaks: Record<string, () => Promise<void> | void> = {
    crash: () => [...rig.alive].at(0)?.die(),
    hang: () => [...rig.alive].at(-1)?.hang(),
    "cut a worker off": () => rig.place.cut(0),
    "cut the unit off": () => {
      cut();
      cut = rig.link(bot);
    },
    "restart the cluster": async () => {
      // What a worker has not heard that the cluster is done with comes again in its next life.
      const isWell = () => rig.linked.at(-1)! && rig.alive.size === 2 && rig.isReady();
      await rig.clock.runUntil(isWell, 60_000);
      await rig.clock.advance(3_000);
      await bot.stop();
      rig.place.close();
      await rig.clock.advance(5);
      cut();
      bot = rig.createBot();
      cut = rig.link(bot);
    },
  };
  const names = Object.keys(breaks);
  for (let i = 0; i < 3 * names.length; i++) {
    // Three steps are prime to five: each follows each in the end.
    await breaks[names[(i * 3) % names.length]!]!();
    await rig.clock.advance(i % 3 === 0 ? 20_000 : 700);
  }
  await rig.clock.advance(30_000);
  await rig.settle();
});

/** What becomes of a shard's events when its unit dies, or stands still for longer than its lease, in virtual time. */

import assert from "node:assert/strict";
import { GAP_EVENT } from "../../../protocol/event_frame.ts";
import { LEASE_MS } from "../../../protocol/fleet.ts";
import { createMovingStage, type MovingOptions } from "../../support/fleet/moving_stage.ts";

async function setUp(options: MovingOptions = {}, rate = 100) {
  const stage = createMovingStage(options);
  const [a, b] = [await stage.host("a"), await stage.host("b")];
  stage.startBot();
  await stage.run(a.take([0, 1, 2, 3]));
  await stage.readyAt(a);
  stage.sim.traffic.setRate(rate);
  await stage.clock.advance(3_000);
  const settle = async () => {
    stage.sim.traffic.setRate(0);
    await stage.readyAt(b);
    await stage.clock.advance(3_000);
    await stage.clock.runUntil(() => b.queued === 0, 600_000);
    await stage.clock.advance(5_000);
  };
  return { stage, a, b, settle, ...stage };
}

const ALL = [0, 1, 2, 3];

for (const hasDisk of [true, false]) {
  for (
    const [what, options] of [["keeps up", {}], ["is slow", {
      handlerMs: 400,
      windowBytes: 40_000,
    }]] as const
  ) {
    Deno.test(`shards of a unit that is killed go on elsewhere, with a bot that ${what}, ${hasDisk ? "with" : "without"} a disk`, async () => {
      const { stage, a, b, run, clock, assign, settle } = await setUp({ hasDisk, ...options }, 40);
      a.kill();
      await clock.advance(LEASE_MS);
      assign();
      await run(b.take(ALL, "dead", "a"));
      await settle();
      stage.assertAll();
    });
  }
}

Deno.test("a small backlog on the disk of a unit that is killed is asked of Discord again", async () => {
  const { stage, a, b, run, clock, assign, settle, place } = await setUp({}, 20);
  const bot = place.bot;
  stage.endBot();
  await clock.advance(20_000);
  a.kill();
  await clock.advance(LEASE_MS);
  assign();
  await run(b.take(ALL, "dead", "a"));
  place.bot = bot;
  await settle();
  stage.assertAll();
});

Deno.test("a large backlog on the disk of a unit that is killed is told to be missing, and nothing else is", async () => {
  const { stage, a, b, run, clock, assign, settle, place, came } = await setUp({}, 200);
  const bot = place.bot;
  stage.endBot();
  await clock.advance(60_000);
  a.kill();
  stage.sim.traffic.setRate(20);
  await clock.advance(LEASE_MS);
  assign();
  await run(b.take(ALL, "dead", "a"));
  place.bot = bot;
  await settle();
  stage.assertAll({ gaps: 1 });
  for (const { shardId, d: { from, to } } of came.filter(({ t }) => t === GAP_EVENT)) {
    const missing = stage.bus.entries.get(`missing.${shardId}.4.a`)!.value;
    assert.deepEqual(missing, { from, to });
    assert.ok(to - from > 1_000, `${to - from}`);
  }
});

Deno.test("who reads a shard beside its bot reads on after its unit died, or is told", async () => {
  const { stage, a, b, run, clock, assign, settle } = await setUp({}, 60);
  await run(a.reads(1));
  await clock.advance(2_000);
  a.link(1, null);
  await clock.advance(5_000);
  const [from] = stage.sim.ledger.events.filter(({ shardId, atMs }) =>
    shardId === 1 && atMs > clock.now() - 6_900
  );
  a.kill();
  await clock.advance(LEASE_MS);
  assign();
  await run(b.take(ALL, "dead", "a"));
  b.link(1, 5);
  await settle();
  stage.assertAll();
  stage.assertRead(1, from!.s);
});

for (const awayMs of [0, 30_000]) {
  Deno.test(`a unit that stands still for longer than its lease loses its shards when it wakes, with a bot that was away for ${awayMs} ms`, async () => {
    const { stage, a, b, run, clock, assign, settle, place, sim } = await setUp({}, 40);
    const bot = place.bot;
    if (awayMs) stage.endBot();
    await clock.advance(awayMs);
    a.line.freeze();
    await clock.advance(LEASE_MS * 2);
    assign();
    await run(b.take(ALL, "dead", "a"));
    place.bot = bot;
    await clock.advance(5_000);
    a.line.thaw();
    await clock.advance(50);
    const resumes = sim.ledger.resumes.length;
    await run(Promise.all(ALL.map((id) => a.lose(id))));
    await clock.advance(5_000);
    await settle();
    stage.assertAll();
    assert.ok(sim.ledger.resumes.length - resumes <= ALL.length * 2, "they do not fight");
    assert.deepEqual(
      ALL.map((id) => stage.bus.entries.get(`estate.${id}.4`)!.value as { unit: string }).map((
        { unit },
      ) => unit),
      ["b", "b", "b", "b"],
    );
    assert.deepEqual(await a.disk.aside.list(), [], "nobody misses anything");
  });
}

Deno.test("a unit that is back within its lease goes on from its own disk", async () => {
  const { stage, a, b: _, run, clock, place } = await setUp({}, 40);
  const bot = place.bot;
  stage.endBot();
  await clock.advance(10_000);
  a.kill();
  await clock.advance(3_000);
  const next = await stage.host("a", a.disk);
  await run(next.take(ALL, "given", "a"));
  place.bot = bot;
  stage.sim.traffic.setRate(0);
  await stage.readyAt(next);
  await clock.advance(3_000);
  await clock.runUntil(() => next.queued === 0, 600_000);
  await clock.advance(3_000);
  stage.assertAll();
});

Deno.test("a unit that gave a shard, and is back before anybody says so, goes on from its own disk", async () => {
  const { stage, a, run, clock, place } = await setUp({ sim: { ringEvents: 50 } }, 40);
  const bot = place.bot;
  stage.endBot();
  await clock.advance(20_000);
  await run(a.give(1, "b"));
  await clock.advance(1_000);
  a.kill();
  await clock.advance(500);
  const next = await stage.host("a", a.disk);
  await run(next.take(ALL, "given", "a"));
  place.bot = bot;
  stage.sim.traffic.setRate(0);
  await stage.readyAt(next);
  await clock.advance(3_000);
  await clock.runUntil(() => next.queued === 0, 600_000);
  await clock.advance(3_000);
  stage.assertAll();
});

Deno.test("a unit that is given shards and dies before it has told anybody is followed from what the keys say", async () => {
  const { stage, a, b, run, clock, assign, place } = await setUp({}, 40);
  const c = await stage.host("c");
  const bot = place.bot;
  stage.endBot();
  await clock.advance(10_000);
  await run(a.give(1, "b"));
  assign();
  b.kill();
  await run(a.lose(1));
  await clock.advance(LEASE_MS);
  assign();
  await run(c.take([1], "dead", "b"));
  place.bot = bot;
  stage.sim.traffic.setRate(0);
  await stage.readyAt(a, c);
  await clock.advance(3_000);
  await clock.runUntil(() => a.queued + c.queued === 0, 600_000);
  await clock.advance(3_000);
  stage.assertAll();
});

for (const isRestarted of [true, false]) {
  Deno.test(`what only a dead unit's disk had comes late when its host is back, once${isRestarted ? ", though the bot began anew" : ""}`, async () => {
    const { stage, a, b, run, clock, assign, settle, place, came } = await setUp({}, 200);
    const bot = place.bot;
    stage.endBot();
    const cutMs = clock.now();
    await clock.advance(60_000);
    a.kill();
    stage.sim.traffic.setRate(20);
    await clock.advance(LEASE_MS);
    assign();
    await run(b.take(ALL, "dead", "a"));
    place.bot = bot;
    await clock.advance(5_000);
    if (isRestarted) {
      await run(bot!.stop());
      await clock.advance(100);
      stage.endBot();
      await clock.advance(500);
      stage.startBot();
      await clock.advance(10_000);
    }
    const back = await run(stage.host("a", a.disk));
    await clock.advance(20_000);
    await settle();
    const gaps = came.filter(({ t }) => t === GAP_EVENT);
    assert.equal(gaps.length, 4);
    for (const id of ALL) {
      const sent = stage.sim.ledger.events.filter(({ shardId }) => shardId === id);
      const got = came.flatMap(({ shardId, s }) => shardId === id && s !== null ? [s] : []);
      const dead = sent.filter(({ t, s }) => t === "INTERACTION_CREATE" && !got.includes(s));
      // What the first process had not acknowledged when its links were cut comes to the next one again.
      const again = came.flatMap(({ shardId, s, atMs }) =>
        shardId === id && s !== null && (!isRestarted || atMs > cutMs) ? [s] : []
      );
      assert.equal(new Set(again).size, again.length, `shard ${id}: twice`);
      assert.deepEqual(
        sent.map(({ s }) => s).filter((s) => !got.includes(s)),
        dead.map(({ s }) => s),
      );
    }
    assert.deepEqual(await back.disk.aside.list(), []);
    assert.deepEqual([...stage.bus.entries.keys()].filter((key) => key.startsWith("missing")), []);
    assert.deepEqual(stage.sim.ledger.violations, []);
  });
}

Deno.test("a unit that stood still brings late what others miss of what it has on disk", async () => {
  const { stage, a, b, run, clock, assign, settle, place, came } = await setUp({}, 200);
  const bot = place.bot;
  stage.endBot();
  await clock.advance(60_000);
  a.line.freeze();
  stage.sim.traffic.setRate(20);
  await clock.advance(LEASE_MS * 2);
  assign();
  await run(b.take(ALL, "dead", "a"));
  place.bot = bot;
  await clock.advance(5_000);
  a.line.thaw();
  await run(Promise.all(ALL.map((id) => a.lose(id))));
  await clock.advance(20_000);
  await settle();
  stage.assertAll({ gaps: 1, late: true });
  assert.deepEqual(await a.disk.aside.list(), []);
  assert.equal(came.filter(({ t }) => t === GAP_EVENT).length, 4);
});

/** What becomes of a shard's events while it goes from one unit to another, in virtual time. */

import assert from "node:assert/strict";
import { sleep } from "../../../ports/clock.ts";
import {
  createMovingStage,
  type Host,
  type MovingOptions,
  type MovingStage,
} from "../../support/fleet/moving_stage.ts";

/** Two hosts, the first of which has all shards, and traffic. */
async function setUp(options: MovingOptions = {}, rate = 100) {
  const stage = createMovingStage(options);
  const [a, b] = [await stage.host("a"), await stage.host("b")];
  stage.startBot();
  await stage.run(a.take([0, 1, 2, 3]));
  await stage.readyAt(a);
  stage.sim.traffic.setRate(rate);
  await stage.clock.advance(3_000);
  return { stage, a, b, ...stage };
}

/** As who follows the assignment does it: again where it failed. Gives how often it was tried. */
async function move({ clock, assign }: MovingStage, from: Host, to: Host, id: number) {
  for (let tries = 1; tries < 30; tries++) {
    try {
      await from.give(id, to.name);
    } catch {
      await sleep(clock, 1_000);
      continue;
    }
    assign();
    while (await to.take([id], "given", from.name).catch(() => "again") === "again") {
      await sleep(clock, 1_000);
    }
    await from.lose(id);
    return tries;
  }
  throw new Error(`shard ${id} does not go`);
}

/** The world stands still, and whatever is under way arrives. */
async function settle({ clock, sim }: MovingStage, ...hosts: Host[]): Promise<void> {
  sim.traffic.setRate(0);
  await clock.runUntil(() => hosts.every(({ isReady }) => isReady), 60_000);
  await clock.advance(3_000);
  await clock.runUntil(() => hosts.every(({ queued }) => queued === 0), 600_000);
  await clock.advance(5_000);
}

Deno.test("shards go to another unit under load, with the bot there: nothing lost, nothing twice, no identify", async () => {
  const { stage, a, b, run, clock, timesOf } = await setUp();
  const silences: number[] = [];
  for (const id of [1, 3, 0]) {
    const last = timesOf(id).length;
    await run(move(stage, a, b, id));
    await clock.advance(1_000);
    const times = timesOf(id).slice(last - 1);
    silences.push(Math.max(...times.slice(1).map((at, i) => at - times[i]!)));
  }
  await settle(stage, a, b);
  stage.assertAll();
  assert.deepEqual([0, 1, 2, 3].map((id) => [a.stateOf(id), b.stateOf(id)]), [
    ["idle", "ready"],
    ["idle", "ready"],
    ["ready", "idle"],
    ["idle", "ready"],
  ]);
  assert.ok(Math.max(...silences) < 1_500, `the bot heard nothing for ${silences} ms`);
});

const LOADS: Record<string, MovingOptions & { readonly awayMs?: number }> = {
  "a bot that is slow": { handlerMs: 2_000, windowBytes: 20_000 },
  "a bot that is slow, and no disk": { handlerMs: 2_000, windowBytes: 20_000, hasDisk: false },
  "a bot that has been away for a second": { awayMs: 1_000 },
  "a bot that has been away for a minute": { awayMs: 60_000 },
  "a bot that has been away for a minute, and no disk": { awayMs: 60_000, hasDisk: false },
};

for (const [what, { awayMs, ...options }] of Object.entries(LOADS)) {
  Deno.test(`shards go to another unit and back, with ${what}`, async () => {
    // Of what waits Discord has next to nothing any more.
    const { stage, a, b, run, clock } = await setUp({ ...options, sim: { ringEvents: 50 } });
    const bot = stage.place.bot;
    if (awayMs) stage.endBot();
    await clock.advance(awayMs ?? 3_000);
    for (const id of [1, 2]) await run(move(stage, a, b, id));
    await clock.advance(2_000);
    await run(move(stage, b, a, 2));
    await clock.advance(2_000);
    // The same process: what it has seen it knows.
    stage.place.bot = bot;
    await settle(stage, a, b);
    stage.assertAll();
  });
}

Deno.test("who reads a shard beside its bot reads on at the next unit, with what waited of it", async () => {
  const { stage, a, b, run, clock } = await setUp();
  await run(a.reads(1));
  await clock.advance(2_000);
  a.link(1, null);
  const [from] = stage.sim.ledger.events.filter(({ shardId, atMs }) =>
    shardId === 1 && atMs > clock.now() - 1_900
  );
  await clock.advance(5_000);
  await run(move(stage, a, b, 1));
  await clock.advance(3_000);
  b.link(1, 5);
  await settle(stage, a, b);
  stage.assertAll();
  stage.assertRead(1, from!.s);
});

for (const [who, at] of [["a", "gives"], ["b", "takes"]] as const) {
  for (let ms = 0; ms <= 420; ms += 60) {
    Deno.test(`a shard goes though the worker of the unit that ${at} it dies ${ms} ms after it began`, async () => {
      const { stage, a, b, run, clock } = await setUp();
      const bot = stage.place.bot;
      stage.endBot();
      await clock.advance(5_000);
      const moving = move(stage, a, b, 1);
      await clock.advance(ms / 10);
      (who === "a" ? a : b).killWorker(1);
      await clock.advance(500);
      stage.place.bot = bot;
      await run(moving);
      await settle(stage, a, b);
      stage.assertAll();
      assert.deepEqual([a.stateOf(1), b.stateOf(1)], ["idle", "ready"]);
    });
  }
}

Deno.test("a shard whose next unit does not answer stays where it is, and is not even closed", async () => {
  const { stage, a, b, run, clock, sim } = await setUp();
  b.line.freeze();
  const resumes = sim.ledger.resumes.length;
  const given = a.give(1, "b");
  await assert.rejects(run(given), { code: "deadline" });
  await assert.rejects(run(a.give(1, "nobody")), { code: "away" });
  assert.equal(sim.ledger.resumes.length, resumes);
  b.line.thaw();
  await clock.advance(100);
  await run(move(stage, a, b, 1));
  await settle(stage, a, b);
  stage.assertAll();
});

Deno.test("a shard whose next unit falls silent in the middle goes on where it was", async () => {
  const { stage, a, b, run, clock } = await setUp();
  const bot = stage.place.bot;
  stage.endBot();
  await clock.advance(30_000);
  const giving = a.give(1, "b");
  await clock.advance(8);
  b.line.freeze();
  await assert.rejects(run(giving), { code: "deadline" });
  await stage.readyAt(a);
  await clock.advance(5_000);
  stage.place.bot = bot;
  await settle(stage, a);
  b.line.thaw();
  await settle(stage, a, b);
  stage.assertAll();
});

Deno.test("a shard that was given, and is to stay, goes on with what it has", async () => {
  const { stage, a, b, run, clock } = await setUp();
  await run(a.give(1, "b"));
  await clock.advance(3_000);
  assert.equal(a.stateOf(1), "stopped");
  a.killWorker(1);
  await clock.advance(3_000);
  await run(a.take([1], "given", "a"));
  await clock.advance(3_000);
  await run(move(stage, a, b, 1));
  await settle(stage, a, b);
  stage.assertAll();
});

Deno.test("a shard goes on where it was while its estate cannot be written", async () => {
  const { stage, a, b, run, clock } = await setUp();
  stage.bus.fill(true);
  await assert.rejects(run(a.give(1, "b")), { code: "disk_full" });
  stage.bus.fill(false);
  await clock.advance(1_000);
  await run(move(stage, a, b, 1));
  await settle(stage, a, b);
  stage.assertAll();
});

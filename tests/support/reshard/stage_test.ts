/** The stage of reshards by itself: without a reshard nothing is lost, doubled or out of order, whoever is killed. */

import assert from "node:assert/strict";
import { startBustle } from "./bustle.ts";
import { createStage, type Stage, type StageOptions } from "./stage.ts";

async function bustling(options: StageOptions): Promise<{ stage: Stage; end(): Promise<void> }> {
  const stage = createStage(options);
  await stage.start();
  const stop = startBustle(stage.sim, 100, options.seed ?? 1);
  stage.sim.comings.setRate(30);
  return {
    stage,
    async end() {
      await stage.clock.advance(5_000);
      stop();
      stage.sim.comings.setRate(0);
      await stage.clock.advance(20_000);
    },
  };
}

function assertBlameless({ stage }: { stage: Stage }, identifies: Record<number, number>) {
  const { lost, twice, outOfOrder, unknown, violations, identifies: spent } = stage.verdict();
  assert.deepEqual({ lost, twice, outOfOrder, unknown, violations, spent }, {
    lost: [],
    twice: [],
    outOfOrder: [],
    unknown: [],
    violations: [],
    spent: identifies,
  });
}

Deno.test("a bot gets everything once, in order per guild, of sessions that are late", async () => {
  const run = await bustling({ shards: 3, sim: { lateMs: ({ shardId }) => shardId * 700 } });
  await run.end();
  assertBlameless(run, { 3: 3 });
  const { events } = run.stage.verdict();
  assert.ok(events > 450, String(events));
});

Deno.test("the unit is killed, the bot lives: the same", async () => {
  const run = await bustling({ shards: 3, seed: 2 });
  await run.stage.clock.advance(5_000);
  run.stage.killUnit();
  await run.stage.clock.advance(3_000);
  await run.stage.startUnit();
  await run.end();
  assertBlameless(run, { 3: 3 });
});

Deno.test("the bot is killed: each of its lives has everything once", async () => {
  const run = await bustling({ shards: 3, seed: 3 });
  await run.stage.clock.advance(5_000);
  await run.stage.killBot(4_000);
  await run.end();
  assertBlameless(run, { 3: 3 });
  assert.ok(run.stage.lives.every((life) => life.length > 100));
});

/** A unit that has more shards by itself, and nobody notices. */

import assert from "node:assert/strict";
import { createScenario } from "../support/reshard/scenario.ts";

/** So that a check comes soon, and few guilds are many. */
const SOON = { reshardCheckMs: 20_000, reshardAtPercent: 1 };

Deno.test("a unit whose shards fill up reshards by itself, and the bot gets everything once", async () => {
  const run = await createScenario({ from: 2, to: 4, sim: { guilds: 60 }, config: SOON });
  const { state, by, from, to } = await run.ended();
  assert.deepEqual({ state, by, from, to }, { state: "done", by: "automatic", from: 2, to: 4 });
  await run.assertWhole({ identifies: { 2: 2, 4: 4 }, total: 4 });
});

Deno.test("a unit of which Discord closes a shard for its guilds reshards, and is whole again", async () => {
  const run = await createScenario({ from: 2, to: 4, eventsPerSecond: 20 });
  const { stage } = run;
  stage.sim.faults.close(4011, { shardId: 0, endSession: true });
  const { state, by, lots } = await run.ended();
  assert.deepEqual([state, by], ["done", "automatic"]);
  assert.deepEqual(lots.map(({ phase }) => phase), ["moved", "moved"]);
  assert.equal(stage.unit.totalShards, 4);
  await stage.clock.advance(20_000);
  assert.ok(stage.isReady());
  const { violations, twice, outOfOrder, identifies } = stage.verdict();
  assert.deepEqual([violations, twice, outOfOrder, identifies], [[], [], [], { 2: 2, 4: 4 }]);
  const told = stage.logged.filter(({ event }) => event === "events are missing");
  assert.equal(told.length, 2, "the bot is told by a GAP of each new shard");
});

Deno.test("a unit whose total Discord does not take says why, and goes on with the shards that it has", async () => {
  const run = await createScenario({ from: 2, to: 3, eventsPerSecond: 20 });
  run.stage.sim.settings.largeBotMultiple = 2;
  run.begin();
  const { state, reason } = await run.ended();
  assert.equal(state, "failed");
  assert.match(reason, /Discord does not take shard \d of 3: closed 4010/);
  assert.equal(run.stage.unit.totalShards, 2);
});

/**
 * A fleet of whole units that reshards, in virtual time and under load: each event once, in order per guild, and no
 * identify too many, whoever dies meanwhile.
 */

import assert from "node:assert/strict";
import { beginReshard } from "../../../unit/reshard/resharding.ts";
import { createScenario, type Scenario } from "../../support/fleet/scenario.ts";

const LIMIT_MS = 400_000;

/** Time passes until every unit has the shards of this total and no others. */
async function resharded({ stage }: Scenario, total: number): Promise<void> {
  stage.become(total);
  const isDone = () =>
    stage.isWhole() && stage.running().every((name) => {
      const { totalShards, snapshot: { shards } } = stage.unit(name);
      return totalShards === total && shards.every((shard) => shard.totalShards === total);
    });
  await stage.clock.runUntil(isDone, LIMIT_MS);
}

for (const [from, to] of [[4, 8], [8, 4], [8, 24]] as const) {
  Deno.test(`two units reshard from ${from} to ${to}, whichever is asked`, async () => {
    const scenario = await createScenario({ shards: from, units: ["a", "b"] });
    const { stage } = scenario;
    await stage.run(Promise.resolve(beginReshard(stage.unit("b"), to, "operator")));
    await resharded(scenario, to);
    await scenario.assertWhole({ identifies: { [from]: from, [to]: to } });
  });
}

Deno.test("a unit is restarted while its fleet reshards: all goes on", async () => {
  const scenario = await createScenario({ shards: 6, units: ["a", "b", "c"] });
  const { stage } = scenario;
  await stage.run(Promise.resolve(beginReshard(stage.unit("a"), 12, "operator")));
  await scenario.pass(4_000);
  stage.kill("b");
  await scenario.pass(2_000);
  await stage.start("b");
  await resharded(scenario, 12);
  await scenario.assertWhole({ identifies: { 6: 6, 12: 12 } });
});

Deno.test("a fleet whose shards fill up reshards by itself: its leader alone asks Discord, and begins", async () => {
  const scenario = await createScenario({
    shards: 2,
    units: ["a", "b"],
    sim: { guilds: 60 },
    // So that a check comes soon, and few guilds are many.
    config: { reshardCheckMs: 20_000, reshardAtPercent: 1 },
  });
  const { stage } = scenario;
  await resharded(scenario, 4);
  const asked = () =>
    stage.sim.ledger.rest.filter(({ route }) => route.includes("/gateway/bot")).length;
  const before = asked();
  await scenario.pass(60_000);
  assert.equal(asked() - before, 3, "once in each 20 s, and not by each unit");
  await scenario.assertWhole({ identifies: { 2: 2, 4: 4 } });
});

/**
 * Units that come, go and are restarted, in virtual time and under load: no identify, no event lost, none twice.
 */

import assert from "node:assert/strict";
import { createScenario } from "../../support/fleet/scenario.ts";
import { createFleetStage } from "../../support/fleet/stage.ts";

for (const seed of [1, 2, 3]) {
  Deno.test(`a unit joins: it gets its part, each shard by one RESUME (seed ${seed})`, async () => {
    const scenario = await createScenario({ shards: 16, units: ["a"], seed });
    await scenario.stage.start("b");
    const tookMs = await scenario.even("a", "b");
    assert.ok(tookMs < 5_000, `${tookMs} ms`);
    await scenario.pass(5_000);
    await scenario.stage.start("c");
    await scenario.even("a", "b", "c");
    await scenario.assertWhole({ mostResumes: 8 + 6 });
  });

  Deno.test(`a unit leaves: its shards are with the others before it ends (seed ${seed})`, async () => {
    const scenario = await createScenario({ shards: 12, units: ["a", "b", "c"], seed });
    const { stage } = scenario;
    const resumes = stage.sim.ledger.resumes.length;
    await stage.stop("b");
    await scenario.even("a", "c");
    await scenario.assertWhole({ mostResumes: resumes + 4 });
  });

  Deno.test(`three units are restarted one after another (seed ${seed})`, async () => {
    const scenario = await createScenario({ shards: 12, units: ["a", "b", "c"], seed });
    const { stage } = scenario;
    for (const unit of ["a", "b", "c"]) {
      await stage.stop(unit);
      await scenario.pass(2_000);
      await stage.start(unit);
      await scenario.even("a", "b", "c");
    }
    await scenario.assertWhole();
  });
}

Deno.test("the last unit of a fleet stops as one by itself, and goes on from its own disk", async () => {
  const scenario = await createScenario({ shards: 4, units: ["a"] });
  const { stage } = scenario;
  await stage.stop("a");
  await scenario.pass(5_000);
  await stage.start("a");
  await scenario.even("a");
  await scenario.assertWhole({ mostResumes: 4 });
});

Deno.test("a unit that is killed and restarted within the lease keeps its shards", async () => {
  const scenario = await createScenario({ shards: 8, units: ["a", "b"] });
  const { stage } = scenario;
  const had = stage.ready().b;
  stage.kill("b");
  await scenario.pass(3_000);
  await stage.start("b");
  await scenario.even("a", "b");
  assert.deepEqual(stage.ready().b, had);
  await scenario.assertWhole({ mostResumes: 4 + 4 });
});

Deno.test("a bot that is away while shards move gets what waited for it, from whoever has them then", async () => {
  const scenario = await createScenario({ shards: 8, units: ["a"] });
  const { stage } = scenario;
  stage.hangUp();
  await scenario.pass(20_000);
  await stage.start("b");
  await scenario.even("a", "b");
  await scenario.pass(5_000);
  stage.startBot();
  await scenario.assertWhole();
});

Deno.test("three units start at once with one identify per 5 s, and who leads dies meanwhile: no identify too many", async () => {
  const stage = createFleetStage({ shards: 6, sim: { maxConcurrency: 1 } });
  stage.startBot();
  for (const unit of ["a", "b", "c"]) stage.launch(unit);
  const { ledger } = stage.sim;
  await stage.clock.runUntil(() => ledger.identifies.length >= 2, 60_000);
  // Who dies before its session is written down takes that along.
  await stage.clock.advance(2_500);
  stage.kill(stage.unit("a").seat!.leader!);
  await stage.whole(180_000);
  assert.equal(ledger.identifies.length, 6);
  assert.deepEqual(ledger.violations, []);
});

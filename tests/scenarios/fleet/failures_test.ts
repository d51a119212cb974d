/**
 * Units that die, stand still or are cut off, and a server that is away, forgets or is full, in virtual time and under
 * load: no identify, no event lost, none twice.
 */

import assert from "node:assert/strict";
import { createScenario } from "../../support/fleet/scenario.ts";

/**
 * Two units that do not hear of each other take four sessions from each other once in 20 s: not several times a second,
 * which would be ten times as often.
 */
const MOST_TAKEN = 40;
const THREE = { shards: 12, units: ["a", "b", "c"] } as const;

for (const seed of [1, 2, 3]) {
  for (const victim of ["a", "b"]) {
    const who = victim === "a" ? "who leads" : "another one";
    Deno.test(`kill -9 of ${who}: its shards are up elsewhere within 30 s (seed ${seed})`, async () => {
      const scenario = await createScenario({ ...THREE, seed });
      const { stage } = scenario;
      stage.kill(victim);
      const fromMs = stage.clock.now();
      await stage.whole(60_000);
      const tookMs = stage.clock.now() - fromMs;
      assert.ok(tookMs < 30_000, `${tookMs} ms`);
      await scenario.assertWhole();
    });
  }

  Deno.test(`a unit stands still for 30 s, and wakes with an old epoch (seed ${seed})`, async () => {
    const scenario = await createScenario({ ...THREE, seed });
    const { stage } = scenario;
    const resumes = stage.sim.ledger.resumes.length;
    stage.freeze("b");
    await scenario.pass(30_000);
    stage.thaw("b");
    await scenario.even("a", "b", "c");
    // Each of its shards goes and comes back.
    await scenario.assertWhole({ mostResumes: resumes + 4 + 4 });
  });

  Deno.test(`a unit is cut off from NATS for a minute (seed ${seed})`, async () => {
    const scenario = await createScenario({ ...THREE, seed });
    const { stage } = scenario;
    const resumes = stage.sim.ledger.resumes.length;
    stage.bus.part([["a", "c"]]);
    await scenario.pass(60_000);
    stage.bus.part(null);
    await scenario.even("a", "b", "c");
    await scenario.assertWhole({ mostResumes: resumes + MOST_TAKEN });
  });

  Deno.test(`who leads is cut off from NATS for a minute (seed ${seed})`, async () => {
    const scenario = await createScenario({ ...THREE, seed });
    const { stage } = scenario;
    const resumes = stage.sim.ledger.resumes.length;
    stage.bus.part([["b", "c"]]);
    await scenario.pass(60_000);
    stage.bus.part(null);
    await scenario.even("a", "b", "c");
    await scenario.assertWhole({ mostResumes: resumes + MOST_TAKEN });
  });

  Deno.test(`NATS is away for a minute: all goes on as it is (seed ${seed})`, async () => {
    const scenario = await createScenario({ ...THREE, seed });
    const { stage } = scenario;
    const had = stage.ready();
    const resumes = stage.sim.ledger.resumes.length;
    stage.bus.stop();
    await scenario.pass(60_000);
    assert.deepEqual(stage.ready(), had);
    stage.bus.start();
    await scenario.pass(30_000);
    assert.deepEqual(stage.ready(), had);
    await scenario.assertWhole({ mostResumes: resumes });
  });

  Deno.test(`NATS comes back without its last two minutes, after a unit has joined (seed ${seed})`, async () => {
    const scenario = await createScenario({ shards: 12, units: ["a", "b"], seed });
    const { stage } = scenario;
    await scenario.pass(20_000);
    await stage.start("c");
    await scenario.even("a", "b", "c");
    await scenario.pass(5_000);
    stage.bus.stop();
    await scenario.pass(3_000);
    stage.bus.start(120_000);
    await scenario.pass(30_000);
    await scenario.even("a", "b", "c");
    await scenario.assertWhole();
  });

  Deno.test(`a unit is killed while NATS has lost all that was written (seed ${seed})`, async () => {
    const scenario = await createScenario({ ...THREE, seed });
    const { stage } = scenario;
    stage.bus.stop();
    await scenario.pass(2_000);
    stage.bus.start(3_600_000);
    await scenario.pass(8_000);
    stage.kill("b");
    await stage.whole(60_000);
    await scenario.assertWhole();
  });

  Deno.test(`clocks are 30 s apart while a unit joins and another dies (seed ${seed})`, async () => {
    const hosts = { a: { aheadMs: 30_000 }, b: { aheadMs: -30_000 } };
    const scenario = await createScenario({ shards: 12, units: ["a", "b"], hosts, seed });
    const { stage } = scenario;
    await stage.start("c");
    await scenario.even("a", "b", "c");
    stage.kill("a");
    await stage.whole(60_000);
    await scenario.assertWhole();
  });

  Deno.test(`the disk of NATS is full for a minute: what runs goes on (seed ${seed})`, async () => {
    const scenario = await createScenario({ ...THREE, seed });
    const { stage } = scenario;
    stage.bus.fill(true);
    await scenario.pass(60_000);
    stage.bus.fill(false);
    await scenario.pass(30_000);
    await scenario.even("a", "b", "c");
    await scenario.assertWhole();
  });
}

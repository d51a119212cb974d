/**
 * A whole unit that reshards, in virtual time against the simulator, whose sessions are late by chance: each event
 * comes once and in order, whoever is killed in whichever phase.
 */

import { sleep } from "../../ports/clock.ts";
import { memoryStore, type Store } from "../../ports/store.ts";
import type { LotPhase } from "../../protocol/reshard.ts";
import { createScenario, type Scenario } from "../support/reshard/scenario.ts";

const PHASES = ["rising", "comparing", "holding", "writing", "ending", "moved"] as const;

/** A bot under load; the record is written in a while, as by a disk, so that every phase lasts. */
async function living(from: number, to: number, seed: number): Promise<Scenario> {
  const store = memoryStore();
  const disk = { clock: null as Scenario["stage"]["clock"] | null };
  const pause = async (name: string) => {
    if (name === "reshard" && disk.clock) await sleep(disk.clock, 20);
  };
  const slow: Store = {
    ...store,
    async save(name, value) {
      await pause(name);
      await store.save(name, value);
      await pause(name);
    },
  };
  const scenario = await createScenario({ from, to, seed, store: slow });
  disk.clock = scenario.stage.clock;
  return scenario;
}

/** One in the midst of a reshard from 2 shards to 4. */
async function resharding(phase: LotPhase): Promise<Scenario> {
  const scenario = await living(2, 4, 4);
  scenario.begin();
  await scenario.until(phase);
  // What was asked for is on disk a moment later, and sessions have begun.
  if (phase === "rising") await scenario.stage.clock.advance(1_000);
  return scenario;
}

async function arrives(scenario: Scenario): Promise<void> {
  await scenario.ended();
  await scenario.assertWhole({ identifies: { 2: 2, 4: 4 }, total: 4 });
}

for (const [from, to] of [[1, 2], [2, 4], [4, 8], [8, 24], [16, 24], [8, 4], [2, 3]] as const) {
  Deno.test(`a unit goes from ${from} shards to ${to} with every event once, in order`, async () => {
    const scenario = await living(from, to, 2);
    scenario.begin();
    await scenario.ended();
    await scenario.assertWhole({ identifies: { [from]: from, [to]: to }, total: to });
  });
}

for (const phase of PHASES) {
  Deno.test(`the unit is killed while a lot is ${phase}: the same`, async () => {
    const scenario = await resharding(phase);
    scenario.stage.killUnit();
    await scenario.stage.clock.advance(1_500);
    await scenario.stage.startUnit();
    await arrives(scenario);
  });

  Deno.test(`the bot is killed while a lot is ${phase}: the same`, async () => {
    const scenario = await resharding(phase);
    await scenario.stage.killBot(3_000);
    await arrives(scenario);
  });

  for (const [which, at] of [["old", 0], ["new", -1]] as const) {
    Deno.test(`a worker of the ${which} shards dies while a lot is ${phase}: the same`, async () => {
      const scenario = await resharding(phase);
      [...scenario.stage.alive].at(at)!.die();
      await arrives(scenario);
    });
  }

  Deno.test(`the reshard is cancelled while a lot is ${phase}: all is as before`, async () => {
    const scenario = await resharding(phase);
    const { lots } = scenario.reshard!;
    const moved = lots.filter((lot) => ["writing", "ending", "moved"].includes(lot.phase));
    scenario.steer("cancel");
    await scenario.ended();
    await scenario.assertWhole({ identifies: { 2: 2 + moved.length, 4: 4 }, total: 2 });
  });
}

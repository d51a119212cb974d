/**
 * A fleet of whole units that reshards while units die and the line is away, in each phase of a lot: each event once, in
 * order per guild, and no identify too many.
 */

import type { LotPhase } from "../../../protocol/reshard.ts";
import { beginReshard } from "../../../unit/reshard/resharding.ts";
import { createScenario, type Scenario } from "../../support/fleet/scenario.ts";

const LIMIT_MS = 400_000;
const PHASES: readonly LotPhase[] = ["rising", "comparing", "holding", "ending"];

/** Time passes until every unit that runs has the shards of this total and no others. */
async function resharded({ stage }: Scenario, total: number): Promise<void> {
  stage.become(total);
  const isDone = () =>
    stage.isWhole() && stage.running().every((name) => {
      const { totalShards, snapshot: { shards } } = stage.unit(name);
      return totalShards === total && shards.every((shard) => shard.totalShards === total);
    });
  await stage.clock.runUntil(isDone, LIMIT_MS);
}

/** Three units, from six shards to twelve, of which `b` has a lot in this phase. */
async function midway(phase: LotPhase): Promise<Scenario> {
  const scenario = await createScenario({ shards: 6, units: ["a", "b", "c"] });
  const { stage } = scenario;
  await stage.run(Promise.resolve(beginReshard(stage.unit("a"), 12, "operator")));
  const own = () =>
    stage.unit("b").snapshot.reshard?.lots.filter(({ rest }) =>
      stage.unit("b").snapshot.shards.some(({ shardId }) => shardId % 6 === rest)
    ) ?? [];
  await stage.clock.runUntil(() => own().some((lot) => lot.phase === phase), LIMIT_MS);
  // Who is killed before it has written down a session that has just begun has spent its identify.
  if (phase === "comparing") await scenario.pass(1_000);
  return scenario;
}

Deno.test("two units reshard from 4 to 6: shards of one lot are gathered on one unit first", async () => {
  const scenario = await createScenario({ shards: 4, units: ["a", "b"] });
  const { stage } = scenario;
  await stage.run(Promise.resolve(beginReshard(stage.unit("b"), 6, "operator")));
  await resharded(scenario, 6);
  await scenario.assertWhole({ identifies: { 4: 4, 6: 6 } });
});

for (const phase of PHASES) {
  Deno.test(`a unit dies for good while a lot of its is ${phase}: the others go on with it`, async () => {
    const scenario = await midway(phase);
    scenario.stage.kill("b");
    await resharded(scenario, 12);
    await scenario.assertWhole({ identifies: { 6: 6, 12: 12 } });
  });

  // Shards that rise wait for their identifies meanwhile, and that is an error in the log.
  if (phase === "rising") continue;

  Deno.test(`the line is away for a minute while a lot is ${phase}: it goes on afterwards`, async () => {
    const scenario = await midway(phase);
    scenario.stage.bus.stop();
    await scenario.pass(60_000);
    scenario.stage.bus.start();
    await resharded(scenario, 12);
    await scenario.assertWhole({ identifies: { 6: 6, 12: 12 } });
  });
}

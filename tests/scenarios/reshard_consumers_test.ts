/** Libraries on /gateway while the unit reshards under them: each event once, in order per guild. */

import assert from "node:assert/strict";
import { OP } from "../../protocol/discord/opcodes.ts";
import { patientBot, type PatientLibrary, patientLibrary } from "../support/patient_library.ts";
import { numberOf } from "../support/reshard/judge.ts";
import {
  createScenario,
  type Scenario,
  type ScenarioOptions,
} from "../support/reshard/scenario.ts";

const world = ({ stage }: Scenario) => ({
  consumers: stage.unit.gateway!.consumers,
  clock: stage.clock,
});

async function scenarioOf(options: ScenarioOptions): Promise<Scenario> {
  return await createScenario({
    ...options,
    sim: { numberEvents: true, ...options.sim },
    config: { consumersPerShard: 3, ...options.config },
  });
}

/** Has them judged with the bot, and sees that no two of them got the same. */
function judgeTogether({ stage }: Scenario, libraries: readonly PatientLibrary[]): void {
  stage.libraries.push(...libraries as unknown as typeof stage.libraries);
}

function assertApart(libraries: readonly PatientLibrary[]): void {
  const numbers = libraries.flatMap(({ got }) => got.flatMap(({ d }) => numberOf(d) ?? []));
  assert.equal(new Set(numbers).size, numbers.length, "no event came to two of them");
}

const begins = (libraries: readonly PatientLibrary[]) =>
  libraries.map(({ count }) => count("READY"));

for (const [client, from, to] of [[2, 2, 4], [1, 2, 4], [4, 2, 4], [4, 4, 2]] as const) {
  Deno.test(`a bot of libraries by ${client} sees nothing of a reshard from ${from} to ${to} shards, and gets each event once`, async () => {
    const scenario = await scenarioOf({ from, to });
    const { clock } = scenario.stage;
    const bot = patientBot(world(scenario), client, () => scenario.stage.unit.totalShards);
    judgeTogether(scenario, bot.all);
    await clock.advance(5_000);
    scenario.begin();
    const { state } = await scenario.ended();
    assert.equal(state, "done");
    await scenario.assertWhole({ identifies: { [from]: from, [to]: to }, total: to });
    assertApart(bot.all);
    assert.deepEqual(begins(bot.all), bot.all.map(() => 1));
    const noes = bot.all.flatMap(({ got }) => got.filter(({ op }) => op === OP.INVALID_SESSION));
    assert.deepEqual(noes, []);
  });
}

Deno.test("a bot whose total fits no more comes again until all guilds have moved, then goes by the new one", async () => {
  const scenario = await scenarioOf({ from: 2, to: 3 });
  const { stage } = scenario;
  const bot = patientBot(world(scenario), 2, () => stage.unit.totalShards);
  await stage.clock.advance(5_000);
  scenario.begin();
  await scenario.ended();
  for (let seconds = 0; seconds < 10; seconds++) {
    bot.look();
    await stage.clock.advance(1_000);
  }
  judgeTogether(scenario, bot.all);
  await scenario.assertWhole({ identifies: { 2: 2, 3: 3 }, total: 3 });
  assertApart(bot.all);
  assert.deepEqual(bot.all.map(({ isOver }) => isOver), [true, true, false, false, false]);
});

Deno.test("who reads beside the bot goes on through a reshard, and misses nothing", async () => {
  const scenario = await scenarioOf({ from: 2, to: 4 });
  const { stage } = scenario;
  const logger = patientLibrary(world(scenario), [0, 1], "x:logger");
  const audit = [0, 1].map((id) => patientLibrary(world(scenario), [id, 2], "x:audit"));
  await stage.clock.advance(5_000);
  const since = stage.sim.ledger.world.length;
  scenario.begin();
  await scenario.ended();
  await scenario.assertWhole({ identifies: { 2: 2, 4: 4 }, total: 4 });
  const told = new Set(stage.sim.ledger.events.flatMap(({ event }) => event ?? []));
  const expected = stage.sim.ledger.world.slice(since).map(({ event }) => event)
    .filter((event) => told.has(event));
  for (const libraries of [[logger], audit]) {
    const numbers = libraries.flatMap(({ got }) => got.flatMap(({ d }) => numberOf(d) ?? []));
    assert.equal(new Set(numbers).size, numbers.length);
    const missing = expected.filter((event) => !numbers.includes(event));
    assert.equal(missing.length, 0, `${missing.slice(0, 5)} of ${expected.length}`);
    assert.deepEqual(begins(libraries), libraries.map(() => 1));
  }
});

Deno.test("libraries that come back to a unit that was killed while it resharded get each event, and are told what may come twice", async () => {
  const scenario = await scenarioOf({ from: 2, to: 4 });
  const { stage } = scenario;
  const bot = patientBot(world(scenario), 2, () => stage.unit.totalShards);
  judgeTogether(scenario, bot.all);
  await stage.clock.advance(5_000);
  scenario.begin();
  await scenario.until("moved");
  stage.killUnit();
  await stage.clock.advance(500);
  await stage.startUnit();
  for (const library of bot.all) library.moveTo(stage.unit.gateway!.consumers);
  await scenario.ended();
  await stage.clock.advance(10_000);
  const { lost, outOfOrder, unknown, violations } = stage.verdict();
  assert.deepEqual({ lost, outOfOrder, unknown, violations }, {
    lost: [],
    outOfOrder: [],
    unknown: [],
    violations: [],
  });
});

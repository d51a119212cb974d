/** The reshards of a whole unit, in virtual time. */

import assert from "node:assert/strict";
import { LOT_PHASES, type LotPhase } from "../../../protocol/reshard.ts";
import { calculateShardId } from "../../../protocol/ids.ts";
import { beginReshard } from "../../../unit/reshard/resharding.ts";
import { createScenario, type Scenario } from "../../support/reshard/scenario.ts";

const seen = ({ stage: { unit } }: Scenario) =>
  unit.snapshot.shards.map(({ shardId, totalShards, role }) => `${shardId}/${totalShards} ${role}`)
    .sort();

async function restart({ stage }: Scenario, how: "SIGTERM" | "SIGKILL"): Promise<void> {
  if (how === "SIGTERM") await stage.stopUnit();
  else stage.killUnit();
  await stage.clock.advance(1_000);
  await stage.startUnit();
}

Deno.test("a reshard has the other total's shards come beside those that serve, and those gone in the end", async () => {
  const scenario = await createScenario({ from: 2, to: 4 });
  const { unit } = scenario.stage;
  assert.equal(unit.snapshot.reshard, null);
  scenario.begin();
  assert.equal(unit.snapshot.reshard!.state, "running");
  assert.equal(unit.totalShards, 2);
  await scenario.until("comparing");
  const roles = seen(scenario);
  for (const shard of ["0/2 serves", "1/2 serves", "0/4 rises", "2/4 rises"]) {
    assert.ok(roles.includes(shard), `${shard} of ${roles}`);
  }
  assert.deepEqual(unit.shardIds, [0, 1]);
  await scenario.until("moved");
  const state = unit.snapshot;
  const child = state.reshard!.lots.find(({ phase }) => phase === "moved")!.to[1];
  assert.deepEqual(unit.shardIds, [0, 1, child], "each id once, whichever total it is of");
  assert.equal(state.totalShards, 2, "until all has moved");
  assert.equal((await scenario.ended()).state, "done");
  assert.deepEqual([unit.totalShards, unit.shardIds], [4, [0, 1, 2, 3]]);
  assert.deepEqual(unit.gateway!.links.all().map(({ peer }) => peer.kind), ["cluster"]);
  await scenario.assertWhole({ identifies: { 2: 2, 4: 4 }, total: 4 });
});

for (const how of ["SIGTERM", "SIGKILL"] as const) {
  for (const phase of LOT_PHASES.filter((phase) => !["waiting", "writing"].includes(phase))) {
    Deno.test(`a reshard whose unit ends by ${how} while a lot is ${phase} goes on in the next life`, async () => {
      const scenario = await createScenario({ from: 2, to: 4, seed: 3 });
      scenario.begin();
      await scenario.until(phase as LotPhase);
      await restart(scenario, how);
      assert.equal(scenario.stage.unit.snapshot.reshard!.to, 4);
      assert.equal((await scenario.ended()).state, "done");
      await scenario.assertWhole({ identifies: { 2: 2, 4: 4 }, total: 4 });
    });
  }
}

Deno.test("a unit that was resharded starts with that total, whatever TOTAL_SHARDS said before, and says so", async () => {
  const scenario = await createScenario({ from: 2, to: 4, config: { totalShards: 2 } });
  scenario.begin();
  await scenario.ended();
  const { stage } = scenario;
  const from = stage.logged.length;
  await restart(scenario, "SIGKILL");
  await stage.clock.runUntil(stage.isReady, 30_000);
  assert.deepEqual([stage.unit.totalShards, stage.unit.snapshot.reshard], [4, null]);
  const line = stage.logged.slice(from).find(({ event }) =>
    event.startsWith("the unit was resharded")
  );
  assert.equal(line?.fields.advice, "set TOTAL_SHARDS=4, or unset it");
  await scenario.assertWhole({ identifies: { 2: 2, 4: 4 }, total: 4 });
});

Deno.test("a reshard that is cancelled ends what had risen, and the next one begins anew", async () => {
  const scenario = await createScenario({ from: 2, to: 4, seed: 5 });
  scenario.begin();
  await scenario.until("moved");
  scenario.steer("cancel");
  assert.equal((await scenario.ended()).state, "cancelled");
  await scenario.stage.clock.advance(5_000);
  assert.deepEqual(seen(scenario), ["0/2 serves", "1/2 serves"]);
  await restart(scenario, "SIGKILL");
  await scenario.stage.clock.advance(10_000);
  assert.deepEqual(seen(scenario), ["0/2 serves", "1/2 serves"]);
  scenario.begin(3);
  assert.equal((await scenario.ended()).state, "done");
  const { spent } = spentOf(scenario);
  await scenario.assertWhole({ identifies: spent, total: 3 });
  assert.deepEqual([spent[3], spent[4]! >= 2], [3, true]);
});

/** What was identified, by total: a cancelled lot takes as many as had begun. */
function spentOf({ stage: { sim } }: Scenario): { spent: Record<number, number> } {
  const totals = Map.groupBy(sim.ledger.identifies, ({ totalShards }) => totalShards);
  return { spent: Object.fromEntries([...totals].map(([total, { length }]) => [total, length])) };
}

Deno.test("a unit goes to another total and back, and there again", async () => {
  const scenario = await createScenario({ from: 1, to: 2, seed: 6 });
  for (const [at, to] of [2, 1, 2, 1].entries()) {
    scenario.begin(to);
    assert.equal((await scenario.ended()).state, "done", `time ${at}`);
    if (at % 2 === 0) await restart(scenario, "SIGKILL");
    await scenario.stage.clock.advance(10_000);
  }
  await scenario.assertWhole({ identifies: { 1: 3, 2: 4 }, total: 1 });
});

Deno.test("one reshard at a time; the next may be asked for as soon as one is over", async () => {
  const scenario = await createScenario({ from: 1, to: 2, seed: 7 });
  const { unit } = scenario.stage;
  scenario.begin();
  assert.throws(() => beginReshard(unit, 3, "operator"), { code: "refused" });
  await scenario.ended();
  scenario.begin(4);
  assert.equal((await scenario.ended()).state, "done");
  await scenario.assertWhole({ identifies: { 1: 1, 2: 2, 4: 4 }, total: 4 });
});

Deno.test("a command of a guild that moves goes to whoever has it in the end", async () => {
  const scenario = await createScenario({ from: 1, to: 2, seed: 8 });
  const { unit, sim, run } = scenario.stage;
  scenario.begin();
  await scenario.until("holding");
  const [guildId] = sim.world.guilds.keys();
  const id = calculateShardId(guildId!, 2);
  await run(unit.controllers.gateway.joinVoiceChannel(guildId!, "123456789012345678", {}));
  await scenario.stage.clock.advance(100);
  const last = sim.ledger.sends.filter(({ op }) => op === 4).at(-1)!;
  const { sessionId } = sim.ledger.connections.find((it) => it.id === last.connectionId)!;
  const { shardId, totalShards } = sim.ledger.sessions.get(sessionId!)!;
  assert.deepEqual([shardId, totalShards], [id, 2]);
});

Deno.test("a reshard whose shards cannot be made has failed, says why, and another may begin", async () => {
  const scenario = await createScenario({ from: 2, to: 4, seed: 6 });
  const { unit, clock } = scenario.stage;
  const gateway = unit.gateway!;
  const create = gateway.createGeneration;
  gateway.createGeneration = () => Promise.reject(new Error("no thread is left"));
  scenario.begin();
  await clock.advance(1_000);
  const { state, reason } = unit.snapshot.reshard!;
  assert.deepEqual([state, reason], [
    "failed",
    "the shards of 4 could not be made: no thread is left",
  ]);
  assert.deepEqual(unit.shardIds, [0, 1]);
  gateway.createGeneration = create;
  scenario.begin();
  assert.equal((await scenario.ended()).state, "done");
  await scenario.assertWhole({ identifies: { 2: 2, 4: 4 }, total: 4 });
});

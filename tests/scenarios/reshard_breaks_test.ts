/** Reshards to which something happens: whoever is killed, whatever breaks, every event comes once, in order. */

import assert from "node:assert/strict";
import type { LotPhase } from "../../protocol/reshard.ts";
import { createScenario, type Scenario } from "../support/reshard/scenario.ts";
import { DISK_MS } from "../support/reshard/stage.ts";

/** Phase of some lot, how much later, in words. */
const MOMENTS: readonly (readonly [phase: LotPhase, afterMs: number, when: string])[] = [
  ["rising", 1_500, "while a lot rises"],
  ["comparing", 0, "when both sides begin to be compared"],
  ["comparing", 4_000, "while both sides are compared"],
  ["holding", 0, "when the old shards are held back"],
  ["holding", 500, "while the old shards are held back"],
  ["writing", 0, "when it is about to be written down"],
  ["writing", 1.5 * DISK_MS, "when it is written down and nobody knows"],
  ["ending", 0, "when the old shards are about to end"],
  ["moved", 0, "when a lot has moved"],
];

const KILLS: Readonly<Record<string, (scenario: Scenario) => Promise<void>>> = {
  async "the unit is killed"({ stage }) {
    stage.killUnit();
    await stage.clock.advance(2_000);
    await stage.startUnit();
  },
  async "the unit gets SIGTERM"({ stage }) {
    await stage.stopUnit();
    await stage.clock.advance(2_000);
    await stage.startUnit();
  },
  async "a worker is killed"({ stage: { alive, clock } }) {
    [...alive][0]!.die();
    await clock.advance(1_000);
  },
  async "the newest worker is killed"({ stage: { alive, clock } }) {
    [...alive].at(-1)!.die();
    await clock.advance(1_000);
  },
  "the bot is killed": ({ stage }) => stage.killBot(3_000),
  async "all connections break"({ stage: { sim, clock } }) {
    sim.faults.cut();
    await clock.advance(1_000);
  },
};

for (const [kill, strike] of Object.entries(KILLS)) {
  for (const [seed, [phase, afterMs, when]] of MOMENTS.entries()) {
    Deno.test(`${kill} ${when}: 2 shards become 4, nothing lost, nothing twice`, async () => {
      const scenario = await createScenario({ from: 2, to: 4, seed: seed + 10 });
      scenario.begin();
      await scenario.until(phase);
      await scenario.stage.clock.advance(afterMs);
      await strike(scenario);
      const done = await scenario.ended();
      assert.equal(done.state, "done", done.reason);
      await scenario.assertWhole({ identifies: { 2: 2, 4: 4 }, total: 4 });
    });
  }
}

Deno.test("killed again and again, wherever it is: 16 shards become 24", async () => {
  const scenario = await createScenario({ from: 16, to: 24, seed: 5 });
  scenario.begin();
  for (let kill = 0; kill < 6; kill++) {
    await scenario.stage.clock.advance(3_700);
    await KILLS["the unit is killed"]!(scenario);
  }
  const done = await scenario.ended();
  assert.equal(done.state, "done", done.reason);
  const { identifies } = scenario.stage.verdict();
  // One that is killed between its IDENTIFY and the moment when its READY is on disk has to do it again.
  assert.ok(identifies[24]! < 24 + 6, `${identifies[24]} identifies`);
  await scenario.assertWhole({ identifies: { ...identifies, 16: 16 }, total: 24 });
});

Deno.test("every ninth event is missing on one side, and every seventh repeated on it: in four worlds none is lost that was told to both, and only named guilds get any twice", async () => {
  for (const [totalShards, seed] of [[2, 22], [2, 1], [4, 31], [4, 19]] as const) {
    const scenario = await createScenario({ from: 2, to: 4, seed });
    const { sim: { faults, ledger }, clock } = scenario.stage;
    faults.dropEvents({ totalShards, nth: 9 });
    faults.repeatEvents({ totalShards, nth: 7 });
    scenario.begin();
    const done = await scenario.ended();
    assert.equal(done.state, "done", done.reason);
    await clock.advance(20_000);
    const { lost, twice, outOfOrder, unknown, violations } = scenario.stage
      .verdict({ mayMiss: (event) => clock.now() - ledger.world[event - 1]!.atMs < 10_000 });
    const nothing = { lost: [], twice: [], outOfOrder: [], unknown: [], violations: [] };
    assert.deepEqual({ lost, twice, outOfOrder, unknown, violations }, nothing, `seed ${seed}`);
  }
});

Deno.test("a session of either side that is lost costs an identify, and no event that another had", async () => {
  for (const shardId of [1, 3]) {
    const scenario = await createScenario({ from: 2, to: 4, seed: 30 + shardId });
    const { sim, clock } = scenario.stage;
    scenario.begin();
    await scenario.until("comparing");
    sim.faults.invalidate(false, { shardId });
    const lostMs = clock.now();
    const done = await scenario.ended();
    assert.equal(done.state, "done", done.reason);
    const identifies = shardId === 3 ? { 2: 2, 4: 5 } : { 2: 3, 4: 5 };
    // Between the end of its session and the next one nobody was told on the old side.
    const mayMiss = (event: number) =>
      Math.abs(sim.ledger.world[event - 1]!.atMs - lostMs) < 15_000;
    await scenario.assertWhole({ identifies, total: 4 }, { mayMiss });
  }
});

/** The course of a reshard in the operator's hands: paused, resumed, cancelled, short of identifies. */

import assert from "node:assert/strict";
import { createScenario } from "../support/reshard/scenario.ts";

const moved = ({ lots }: { readonly lots: readonly { readonly phase: string }[] }) =>
  lots.filter(({ phase }) => phase === "moved").length;

/** Lots go one after another. */
const SLOWLY = { sim: { maxConcurrency: 1 } } as const;

Deno.test("paused, shards of both totals serve for as long as it is; resumed, it goes on", async () => {
  const scenario = await createScenario({ from: 4, to: 8, seed: 4, ...SLOWLY });
  const { unit, clock } = scenario.stage;
  scenario.begin();
  await scenario.until("moved");
  scenario.steer("pause");
  await clock.advance(120_000);
  const paused = scenario.reshard!;
  assert.equal(paused.state, "paused");
  assert.ok(moved(paused) >= 1 && moved(paused) < 4, `${moved(paused)} lots have moved`);
  assert.equal(unit.totalShards, 4);
  const before = scenario.stage.lives.flat().length;
  await clock.advance(300_000);
  assert.equal(moved(scenario.reshard!), moved(paused));
  assert.ok(scenario.stage.lives.flat().length > before + 10_000, "it does not serve meanwhile");
  scenario.steer("resume");
  assert.equal((await scenario.ended()).state, "done");
  await scenario.assertWhole({ identifies: { 4: 4, 8: 8 }, total: 8 });
});

Deno.test("cancelled while it begins, the old total serves, and what had risen ends", async () => {
  const scenario = await createScenario({ from: 2, to: 4, seed: 5 });
  scenario.begin();
  await scenario.until("comparing");
  scenario.steer("cancel");
  assert.equal((await scenario.ended()).state, "cancelled");
  await scenario.assertWhole({ identifies: { 2: 2, 4: 4 }, total: 2 });
});

Deno.test("cancelled in the middle, lots that have moved go back the same way", async () => {
  const scenario = await createScenario({ from: 4, to: 8, seed: 6, ...SLOWLY });
  scenario.begin();
  await scenario.until("moved");
  scenario.steer("cancel");
  const done = await scenario.ended();
  assert.equal(done.state, "cancelled");
  const { identifies } = scenario.stage.verdict();
  assert.ok(identifies[4]! > 4 && identifies[4]! <= 8, `${identifies[4]} identifies of 4`);
  assert.ok(identifies[8]! < 8, `${identifies[8]} identifies of 8`);
  await scenario.assertWhole({ identifies, total: 4 });
});

Deno.test("killed while it is paused, it is paused still", async () => {
  const scenario = await createScenario({ from: 4, to: 8, seed: 7, ...SLOWLY });
  const { stage } = scenario;
  scenario.begin();
  await scenario.until("moved");
  scenario.steer("pause");
  await stage.clock.advance(60_000);
  const before = moved(scenario.reshard!);
  stage.killUnit();
  await stage.clock.advance(2_000);
  await stage.startUnit();
  await stage.clock.advance(60_000);
  assert.equal(scenario.reshard!.state, "paused");
  assert.equal(moved(scenario.reshard!), before);
  scenario.steer("resume");
  assert.equal((await scenario.ended()).state, "done");
  await scenario.assertWhole({ identifies: { 4: 4, 8: 8 }, total: 8 });
});

Deno.test("short of identifies it waits for the next day, and the reserve is not touched", async () => {
  // One was spent before, 4 are at the start, 2 are the reserve: 4 of 8 can rise, then there are too few for a lot.
  const startLimit = { total: 12, windowMs: 600_000 };
  const scenario = await createScenario({
    from: 4,
    to: 8,
    seed: 8,
    config: { identifyReservePercent: 17 },
    sim: { startLimit },
    before: ({ world }) => void world.sessionStarts.spend(),
  });
  scenario.begin();
  await scenario.stage.clock.advance(120_000);
  const waits = scenario.reshard!;
  assert.equal(waits.state, "running");
  assert.equal(moved(waits), 2, waits.reason);
  assert.equal(scenario.stage.verdict().identifies[8], 4);
  assert.equal((await scenario.ended(900_000)).state, "done");
  await scenario.assertWhole({ identifies: { 4: 4, 8: 8 }, total: 8 });
});

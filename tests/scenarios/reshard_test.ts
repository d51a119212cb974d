/**
 * From one total to another, in virtual time, under load and with sessions that are late by up to 4 s: every event
 * once, in order per guild, and no identify too many.
 */

import assert from "node:assert/strict";
import { createScenario } from "../support/reshard/scenario.ts";

const WAYS = [[1, 2], [2, 4], [4, 8], [8, 24], [16, 24], [8, 4], [3, 4]] as const;

for (const [from, to] of WAYS) {
  for (const seed of [1, 2, 3]) {
    Deno.test(`${from} shards become ${to} (seed ${seed}): nothing lost, nothing twice, no identify too many`, async () => {
      const scenario = await createScenario({ from, to, seed });
      scenario.begin();
      const done = await scenario.ended();
      assert.equal(done.state, "done", done.reason);
      assert.ok(done.anchors > 0, "no guild was cut at an event that both sessions saw");
      assert.equal(done.identifiesSpent, to);
      await scenario.assertWhole({ identifies: { [from]: from, [to]: to }, total: to });
    });
  }
}

Deno.test("guilds in which nothing happens move, too", async () => {
  const options = { eventsPerSecond: 0.2, comingsPerMinute: 0 };
  const scenario = await createScenario({ from: 2, to: 4, ...options });
  scenario.begin();
  const done = await scenario.ended();
  assert.equal(done.state, "done", done.reason);
  assert.ok(done.quiet > 0);
  await scenario.assertWhole({ identifies: { 2: 2, 4: 4 }, total: 4 });
});

Deno.test("sessions that are never late: within 20 s the new total serves", async () => {
  const scenario = await createScenario({ from: 2, to: 4, mostLateMs: 0 });
  const fromMs = scenario.stage.clock.now();
  scenario.begin();
  await scenario.ended();
  const tookMs = scenario.stage.clock.now() - fromMs;
  assert.ok(tookMs < 20_000, `${tookMs} ms`);
  await scenario.assertWhole({ identifies: { 2: 2, 4: 4 }, total: 4 });
});

Deno.test("there and back: 2 shards become 4, become 2 again", async () => {
  const scenario = await createScenario({ from: 2, to: 4 });
  scenario.begin();
  await scenario.ended();
  await scenario.stage.clock.advance(20_000);
  scenario.begin(2);
  const done = await scenario.ended();
  assert.deepEqual([done.from, done.to, done.state], [4, 2, "done"]);
  await scenario.assertWhole({ identifies: { 2: 4, 4: 4 }, total: 2 });
});

Deno.test("the bot gets no guild of which it knows again, and is told once of each that has moved", async () => {
  const scenario = await createScenario({ from: 2, to: 4, comingsPerMinute: 0 });
  const { stage } = scenario;
  scenario.begin();
  await scenario.ended();
  await scenario.assertWhole({ identifies: { 2: 2, 4: 4 }, total: 4 });
  const came = stage.lives.flat();
  const created = came.filter(({ t }) => t === "GUILD_CREATE").map(({ d }) => d.id);
  assert.equal(created.length, 24);
  assert.equal(new Set(created).size, 24);
});

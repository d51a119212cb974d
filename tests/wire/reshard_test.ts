/** Reshards with real sockets, threads and processes under 500 events/s: every event once, in order per guild. */

import assert from "node:assert/strict";
import type { LotPhase } from "../../protocol/reshard.ts";
import { lateByChance } from "../support/reshard/late.ts";
import { startWireStage, type WireStage } from "../support/reshard/wire_stage.ts";

async function assertWhole(stage: WireStage, total: number, identifies: Record<number, number>) {
  const { lost, twice, outOfOrder, unknown, violations, identifies: spent, events } = await stage
    .judged();
  assert.deepEqual({ lost, twice, outOfOrder, unknown, violations, spent }, {
    lost: [],
    twice: [],
    outOfOrder: [],
    unknown: [],
    violations: [],
    spent: identifies,
  });
  assert.ok(events > 2_000, String(events));
  const alive = [...stage.sim.ledger.sessions.values()].filter(({ ended }) => ended === null);
  assert.deepEqual(alive.map(({ totalShards }) => totalShards), Array(total).fill(total));
}

Deno.test("POST /control/reshard on 2 shards is answered at once, and within 20 s 4 serve", async () => {
  await using stage = await startWireStage({ shards: 2 });
  const fromMs = performance.now();
  const response = await stage.reshard(4);
  assert.equal(response.status, 202);
  await response.body?.cancel();
  assert.ok(performance.now() - fromMs < 1_000);
  await stage.serves(4, 20_000);
  await assertWhole(stage, 4, { 2: 2, 4: 4 });
});

for (const [from, to] of [[1, 2], [4, 8], [8, 24], [16, 24], [8, 4]] as const) {
  Deno.test(`real workers: ${from} shards become ${to} under 500 events/s, sessions late by up to 1 s`, async () => {
    await using stage = await startWireStage({
      shards: from,
      sim: { lateMs: lateByChance(1_000, 1) },
    });
    await (await stage.reshard(to)).body?.cancel();
    await stage.serves(to);
    await assertWhole(stage, to, { [from]: from, [to]: to });
  });
}

const KILLS: Readonly<Record<string, (stage: WireStage) => Promise<unknown>>> = {
  "the unit": (stage) => stage.restart("SIGKILL"),
  "a worker": async (stage) => await stage.unit.control("POST", "/workers/0/crash"),
  "the bot": (stage) => stage.killBot(1_000),
};
const PHASES: readonly LotPhase[] = ["rising", "comparing", "holding", "ending"];

for (const [who, kill] of Object.entries(KILLS)) {
  for (const phase of PHASES) {
    Deno.test(`SIGKILL of ${who} when a lot is ${phase}: 2 shards become 4, nothing lost, nothing twice`, async () => {
      await using stage = await startWireStage({
        shards: 2,
        sim: { lateMs: lateByChance(500, 2) },
      });
      await (await stage.reshard(4)).body?.cancel();
      await stage.until(phase);
      await kill(stage);
      await stage.serves(4);
      await assertWhole(stage, 4, { 2: 2, 4: 4 });
    });
  }
}

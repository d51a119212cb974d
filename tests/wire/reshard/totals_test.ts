/** A unit goes from one total to another, with real workers, under 500 events/s: every event once, in order per guild. */

import assert from "node:assert/strict";
import { lateByChance } from "../../support/reshard/late.ts";
import { assertWhole, startWireStage } from "../../support/reshard/wire_stage.ts";

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

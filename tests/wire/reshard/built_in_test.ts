/** Built-in clusters go through a reshard with every event once, and there are no more of them than before. */

import assert from "node:assert/strict";
import { lateByChance } from "../../support/reshard/late.ts";
import type { Numbered } from "../../support/reshard/judge.ts";
import { assertWhole, startWireStage } from "../../support/reshard/wire_stage.ts";

const BOT = new URL("../../support/reshard/printing_bot.ts", import.meta.url).href;

Deno.test("two built-in clusters go from 2 to 4 shards with every event once", async () => {
  await using stage = await startWireStage({
    shards: 2,
    sim: { lateMs: lateByChance(500, 3) },
    settings: { BOT_MODULE: BOT, TOTAL_CLUSTERS: "2", EVENT_HANDLER_URL: "" },
  });
  const clusters = async () => (await stage.state()).clusters.map(Object);
  assert.equal((await clusters()).length, 2);
  await (await stage.reshard(4)).body?.cancel();
  await stage.serves(4);
  const came: Numbered[] = [];
  const sessions = new Map<string, string>();
  stage.lives[0] = came;
  let read = 0;
  const readLog = () => {
    const lines = stage.unit.lines.slice(read);
    read += lines.length;
    for (const { fields: { text } } of lines) {
      const [what, shard, s, began] = String(text).split(" ");
      if (what !== "came") continue;
      if (began) sessions.set(shard!, began);
      came.push({ sessionId: sessions.get(shard!)!, s: Number(s) });
    }
  };
  await assertWhole(stage, 4, { 2: 2, 4: 4 }, { read: readLog });
  for (const { restarts, state } of await clusters()) {
    assert.deepEqual([restarts, state], [0, "connected"]);
  }
});

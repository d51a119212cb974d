import assert from "node:assert/strict";
import { CONFIG_DEFAULTS } from "../../../config/config.ts";
import { silentLog } from "../../../ports/log.ts";
import { memoryStore } from "../../../ports/store.ts";
import { createVirtualClock } from "../../../sim/mod.ts";
import { ownAllotment } from "../../../unit/shares/allotment.ts";

const allotmentOf = (config: Partial<typeof CONFIG_DEFAULTS>) =>
  ownAllotment({
    config: { ...CONFIG_DEFAULTS, ...config },
    store: memoryStore(),
    clock: createVirtualClock(),
    log: silentLog,
  });

Deno.test("a unit by itself begins with the range that is set, of the total that Discord recommends", async () => {
  const { opening, estates } = await allotmentOf({ firstShardId: 2, lastShardId: 4 }).open(8);
  assert.deepEqual(opening.shardIds, [2, 3, 4]);
  assert.equal(opening.record.total, 8);
  assert.match(estates.stream, /^[0-9a-f]{16}$/);
});

Deno.test("a unit by itself has no fleet to show, and nobody to leave", async () => {
  const allotment = allotmentOf({});
  assert.equal(allotment.snapshot, null);
  await allotment.leave();
  await allotment.close();
});

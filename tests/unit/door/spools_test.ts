import assert from "node:assert/strict";
import { logTo } from "../../../ports/log.ts";
import { doorSpools, firstQueueId } from "../../../unit/door/spools.ts";

Deno.test("firstQueueId() is 0 for a unit by itself, and another one for each unit of a fleet", () => {
  assert.equal(firstQueueId(undefined), 0);
  const names = Array.from({ length: 50 }, (_, i) => firstQueueId(`unit-${i}`));
  assert.equal(new Set(names).size, 50);
  assert.ok(names.every((id) => id % 2 ** 14 === 0 && id < 2 ** 32));
});

Deno.test("doorSpools() are beside the queues of shards, where there is a disk", () => {
  const log = logTo(() => {});
  const of = (queueDir: string | null, queueDiskBytes: number) =>
    doorSpools({ config: { queueDiskBytes }, queueDir, log });
  assert.deepEqual([of(null, 1), of("/tmp/queue", 0)], [{}, {}]);
  assert.equal(typeof of("/tmp/queue", 1).openSpool, "function");
});

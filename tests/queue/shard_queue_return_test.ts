/** Back from the disk to memory, while the bot keeps up and something is always under way. */

import assert from "node:assert/strict";
import { RETRY_MS } from "../../queue/retry.ts";
import { accept, assertEmpty, drain, range, setUpQueue, take } from "./shard_queue_stage.ts";

/** A queue that was on disk and is in memory again: 1 to 8 are under way, on disk; 9 and 10 in memory alone. */
async function returned() {
  const stage = setUpQueue();
  const queue = stage.live();
  accept(queue, 1, 8);
  queue.spill();
  await stage.settle();
  take(queue);
  await stage.settle();
  accept(queue, 9, 10);
  return { ...stage, queue };
}

Deno.test("ShardQueue goes back to memory when all is sent, though something is always under way", async () => {
  const { disk, told, settle, queue } = await returned();
  assert.deepEqual([take(queue), queue.queued], [[9, 10], 10]);
  const written = disk.done.filter((step) => step === "append").length;
  for (let cursor = 11; cursor <= 500; cursor++) {
    accept(queue, cursor, cursor);
    assert.deepEqual(take(queue), [cursor]);
    queue.acknowledge(cursor - 5);
    await settle();
    assert.equal(queue.queued, 5);
  }
  assert.equal(disk.done.filter((step) => step === "append").length, written);
  assert.equal(queue.diskBytes, 0, "what it left is deleted");
  assert.ok(told.bytes < 5 * 300);
  queue.acknowledge(500);
  assertEmpty(queue, { disk, told });
});

Deno.test("a new taker gets what is on disk, and what came after it", async () => {
  const { disk, told, settle, queue } = await returned();
  queue.acknowledge(3);
  queue.rewind();
  assert.equal(queue.queued, 7);
  accept(queue, 11, 12);
  assert.deepEqual(await drain(queue, settle), range(4, 12));
  assertEmpty(queue, { disk, told });
});

Deno.test("what came after it can move to disk, too", async () => {
  const { disk, told, settle, queue } = await returned();
  queue.spill();
  accept(queue, 11, 12);
  await settle();
  assert.deepEqual(disk.records.map(({ cursor }) => cursor), range(1, 12));
  assert.equal(queue.queued, 12);
  queue.rewind();
  assert.deepEqual(await drain(queue, settle), range(1, 12));
  assertEmpty(queue, { disk, told });
});

Deno.test("a new taker that comes while it moves gets everything in its turn", async () => {
  for (const fails of [false, true]) {
    const { clock, disk, told, settle, queue } = await returned();
    disk.isSlow = true;
    queue.spill();
    accept(queue, 11, 12);
    queue.rewind();
    assert.equal(queue.queued, 12);
    take(queue);
    if (fails) disk.failing.add("append");
    while (disk.finish()) await settle();
    disk.failing.clear();
    disk.isSlow = false;
    await clock.advance(RETRY_MS);
    assert.deepEqual(await drain(queue, settle), range(1, 12));
    assertEmpty(queue, { disk, told });
  }
});

Deno.test("a new taker hears of what comes to disk, though there is no room to read it ahead", async () => {
  let woken = 0;
  const { disk, live, settle } = setUpQueue({
    shareBytes: () => 1_000,
    hasRoom: () => false,
    wake: () => void woken++,
  });
  const queue = live();
  disk.isSlow = true;
  accept(queue, 1, 1);
  queue.spill();
  accept(queue, 2, 2, 2_000);
  queue.acknowledge(take(queue)[0]!);
  disk.finish();
  await settle();
  queue.rewind();
  assert.equal(queue.hasUnsent, false);
  const before = woken;
  disk.isSlow = false;
  while (disk.finish()) await settle();
  assert.deepEqual([queue.hasUnsent, woken > before], [true, true]);
  assert.deepEqual(await drain(queue, settle), [2]);
});

Deno.test("a life that ends then leaves on disk what was not acknowledged", async () => {
  const { live, settle, queue } = await returned();
  queue.acknowledge(2);
  await queue.close();
  assert.deepEqual(await drain(live(2), settle), range(3, 10));
});

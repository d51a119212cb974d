/** What waits in the queue of a shard, read out for another unit. */

import assert from "node:assert/strict";
import type { ShardQueue } from "../../queue/shard_queue.ts";
import { accept, range, setUpQueue, take } from "./shard_queue_stage.ts";

async function readOut(queue: ShardQueue, limitBytes = 300): Promise<number[]> {
  const all: number[] = [];
  for (let after = 0;;) {
    const piece = await queue.waiting(after, limitBytes);
    if (piece.length === 0) return all;
    all.push(...piece.map(({ cursor }) => cursor));
    after = all.at(-1)!;
  }
}

Deno.test("ShardQueue gives what waits in memory, what is under way as well, and keeps it", async () => {
  const { live } = setUpQueue();
  const queue = live();
  accept(queue, 1, 9);
  take(queue, 400);
  assert.equal(queue.isUnderWay, true);
  queue.acknowledge(3);
  assert.deepEqual(await readOut(queue), range(4, 9));
  assert.deepEqual((await queue.waiting(7, 1)).map(({ cursor }) => cursor), [8]);
  assert.deepEqual(take(queue), range(5, 9));
  queue.acknowledge(9);
  assert.deepEqual([await readOut(queue), queue.isUnderWay], [[], false]);
});

Deno.test("ShardQueue gives what waits on disk, and after it what is not there yet", async () => {
  const { live, settle, disk } = setUpQueue({ shareBytes: () => 500 });
  const queue = live();
  accept(queue, 1, 20);
  take(queue, 300);
  queue.spill();
  await settle();
  take(queue, 300);
  disk.failing.add("append");
  accept(queue, 21, 25);
  await settle();
  assert.deepEqual(await readOut(queue), range(1, 25));
  queue.acknowledge(2);
  assert.deepEqual(await readOut(queue), range(3, 25));
});

Deno.test("ShardQueue takes what was taken elsewhere as it is, and nothing of it twice", async () => {
  const { live } = setUpQueue();
  const [before, queue] = [live(), live(4)];
  accept(before, 1, 6);
  before.gap({ from: 7, to: 8, count: 2, reason: "lost" });
  queue.restore(await before.waiting(0, 1 << 20));
  assert.deepEqual([queue.newest, await readOut(queue)], [8, [5, 6, 8]]);
});

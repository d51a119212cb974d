import assert from "node:assert/strict";
import { ShardProgress } from "../../../bot/link/progress.ts";

Deno.test("begin() tells new events from repeats", () => {
  const progress = new ShardProgress();
  assert.deepEqual([5, 6, 6, 5, 9].map((cursor) => progress.begin(cursor)), [
    true,
    true,
    false,
    false,
    true,
  ]);
});

Deno.test("takeAck() gives the last cursor before the first event that is not settled, once", () => {
  const progress = new ShardProgress();
  assert.equal(progress.takeAck(), undefined);
  for (const cursor of [5, 9, 12]) progress.begin(cursor);
  progress.settle(9);
  assert.equal(progress.takeAck(), undefined);
  progress.settle(5);
  assert.equal(progress.takeAck(), 9);
  assert.equal(progress.takeAck(), undefined);
  progress.settle(12);
  assert.equal(progress.takeAck(), 12);
});

Deno.test("takeAck() gives the cursor again after a repeat: the acknowledgement was lost", () => {
  const progress = new ShardProgress();
  progress.begin(5);
  progress.settle(5);
  assert.equal(progress.takeAck(), 5);
  progress.repeat();
  assert.equal(progress.takeAck(), 5);
});

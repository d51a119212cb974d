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

Deno.test("late() knows what was missing, before the first event as well, and each once", () => {
  const progress = new ShardProgress();
  assert.equal(progress.late(3), "early");
  progress.begin(5);
  progress.gap(3, 9);
  progress.begin(9);
  const late = [3, 3, 5, 6, 8, 6, 9, 10].map((cursor) => progress.late(cursor));
  assert.deepEqual(late, ["new", "seen", "seen", "new", "new", "seen", "new", "early"]);
});

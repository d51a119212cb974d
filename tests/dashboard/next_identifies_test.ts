import assert from "node:assert/strict";
import { nextIdentifies } from "../../dashboard/next_identifies.ts";
import { shard, snapshot } from "../support/snapshots.ts";

const SPACING_MS = 5_000;

function next(ids: readonly number[], changed: Partial<ReturnType<typeof snapshot>["identify"]>) {
  const shards = [
    ...ids.map((id) => shard(id, { state: "queued" })),
    shard(50),
    shard(51, { state: "queued", role: "rises" }),
  ];
  const identify = { ...snapshot().identify, ...changed };
  return nextIdentifies({ shards, identify }, SPACING_MS, 16).map(({ shardId, inMs }) =>
    [shardId, inMs] as const
  );
}

Deno.test("shards identify one after another, and those of a group together", () => {
  assert.deepEqual(next([7, 3, 9], { nextSlotMs: 1_000 }), [[3, 1_000], [7, 6_000], [9, 11_000]]);
  assert.deepEqual(next([7, 4, 3, 6], { nextSlotMs: 0, maxConcurrency: 4 }), [
    [3, 0],
    [4, 5_000],
    [6, 5_000],
    [7, 5_000],
  ]);
});

Deno.test("sixteen are named of a thousand that wait", () => {
  const ids = Array.from({ length: 1_000 }, (_, id) => id);
  const named = next(ids, { maxConcurrency: 16, nextSlotMs: 2_000 });
  assert.deepEqual(named, ids.slice(0, 16).map((id) => [id, 2_000]));
});

Deno.test("nobody is named where nobody waits, or nobody knows until when", () => {
  assert.deepEqual(next([], {}), []);
  assert.deepEqual(next([1], { held: { untilMs: null } }), []);
  assert.deepEqual(next([1], { held: { untilMs: 5 }, nextSlotMs: 60_000 }), [[1, 60_000]]);
});

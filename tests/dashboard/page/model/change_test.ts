import assert from "node:assert/strict";
import { shardsByKey, takeShards, withChange } from "../../../../dashboard/page/model/change.js";
import type { DashboardChange } from "../../../../dashboard/words.ts";
import { World } from "../../../support/dashboard/world.ts";

const world = () => new World({ shards: 16, nowMs: 1_000_000 });
const change = (more: Partial<DashboardChange>): DashboardChange => ({
  atMs: 1_001_000,
  moment: { ...world().view.history.moments.at(-1)!, atMs: 1_001_000 },
  ...more,
});

Deno.test("takeShards() brings in what changed and says so, in the order that was", () => {
  const { view } = world();
  const shards = shardsByKey(view.shards);
  const order = [...shards.keys()];
  const shard = { ...view.shards[3]!, latencyMs: 1 };
  assert.deepEqual(takeShards(shards, change({ shards: [shard] })), {
    changed: ["3/16"],
    isOther: false,
  });
  assert.equal(shards.get("3/16"), shard);
  assert.deepEqual([...shards.keys()], order);
});

Deno.test("takeShards() puts new shards in their place, and takes away those that are gone", () => {
  const { view } = world();
  const shards = shardsByKey(view.shards);
  const of32 = { ...view.shards[0]!, key: "0/32", totalShards: 32 };
  const of8 = { ...view.shards[0]!, key: "0/8", totalShards: 8 };
  const { isOther } = takeShards(shards, change({ shards: [of32, of8], goneShards: ["5/16"] }));
  assert.ok(isOther);
  const keys = [...shards.keys()];
  assert.deepEqual([keys[0], keys.at(-1), keys.length], ["0/8", "0/32", 17]);
  assert.ok(!keys.includes("5/16"));
});

Deno.test("takeShards() heeds no shard that was not there and is gone", () => {
  const shards = shardsByKey(world().view.shards);
  assert.equal(takeShards(shards, change({ goneShards: ["9/99"] })).isOther, false);
});

Deno.test("withChange() keeps what a change does not tell of", () => {
  const { view } = world();
  const rest = { ...view.rest, waiting: 9 };
  const after = withChange(view, change({ rest }));
  assert.equal(after.rest, rest);
  assert.equal(after.clusters, view.clusters);
  assert.equal(after.atMs, 1_001_000);
});

Deno.test("withChange() puts new incidents first, and keeps 200", () => {
  const { view } = world();
  const incidents = Array.from({ length: 199 }, (_, at) => ({
    id: 1_000 - at,
    atMs: 1_001_000,
    level: "info" as const,
    about: "unit" as const,
    text: "x",
  }));
  const after = withChange(view, change({ incidents }));
  assert.deepEqual([after.incidents[0]!.id, after.incidents.length], [1_000, 200]);
});

Deno.test("withChange() keeps one moment of each step, the newest, for ten minutes", () => {
  const { view } = world();
  const { stepMs } = view.history;
  let after = view;
  const last = view.history.moments.at(-1)!;
  for (let second = 1; second <= 20; second++) {
    const atMs = 1_000_000 + second * 1_000;
    after = withChange(after, { atMs, moment: { ...last, atMs, queued: second } });
  }
  const { moments } = after.history;
  assert.equal(moments.at(-1)!.queued, 20);
  const steps = moments.map(({ atMs }) => Math.floor(atMs / stepMs));
  assert.equal(new Set(steps).size, steps.length);
  assert.ok(moments[0]!.atMs > 1_020_000 - 600_000);
});

import assert from "node:assert/strict";
import { COLUMN_LIST, perSecond, sorted } from "../../../../app/cli/top/columns.ts";
import { KEYS } from "../../../../app/cli/top/view.ts";
import { modelOf } from "../../../../app/cli/top/rows.ts";
import { counters, shard, snapshot } from "../../../support/snapshots.ts";

const ROWS = modelOf(null, {
  atMs: 0,
  snapshot: snapshot({
    shards: [
      shard(0, { counters: counters(0, { latencyMs: 20, queued: 5 }) }),
      shard(1, { state: "stopped", counters: counters(1, { latencyMs: null }) }),
      shard(2, { state: "queued", counters: counters(2, { latencyMs: 90 }) }),
      shard(3, { counters: counters(3, { latencyMs: 20 }) }),
    ],
  }),
}).rows;

const ids = (...how: [by: Parameters<typeof sorted>[1], isReversed: boolean]) =>
  sorted(ROWS, ...how).map(({ shard }) => shard.shardId);

Deno.test("each column has a key of its own, which does nothing else", () => {
  const keys = COLUMN_LIST.map(([, { key }]) => key);
  assert.equal(new Set(keys).size, keys.length);
  const others = KEYS.flatMap(([names]) => names.split(/[ ,]+/));
  assert.deepEqual(keys.filter((key) => others.includes(key)), []);
});

Deno.test("no title is wider than its column", () => {
  for (const [name, { title, width }] of COLUMN_LIST) assert.ok(title.length <= width, name);
});

Deno.test("by state what does not come up by itself is first, by a figure the largest, ties by id", () => {
  assert.deepEqual(ids("state", false), [1, 2, 0, 3]);
  assert.deepEqual(ids("state", true), [0, 3, 2, 1]);
  assert.deepEqual(ids("latency", false), [2, 0, 3, 1]);
  assert.deepEqual(ids("queued", false), [0, 1, 2, 3]);
  assert.deepEqual(ids("shard", false), [0, 1, 2, 3]);
  assert.deepEqual(ids("shard", true), [3, 2, 1, 0]);
});

Deno.test("a small rate is not nothing", () => {
  assert.deepEqual([null, 0, 0.25, 12.4, 1234].map(perSecond), ["–", "0", "0.3", "12", "1,234"]);
});

import assert from "node:assert/strict";
import { MembersWatch } from "../../../unit/peers/members_watch.ts";

const SHARDS = ["0/3", "1/3", "2/3"] as const;

/** Shards 0 and 1 in cluster 0, 2 in cluster 1. */
const two = () => new MembersWatch(new Map([["0/3", 0], ["1/3", 0], ["2/3", 1]]));

Deno.test("MembersWatch tells a cluster when the last of its shards is done, cluster 0 like any other", () => {
  const watch = two();
  assert.equal(watch.cached("1/3"), null);
  assert.equal(watch.cached("2/3"), 1);
  assert.deepEqual([watch.isCached(0), watch.isCached(1)], [false, true]);
  assert.equal(watch.cached("0/3"), 0);
  assert.equal(watch.isCached(0), true);
});

Deno.test("MembersWatch knows when the last cluster is done", () => {
  const watch = two();
  const seen = SHARDS.map((shard) => {
    watch.cached(shard);
    return watch.areAllCached;
  });
  assert.deepEqual(seen, [false, false, true]);
});

Deno.test("MembersWatch says everything once, however often a shard fetches, and takes nothing back", () => {
  const watch = two();
  for (const shard of SHARDS) watch.cached(shard);
  for (const shard of SHARDS) assert.equal(watch.cached(shard), null);
  assert.equal(watch.areAllCached, true);
});

Deno.test("MembersWatch takes a shard that says it twice for one", () => {
  const watch = two();
  watch.cached("0/3");
  assert.equal(watch.cached("0/3"), null);
  assert.equal(watch.isCached(0), false);
});

Deno.test("MembersWatch has nothing to say about a shard that is nobody's, or without clusters", () => {
  assert.deepEqual([two().cached("7/3"), two().cached("2/6"), two().isCached(7)], [
    null,
    null,
    false,
  ]);
  const nobody = new MembersWatch(new Map());
  assert.deepEqual([nobody.cached("0/3"), nobody.areAllCached], [null, false]);
});

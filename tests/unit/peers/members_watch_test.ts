import assert from "node:assert/strict";
import type { ShardKeyText } from "../../../protocol/ids.ts";
import { MembersWatch } from "../../../unit/peers/members_watch.ts";

const SHARDS = ["0/3", "1/3", "2/3"] as const;
const OF_THREE = new Map<ShardKeyText, number>([["0/3", 0], ["1/3", 0], ["2/3", 1]]);

/** Shards 0 and 1 in cluster 0, 2 in cluster 1. */
function two() {
  const watch = new MembersWatch();
  watch.serve(OF_THREE);
  /** Which clusters have all their members with these shards. */
  const cached = (...shards: ShardKeyText[]) => {
    for (const shard of shards) watch.cached(shard);
    return watch.takeNews();
  };
  return { watch, cached };
}

Deno.test("MembersWatch tells a cluster when the last of its shards is done, cluster 0 like any other", () => {
  const { watch, cached } = two();
  assert.deepEqual(cached("1/3"), []);
  assert.deepEqual(cached("2/3"), [1]);
  assert.deepEqual([watch.isCached(0), watch.isCached(1)], [false, true]);
  assert.deepEqual(cached("0/3"), [0]);
  assert.equal(watch.isCached(0), true);
});

Deno.test("MembersWatch knows when the last cluster is done", () => {
  const { watch, cached } = two();
  const seen = SHARDS.map((shard) => {
    cached(shard);
    return watch.areAllCached;
  });
  assert.deepEqual(seen, [false, false, true]);
});

Deno.test("MembersWatch says everything once, however often a shard fetches, and takes nothing back", () => {
  const { watch, cached } = two();
  cached(...SHARDS);
  for (const shard of SHARDS) assert.deepEqual(cached(shard), []);
  assert.equal(watch.areAllCached, true);
});

Deno.test("MembersWatch takes a shard that says it twice for one", () => {
  const { watch, cached } = two();
  assert.deepEqual(cached("0/3", "0/3"), []);
  assert.equal(watch.isCached(0), false);
});

Deno.test("MembersWatch has nothing to say about a shard that is nobody's, or without clusters", () => {
  const { watch, cached } = two();
  assert.deepEqual([cached("7/3", "2/6"), watch.isCached(7)], [[], false]);
  const nobody = new MembersWatch();
  assert.equal(nobody.areAllCached, false, "nobody serves yet");
  nobody.serve(new Map());
  nobody.cached("0/3");
  assert.deepEqual([nobody.takeNews(), nobody.areAllCached], [[], false]);
});

Deno.test("MembersWatch waits for who takes over from a shard that was not done, and not from one that was", () => {
  const { watch, cached } = two();
  assert.deepEqual(cached("0/3", "2/3"), [1]);
  // What a shard has that does not serve yet is known when it does.
  assert.deepEqual(cached("4/6"), []);
  watch.serve(new Map([["0/6", 0], ["3/6", 0], ["1/6", 0], ["4/6", 1], ["2/3", 1]]), [
    "0/6",
    "3/6",
  ]);
  assert.deepEqual([watch.takeNews(), watch.isCached(0)], [[], false]);
  assert.deepEqual(cached("1/6"), [0]);
  assert.equal(watch.areAllCached, true);
});

Deno.test("MembersWatch tells a cluster whose last open shard has gone elsewhere, and takes nothing back there", () => {
  const { watch, cached } = two();
  assert.deepEqual(cached("0/3", "2/3"), [1]);
  watch.serve(new Map([["0/3", 0], ["1/6", 1], ["4/6", 1], ["2/3", 1]]));
  assert.deepEqual([watch.takeNews(), watch.areAllCached], [[0], true]);
});

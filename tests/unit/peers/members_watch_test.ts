import assert from "node:assert/strict";
import { MembersWatch } from "../../../unit/peers/members_watch.ts";

const cluster = (clusterId: number) => ({ kind: "cluster", clusterId });
const ALL = { kind: "all" };

/** Shards 0 and 1 in cluster 0, 2 in cluster 1. */
const two = () => new MembersWatch(new Map([[0, 0], [1, 0], [2, 1]]));

Deno.test("MembersWatch tells a cluster when the last of its shards is done, cluster 0 like any other", () => {
  const watch = two();
  assert.deepEqual(watch.cached(1), []);
  assert.deepEqual(watch.cached(2), [cluster(1)]);
  assert.deepEqual(watch.cached(0), [cluster(0)]);
});

Deno.test("MembersWatch tells all once the last cluster is done, after it has told that cluster", () => {
  const watch = two();
  assert.deepEqual(watch.allClustersReady(), []);
  watch.cached(0);
  assert.deepEqual(watch.cached(1), [cluster(0)]);
  assert.deepEqual(watch.cached(2), [cluster(1), ALL]);
});

Deno.test("MembersWatch tells all only after all clusters are ready", () => {
  const watch = two();
  for (const shardId of [0, 1, 2]) {
    assert.ok(!watch.cached(shardId).some((it) => it.kind === "all"));
  }
  assert.deepEqual(watch.allClustersReady(), [ALL]);
});

Deno.test("MembersWatch says everything once, however often a shard fetches", () => {
  const watch = two();
  watch.allClustersReady();
  for (const shardId of [0, 1, 2]) watch.cached(shardId);
  for (const shardId of [0, 1, 2]) assert.deepEqual(watch.cached(shardId), []);
  assert.deepEqual(watch.allClustersReady(), []);
});

Deno.test("MembersWatch takes a shard that says it twice for one", () => {
  const watch = two();
  watch.cached(0);
  assert.deepEqual(watch.cached(0), []);
});

Deno.test("MembersWatch has nothing to say about a shard that is nobody's, or without clusters", () => {
  assert.deepEqual(two().cached(7), []);
  const nobody = new MembersWatch(new Map());
  assert.deepEqual([...nobody.cached(0), ...nobody.allClustersReady()], []);
});

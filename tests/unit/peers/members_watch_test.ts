import assert from "node:assert/strict";
import { MembersWatch } from "../../../unit/peers/members_watch.ts";

const cluster = (clusterId: number) => ({ kind: "cluster", clusterId });
const ALL = { kind: "all" };
const SHARDS = ["0/3", "1/3", "2/3"] as const;

/** Shards 0 and 1 in cluster 0, 2 in cluster 1. */
const two = () => new MembersWatch(new Map([["0/3", 0], ["1/3", 0], ["2/3", 1]]));

Deno.test("MembersWatch tells a cluster when the last of its shards is done, cluster 0 like any other", () => {
  const watch = two();
  assert.deepEqual(watch.cached("1/3"), []);
  assert.deepEqual(watch.cached("2/3"), [cluster(1)]);
  assert.deepEqual(watch.cached("0/3"), [cluster(0)]);
});

Deno.test("MembersWatch tells all once the last cluster is done, after it has told that cluster", () => {
  const watch = two();
  assert.deepEqual(watch.allClustersReady(), []);
  watch.cached("0/3");
  assert.deepEqual(watch.cached("1/3"), [cluster(0)]);
  assert.deepEqual(watch.cached("2/3"), [cluster(1), ALL]);
});

Deno.test("MembersWatch tells all only after all clusters are ready", () => {
  const watch = two();
  for (const shard of SHARDS) {
    assert.ok(!watch.cached(shard).some((it) => it.kind === "all"));
  }
  assert.deepEqual(watch.allClustersReady(), [ALL]);
});

Deno.test("MembersWatch says everything once, however often a shard fetches", () => {
  const watch = two();
  watch.allClustersReady();
  for (const shard of SHARDS) watch.cached(shard);
  for (const shard of SHARDS) assert.deepEqual(watch.cached(shard), []);
  assert.deepEqual(watch.allClustersReady(), []);
});

Deno.test("MembersWatch takes a shard that says it twice for one", () => {
  const watch = two();
  watch.cached("0/3");
  assert.deepEqual(watch.cached("0/3"), []);
});

Deno.test("MembersWatch has nothing to say about a shard that is nobody's, or without clusters", () => {
  assert.deepEqual([...two().cached("7/3"), ...two().cached("2/6")], []);
  const nobody = new MembersWatch(new Map());
  assert.deepEqual([...nobody.cached("0/3"), ...nobody.allClustersReady()], []);
});

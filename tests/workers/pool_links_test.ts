/** How a pool introduces clusters that listen to the workers that have their shards. */

import assert from "node:assert/strict";
import { cluster } from "../support/peers.ts";
import { setUp } from "./pool_stage.ts";

const ADDRESS = { url: "ws://127.0.0.1:8001/", secretKey: "key" };
const DIAL = { type: "DIAL", peer: cluster(0), ...ADDRESS };
const ALL_OF_ONE = { 0: 0, 1: 0, 2: 0, 3: 0 };

Deno.test("WorkerPool introduces a cluster to the workers that have its shards, and to their successors", async () => {
  const { clock, pool, threads, toldTo } = setUp();
  pool.spawnShards();
  pool.introduce(cluster(0), ADDRESS);
  assert.deepEqual(toldTo(0, "DIAL"), [{ ...DIAL, workers: 1 }]);
  assert.deepEqual(toldTo(1, "DIAL"), []);
  for (const [worker, successor] of [[0, 2], [1, 3]] as const) {
    threads[worker]!.fail("crashed");
    await clock.advance(0);
    assert.equal(toldTo(successor, "DIAL").length, worker === 0 ? 1 : 0);
  }
  const types = threads[2]!.told.map(({ type }) => type);
  assert.ok(types.indexOf("DIAL") > types.lastIndexOf("IDENTIFY_SHARD"), "its shards come first");
});

Deno.test("WorkerPool says how many workers share an introduced cluster's credit, also to a newcomer", async () => {
  const { clock, pool, threads, toldTo } = setUp([[0, 1], [2, 3]], ALL_OF_ONE);
  pool.introduce(cluster(0), ADDRESS);
  pool.spawnShards();
  threads[0]!.fail("crashed");
  await clock.advance(0);
  for (const worker of [0, 1, 2]) {
    assert.deepEqual(toldTo(worker, "DIAL"), [{ ...DIAL, workers: 2 }], `${worker}`);
  }
});

Deno.test("WorkerPool tells of another address, and that there is none any more, once", async () => {
  const { clock, pool, threads, toldTo } = setUp();
  pool.spawnShards();
  pool.introduce(cluster(0), null);
  assert.deepEqual(toldTo(0, "HANG_UP"), []);
  pool.introduce(cluster(0), ADDRESS);
  pool.introduce(cluster(0), { url: "ws://127.0.0.1:9/", secretKey: null });
  assert.equal(pool.isIntroduced(cluster(0)), true);
  pool.introduce(cluster(0), null);
  pool.introduce(cluster(0), null);
  assert.equal(pool.isIntroduced(cluster(0)), false);
  assert.deepEqual(toldTo(0, "DIAL"), [
    { ...DIAL, workers: 1 },
    { type: "DIAL", peer: cluster(0), url: "ws://127.0.0.1:9/", secretKey: null, workers: 1 },
  ]);
  assert.deepEqual(toldTo(0, "HANG_UP"), [{ type: "HANG_UP", peer: cluster(0) }]);
  assert.deepEqual(toldTo(1, "HANG_UP"), []);
  threads[0]!.fail("crashed");
  await clock.advance(0);
  assert.deepEqual(toldTo(2, "DIAL"), []);
});

Deno.test("WorkerPool: an introduced cluster is linked when every worker with its shards is", () => {
  const { pool, threads, told } = setUp([[0], [1], [2, 3]], { 0: 0, 1: 0, 2: 1, 3: 1 });
  pool.spawnShards();
  pool.introduce(cluster(0), ADDRESS);
  told.length = 0;
  const say = (worker: number, isUp: boolean) => {
    threads[worker]!.say({ type: "LINKED", peer: cluster(0), isUp });
    return pool.isLinked(cluster(0));
  };
  assert.deepEqual([say(0, true), say(1, true), say(0, false), say(0, true)], [
    false,
    true,
    false,
    true,
  ]);
  assert.deepEqual(told, Array(4).fill('linked [{"kind":"cluster","id":0}]'));
  assert.equal(say(1, false), false);
  pool.introduce(cluster(0), ADDRESS);
  assert.equal(pool.isLinked(cluster(0)), false, "links to the address before do not count");
  assert.deepEqual([say(1, true), say(0, true)], [false, true]);
  assert.equal(pool.isLinked(cluster(1)), false, "nobody has introduced it");
});

Deno.test("WorkerPool: a lost worker takes its link along, until its successor has dialled", async () => {
  const { clock, pool, threads, told } = setUp([[0, 1], [2, 3]], ALL_OF_ONE);
  pool.spawnShards();
  pool.introduce(cluster(0), ADDRESS);
  for (const thread of threads) thread.say({ type: "LINKED", peer: cluster(0), isUp: true });
  told.length = 0;
  threads[0]!.fail("crashed");
  assert.equal(pool.isLinked(cluster(0)), false);
  assert.deepEqual(told, ['linked [{"kind":"cluster","id":0}]', "lost [[0,1]]"]);
  await clock.advance(0);
  assert.equal(pool.isLinked(cluster(0)), false);
  threads[0]!.say({ type: "LINKED", peer: cluster(0), isUp: true });
  assert.equal(pool.isLinked(cluster(0)), false, "words of a dead worker");
  threads[2]!.say({ type: "LINKED", peer: cluster(0), isUp: true });
  assert.equal(pool.isLinked(cluster(0)), true);
});

Deno.test("WorkerPool hears of a link to a cluster that is introduced no more, and tells nobody", () => {
  const { pool, threads, told } = setUp();
  pool.spawnShards();
  pool.introduce(cluster(0), ADDRESS);
  pool.introduce(cluster(0), null);
  told.length = 0;
  threads[0]!.say({ type: "LINKED", peer: cluster(0), isUp: false });
  assert.deepEqual([told, pool.isLinked(cluster(0))], [[], false]);
});

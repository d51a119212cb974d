/** What the shards of a pool do while guilds go from one total to another. */

import assert from "node:assert/strict";
import { NO_ESTATE } from "../../../protocol/estate.ts";
import type { Cuts, Held, ShardRole } from "../../../protocol/reshard.ts";
import type { Question, ToWorker } from "../../../protocol/worker_message.ts";
import { ASK_DEADLINE_MS } from "../../../workers/slot.ts";
import { counters } from "../../support/snapshots.ts";
import { cluster } from "../../support/peers.ts";
import { setUp as setUpPool } from "../pool_stage.ts";

const RISES: ShardRole = { kind: "rises" };
const SERVES: ShardRole = { kind: "serves", cuts: null };
const CUTS: Cuts = {
  from: [{ total: 2, id: 0 }],
  through: 5,
  guilds: {},
  others: 3,
  loads: [],
  mayRepeat: [],
};

/** Shards 0 and 1 in worker 10, 2 and 3 in worker 11; none of them does anything unless the test says so. */
function setUp(roles: Record<number, ShardRole | null> = {}) {
  const stage = setUpPool(undefined, undefined, {
    firstWorkerId: 10,
    roleOf: (shardId) => roles[shardId] ?? null,
    estateOf: (shardId) => shardId === 1 ? { ...NO_ESTATE, readers: { logger: 4 } } : NO_ESTATE,
  });
  const { threads, toldTo } = stage;
  /** Roles with which shards were brought up, by what the worker was told. */
  const brought = (thread: number) =>
    (toldTo(thread, "IDENTIFY_SHARD") as Extract<ToWorker, { type: "IDENTIFY_SHARD" }>[])
      .map(({ shardId, role }) => [shardId, role]);
  const answer = (thread: number, type: Question["type"], value: unknown = null) => {
    const { nonce } = toldTo(thread, type).at(-1) as Question;
    threads[thread]!.say({ type: "NONCE_REPLY", nonce, reply: { ok: true, value } });
  };
  return { ...stage, roles, brought, answer };
}

Deno.test("WorkerPool starts a worker with the first of its shards that does something", () => {
  const { pool, threads, brought } = setUp({ 2: SERVES });
  pool.spawnShards();
  assert.equal(threads.length, 1);
  assert.deepEqual(brought(0), [[2, undefined]]);
  assert.deepEqual(pool.workers.map(({ workerId, state }) => [workerId, state]), [
    [11, "starting"],
  ]);
  pool.bringUp(0, RISES);
  assert.deepEqual([threads.length, brought(1)], [2, [[0, RISES]]]);
  pool.bringUp(1, RISES);
  assert.deepEqual(brought(1), [[0, RISES], [1, RISES]]);
  assert.equal(pool.workers.length, 2);
});

Deno.test("WorkerPool brings a shard up once, though its worker begins with another one of the same lot", async () => {
  const { pool, roles, brought, clock } = setUp();
  [roles[0], roles[1]] = [RISES, RISES];
  pool.bringUp(0, RISES);
  pool.bringUp(1, RISES);
  assert.deepEqual(brought(0), [[0, RISES], [1, RISES]]);
  pool.restart(10);
  await clock.advance(1_000);
  assert.deepEqual(brought(1), [[0, RISES], [1, RISES]], "its successor as well");
});

Deno.test("WorkerPool has the workers' ids begin where it is told to", () => {
  const { pool, threads, lines, told, toldTo } = setUp({ 0: SERVES, 3: SERVES });
  pool.spawnShards();
  assert.deepEqual([0, 3, 4].map((id) => pool.calculateWorkerId(id)), [10, 11, -1]);
  const [start] = toldTo(1, "START") as Extract<ToWorker, { type: "START" }>[];
  assert.equal(start!.options.workerId, 11);
  threads[1]!.say({ type: "LOG", level: "info", event: "something", fields: {} });
  assert.deepEqual(lines, ['info something {"workerId":11}']);
  pool.introduce(cluster(1), { url: "ws://127.0.0.1:1/", secretKey: null });
  threads[1]!.say({ type: "LINKED", peer: cluster(1), isUp: true });
  assert.equal(pool.isLinked(cluster(1)), true);
  assert.deepEqual(told.at(-1), 'linked [{"kind":"cluster","id":1}]');
  pool.tellWorkerToIdentify(11, 3);
  assert.equal(toldTo(1, "IDENTIFY_SHARD").length, 2);
  pool.crash(11, "exit");
  assert.equal(toldTo(1, "CRASH").length, 1);
  assert.throws(() => pool.restart(1), { message: /worker 1: there are 2, from 10/ });
  assert.deepEqual(pool.shards.map(({ workerId }) => workerId), [10, 10, 11, 11]);
});

Deno.test("WorkerPool has a shard rise in its worker's next life as well, and be watched, until it serves", async () => {
  const { clock, pool, threads, roles, brought, toldTo } = setUp();
  pool.bringUp(2, RISES);
  pool.watch(2, true);
  threads[0]!.fail("crashed");
  await clock.advance(0);
  assert.deepEqual(brought(1), [[2, RISES]]);
  assert.deepEqual(threads[1]!.told.slice(-2).map(({ type }) => type), ["IDENTIFY_SHARD", "WATCH"]);
  roles[2] = { kind: "serves", cuts: CUTS };
  pool.serve(2, CUTS);
  pool.watch(2, false);
  assert.deepEqual(toldTo(1, "SERVE"), [{ type: "SERVE", shardId: 2, cuts: CUTS }]);
  threads[1]!.fail("crashed");
  await clock.advance(1_000);
  assert.deepEqual(brought(2), [[2, roles[2]]]);
  assert.deepEqual(toldTo(2, "WATCH"), []);
});

Deno.test("WorkerPool counts a cluster as linked though workers have none whose shards only rise for it", () => {
  const roles = [SERVES, RISES];
  const { pool, threads, toldTo } = setUpPool([[0], [1]], { 0: 0, 1: 0 }, {
    roleOf: (shardId) => roles[shardId]!,
  });
  pool.spawnShards();
  pool.introduce(cluster(0), { url: "ws://127.0.0.1:1/", secretKey: null });
  threads[0]!.say({ type: "LINKED", peer: cluster(0), isUp: true });
  assert.equal(pool.isLinked(cluster(0)), true);
  assert.equal(toldTo(1, "DIAL").length, 1, "it dials already");
  roles[1] = SERVES;
  assert.equal(pool.isLinked(cluster(0)), false);
});

Deno.test("WorkerPool holds a shard, lifts it, and hands on what it sees", async () => {
  const { pool, threads, told, toldTo, answer } = setUp({ 0: SERVES });
  pool.spawnShards();
  const held: Held = { through: 7, guildIds: ["1"], atMs: 5 };
  const holding = pool.hold(0);
  answer(0, "HOLD", held);
  assert.deepEqual(await holding, held);
  pool.lift(0);
  assert.deepEqual(toldTo(0, "LIFT"), [{ type: "LIFT", shardId: 0 }]);
  threads[0]!.say({ type: "SEEN", shardId: 0, seen: [] });
  assert.match(told.at(-1)!, /^SEEN .*"shardId":0,"seen":\[\]/);
});

Deno.test("WorkerPool ends a shard with all who read it, and hears nothing of it any more", async () => {
  const { pool, threads, told, toldTo, brought, answer } = setUp({ 0: SERVES, 1: SERVES });
  pool.spawnShards();
  threads[0]!.say({ type: "REPORT", shards: [counters(1)], eventsByType: {} });
  pool.assign(1, null);
  let isOver = false;
  const ending = pool.endShard(1).then(() => isOver = true);
  assert.deepEqual(toldTo(0, "END_SHARD").map((it) => ({ ...it, nonce: 0 })), [
    {
      type: "END_SHARD",
      nonce: 0,
      shardId: 1,
      readers: ["logger"],
      session: "end",
      keepsEvents: false,
    },
  ]);
  threads[0]!.say({ type: "RELEASE_IDENTIFY", shardId: 1 });
  assert.match(told.at(-1)!, /^RELEASE_IDENTIFY/);
  assert.equal(isOver, false);
  answer(0, "END_SHARD");
  await ending;
  assert.deepEqual([pool.shards[1]!.status.state, pool.shards[1]!.counters], ["idle", null]);
  assert.deepEqual(pool.consumerOf(1), cluster(0), "it would be its cluster's again");
  const before = told.length;
  const { status } = pool.shards[0]!;
  threads[0]!.say({ type: "SHARD_STATUS", status: { ...status, shardId: 1, state: "ready" } });
  threads[0]!.say({ type: "REQUEST_IDENTIFY", shardId: 1 });
  threads[0]!.say({ type: "SESSION", shardId: 1, began: null });
  assert.equal(told.length, before);
  assert.equal(pool.shards[1]!.status.state, "idle");
  threads[0]!.say({ type: "SAFE", shards: { 0: {}, 1: {} } });
  assert.match(told.at(-1)!, /"shards":\{"0":\{\}\}/);
  threads[0]!.say({ type: "REPORT", shards: [counters(0), counters(1)], eventsByType: {} });
  assert.equal(pool.shards[1]!.counters, null);
  pool.tellWorkerToIdentify(10, 1);
  assert.equal(brought(0).length, 2, "what is over is not brought up");
  pool.bringUp(1, RISES);
  assert.deepEqual(brought(0).at(-1), [1, RISES]);
  threads[0]!.say({ type: "REQUEST_IDENTIFY", shardId: 1 });
  assert.match(told.at(-1)!, /^REQUEST_IDENTIFY/);
});

Deno.test("WorkerPool has the next worker end what the one before was lost with", async () => {
  const { clock, pool, threads, toldTo, brought, answer } = setUp({ 0: SERVES, 1: SERVES });
  pool.spawnShards();
  let isOver = false;
  const ending = pool.endShard(1).then(() => isOver = true);
  assert.equal(pool.endShard(1) === pool.endShard(1), true, "it ends once");
  threads[0]!.fail("crashed");
  await clock.advance(0);
  assert.deepEqual(brought(1), [[0, undefined]]);
  assert.equal(toldTo(1, "END_SHARD").length, 1);
  assert.equal(isOver, false);
  answer(1, "END_SHARD");
  await ending;
});

Deno.test("WorkerPool tells of those shards of a lost worker that did something", async () => {
  const { clock, pool, threads, told, roles, answer } = setUp({ 2: SERVES });
  pool.spawnShards();
  const lost = async () => {
    threads.at(-1)!.fail("crashed");
    await clock.advance(1_000);
    return told.findLast((words) => words.startsWith("lost"));
  };
  assert.equal(await lost(), "lost [[2]]", "3 was never brought up");
  pool.bringUp(3, RISES);
  assert.equal(await lost(), "lost [[2,3]]");
  roles[2] = null;
  const status = { ...pool.shards[2]!.status, state: "ready" } as const;
  threads.at(-1)!.say({ type: "SHARD_STATUS", status });
  assert.equal(await lost(), "lost [[2,3]]", "it ran on, though it was to do nothing any more");
  const ending = pool.endShard(3);
  answer(threads.length - 1, "END_SHARD");
  await ending;
  assert.equal(await lost(), "lost [[]]");
  assert.equal(pool.shards[3]!.status.reason, "it is over");
});

Deno.test("WorkerPool takes a shard that does not end for one that is over, and says so", async () => {
  const { clock, pool, lines } = setUp({ 0: SERVES });
  pool.spawnShards();
  const ending = pool.endShard(0);
  await clock.advance(ASK_DEADLINE_MS);
  await ending;
  assert.match(lines.join(), /warn shard did not end by itself/);
});

Deno.test("WorkerPool ends what no worker has at once, and nothing when it is stopped", async () => {
  const { pool, answer } = setUp({ 2: SERVES });
  pool.spawnShards();
  await pool.endShard(0);
  const ending = assert.rejects(pool.endShard(2), { code: "worker_lost", message: /end shard 2/ });
  const stopping = pool.stop("keep");
  answer(0, "STOP");
  await stopping;
  await ending;
});

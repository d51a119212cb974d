import assert from "node:assert/strict";
import { NO_ESTATE } from "../../protocol/estate.ts";
import type { ToWorker } from "../../protocol/worker_message.ts";
import { ASK_DEADLINE_MS } from "../../workers/slot.ts";
import { counters } from "../support/snapshots.ts";
import { cluster, consumer } from "../support/peers.ts";
import { estateOf, setUp } from "./pool_stage.ts";

Deno.test("WorkerPool starts nothing by itself; its shards are idle", () => {
  const { pool, threads } = setUp();
  assert.equal(threads.length, 0);
  assert.deepEqual(pool.shards.map(({ status, workerId }) => [status.state, workerId]), [
    ["idle", 0],
    ["idle", 0],
    ["idle", 1],
    ["idle", 1],
  ]);
});

Deno.test("WorkerPool gives each worker its shards, with the estate of each", () => {
  const { pool, told, toldTo } = setUp();
  pool.spawnShards();
  assert.deepEqual(toldTo(0, "IDENTIFY_SHARD"), [
    { type: "IDENTIFY_SHARD", shardId: 0, estate: NO_ESTATE },
    { type: "IDENTIFY_SHARD", shardId: 1, estate: estateOf(1) },
  ]);
  assert.deepEqual(told, ["expectIdentify [[0]]", "expectIdentify [[2]]", "expectIdentify [[3]]"]);
  const [start] = toldTo(1, "START") as Extract<ToWorker, { type: "START" }>[];
  assert.equal(start!.options.workerId, 1);
});

Deno.test("WorkerPool knows which worker has a shard", () => {
  const { pool } = setUp();
  assert.deepEqual([0, 1, 2, 3, 4, -1].map((id) => pool.calculateWorkerId(id)), [
    0,
    0,
    1,
    1,
    -1,
    -1,
  ]);
});

Deno.test("WorkerPool passes a permit to the worker that has the shard", () => {
  const { pool, toldTo } = setUp();
  pool.spawnShards();
  pool.allowIdentify(2, 5, 513);
  assert.deepEqual(toldTo(1, "ALLOW_IDENTIFY"), [{
    type: "ALLOW_IDENTIFY",
    shardId: 2,
    permit: 5,
    intents: 513,
  }]);
  assert.deepEqual(toldTo(0, "ALLOW_IDENTIFY"), []);
});

Deno.test("WorkerPool tells a worker again to bring a shard up, and a worker that is not none", () => {
  const { pool, toldTo } = setUp();
  pool.spawnShards();
  pool.tellWorkerToIdentify(0, 1);
  pool.tellWorkerToIdentify(9, 1);
  assert.equal(toldTo(0, "IDENTIFY_SHARD").length, 3);
});

Deno.test("WorkerPool hands on what a worker says, but for what is said to it", () => {
  const { pool, threads, told } = setUp();
  pool.spawnShards();
  told.length = 0;
  threads[0]!.say({ type: "STARTED" });
  threads[0]!.say({ type: "LOG", level: "info", event: "something", fields: {} });
  threads[0]!.say({ type: "NONCE_REPLY", nonce: 9, reply: { ok: true, value: null } });
  threads[0]!.say({ type: "REQUEST_IDENTIFY", shardId: 1 });
  threads[1]!.say({ type: "IDENTIFY_SENT", shardId: 2, permit: 4 });
  assert.deepEqual(told.map((it) => it.split(',"v"')[0]), [
    'REQUEST_IDENTIFY [{"type":"REQUEST_IDENTIFY","shardId":1',
    'IDENTIFY_SENT [{"type":"IDENTIFY_SENT","shardId":2,"permit":4',
  ]);
});

Deno.test("WorkerPool keeps what shards said last, and what they counted", () => {
  const { pool, threads, told } = setUp();
  pool.spawnShards();
  const status = {
    shardId: 3,
    state: "ready",
    reason: "resumed",
    sinceMs: 5,
    connection: 2,
  } as const;
  threads[1]!.say({ type: "SHARD_STATUS", status });
  const eventsByType = { TYPING_START: 2 };
  threads[1]!.say({ type: "REPORT", shards: [counters(3, { received: 12 })], eventsByType });
  threads[0]!.say({ type: "REPORT", shards: [], eventsByType });
  assert.deepEqual(pool.shards[3]!.status, status);
  assert.equal(pool.shards[3]!.counters!.received, 12);
  assert.equal(pool.shards[2]!.counters, null);
  assert.deepEqual(pool.eventsByType.totals, { TYPING_START: 4 });
  assert.match(told.at(-3)!, /^SHARD_STATUS .*"ready"/);
  assert.match(told.at(-2)!, /^REPORT .*"shardId":3,"received":12,/);
});

Deno.test("WorkerPool writes a worker's lines to the log, with its number", () => {
  const { pool, threads, lines } = setUp();
  pool.spawnShards();
  threads[1]!.say({ type: "LOG", level: "warn", event: "something", fields: { shardId: 3 } });
  assert.deepEqual(lines, ['warn something {"workerId":1,"shardId":3}']);
});

Deno.test("WorkerPool tells of a link only who has shards for it; they share its credit", () => {
  const one = setUp();
  one.pool.spawnShards();
  one.pool.link(cluster(1), 8, 1001);
  assert.deepEqual(one.toldTo(0, "LINK"), []);
  assert.deepEqual(one.toldTo(1, "LINK"), [
    { type: "LINK", peer: cluster(1), link: 8, windowBytes: 1001 },
  ]);
  const both = setUp([[0, 1], [2, 3]], { 0: 0, 1: 0, 2: 0, 3: 0 });
  both.pool.spawnShards();
  both.pool.link(cluster(0), 8, 1001);
  for (const worker of [0, 1]) {
    assert.deepEqual(both.toldTo(worker, "LINK"), [
      { type: "LINK", peer: cluster(0), link: 8, windowBytes: 501 },
    ]);
  }
});

Deno.test("WorkerPool hands acknowledgements to those whose shards they are", () => {
  const { pool, toldTo } = setUp([[0, 1], [2], [3]], { 0: 0, 1: 0, 2: 0, 3: 0 });
  pool.spawnShards();
  pool.acknowledge(cluster(0), 8, { 1: 10, 2: 20, 77: 1 });
  assert.deepEqual(toldTo(0, "ACK"), [{
    type: "ACK",
    peer: cluster(0),
    link: 8,
    cursors: { 1: 10 },
  }]);
  assert.deepEqual(toldTo(1, "ACK"), [{
    type: "ACK",
    peer: cluster(0),
    link: 8,
    cursors: { 2: 20 },
  }]);
  assert.deepEqual(toldTo(2, "ACK"), []);
});

Deno.test("WorkerPool tells a new worker its shards first, then the links that are up", async () => {
  const { clock, pool, threads, told, links } = setUp();
  pool.spawnShards();
  links.push({ peer: cluster(0), link: 3, windowBytes: 9 }, {
    peer: cluster(1),
    link: 4,
    windowBytes: 9,
  });
  threads[0]!.fail("crashed");
  assert.deepEqual(told.slice(-1), ["lost [[0,1]]"]);
  assert.match(pool.shards[0]!.status.reason, /worker was lost/);
  await clock.advance(0);
  assert.deepEqual(threads[2]!.told.map((message) => message.type), [
    "START",
    "IDENTIFY_SHARD",
    "IDENTIFY_SHARD",
    "LINK",
  ]);
});

Deno.test("WorkerPool refuses questions about shards and workers that are not there", async () => {
  const { pool, threads } = setUp();
  pool.spawnShards();
  assert.throws(() => pool.allowIdentify(9, 1, 1), { code: "no_shard" });
  assert.throws(() => pool.restart(2), { code: "no_shard", message: /there are 2, from 0/ });
  assert.throws(() => pool.crash(-1, "exit"), { code: "no_shard" });
  await assert.rejects(pool.shardInfo(9), { code: "no_shard" });
  threads[0]!.fail("crashed");
  await assert.rejects(pool.reconnect(0, "keep"), { code: "worker_lost", message: /restarted/ });
});

Deno.test("WorkerPool stops when every worker has answered, or was given its time", async () => {
  const { clock, pool, threads, lines, toldTo } = setUp();
  pool.spawnShards();
  let stopped = false;
  const stopping = pool.stop("keep").then(() => stopped = true);
  const [{ nonce }] = toldTo(0, "STOP") as [Extract<ToWorker, { type: "STOP" }>];
  threads[0]!.say({ type: "NONCE_REPLY", nonce, reply: { ok: true, value: null } });
  await clock.advance(ASK_DEADLINE_MS - 1);
  assert.deepEqual([stopped, threads[0]!.terminated, threads[1]!.terminated], [false, true, false]);
  threads[1]!.say({ type: "REPORT", shards: [], eventsByType: {} });
  await clock.advance(1);
  await stopping;
  assert.equal(threads[1]!.terminated, true);
  assert.match(lines[0]!, /worker did not stop by itself/);
  assert.deepEqual(pool.workers.map(({ state }) => state), ["stopped", "stopped"]);
});

Deno.test("WorkerPool gives a shard to another consumer, also in the worker's next life, and back", async () => {
  const { clock, pool, threads, links, toldTo } = setUp();
  pool.spawnShards();
  links.push({ peer: cluster(0), link: 3, windowBytes: 9 }, {
    peer: consumer(0),
    link: 4,
    windowBytes: 9,
  });
  pool.assign(0, consumer(0));
  assert.deepEqual([pool.consumerOf(0), pool.consumerOf(1)], [consumer(0), cluster(0)]);
  assert.deepEqual(toldTo(0, "ASSIGN"), [{ type: "ASSIGN", shardId: 0, peer: consumer(0) }]);
  threads[0]!.fail("crashed");
  await clock.advance(0);
  assert.deepEqual(toldTo(2, "ASSIGN"), [{ type: "ASSIGN", shardId: 0, peer: consumer(0) }]);
  const linked = toldTo(2, "LINK") as Extract<ToWorker, { type: "LINK" }>[];
  assert.deepEqual(linked.map(({ peer }) => peer), [cluster(0), consumer(0)]);
  pool.release(0);
  assert.deepEqual(pool.consumerOf(0), cluster(0));
  assert.deepEqual(toldTo(2, "ASSIGN").at(-1), { type: "ASSIGN", shardId: 0, peer: cluster(0) });
});

Deno.test("WorkerPool tells a worker of a cluster's link although all its shards are taken", () => {
  const { pool, toldTo } = setUp();
  pool.spawnShards();
  pool.assign(0, consumer(0));
  pool.assign(1, consumer(1));
  pool.link(cluster(0), 8, 100);
  assert.deepEqual(toldTo(0, "LINK"), [
    { type: "LINK", peer: cluster(0), link: 8, windowBytes: 100 },
  ]);
});

Deno.test("WorkerPool asks how far a shard's events have been dealt with", async () => {
  const { pool, threads, toldTo } = setUp();
  pool.spawnShards();
  const asked = pool.backlog(3);
  const [{ nonce }] = toldTo(1, "GET_BACKLOG") as [Extract<ToWorker, { type: "GET_BACKLOG" }>];
  const value = { acknowledged: 4, last: 6 };
  threads[1]!.say({ type: "NONCE_REPLY", nonce, reply: { ok: true, value } });
  assert.deepEqual(await asked, value);
});

Deno.test("WorkerPool asks the worker that has the shard for its guilds, piece by piece", async () => {
  const { pool, threads, toldTo } = setUp();
  pool.spawnShards();
  threads[1]!.say({ type: "STARTED" });
  const terms = { intents: 1, largeThreshold: 50 };
  const question = { shardId: 3, cursor: 9, terms, after: 2, limitBytes: 1024 };
  const asked = pool.guilds(question);
  const [told] = toldTo(1, "GUILDS") as Extract<ToWorker, { type: "GUILDS" }>[];
  assert.deepEqual(told!.question, question);
  const value = { guildIds: ["1", "2", "3"], available: 3, bodies: [new Uint8Array([123, 125])] };
  threads[1]!.say({ type: "NONCE_REPLY", nonce: told!.nonce, reply: { ok: true, value } });
  assert.deepEqual(await asked, value);
});

Deno.test("WorkerPool asks the worker for members, and waits a little longer than it", async () => {
  const { clock, pool, threads, toldTo } = setUp();
  pool.spawnShards();
  const request = { guildId: "1", deadlineMs: 5_000 };
  const answered = pool.requestMembers(2, request);
  assert.deepEqual(toldTo(1, "REQUEST_MEMBERS"), [
    { type: "REQUEST_MEMBERS", nonce: 1, shardId: 2, request },
  ]);
  const value = { members: [{}], notFound: [] };
  threads[1]!.say({ type: "NONCE_REPLY", nonce: 1, reply: { ok: true, value } });
  assert.deepEqual(await answered, value);
  const unanswered = assert.rejects(pool.requestMembers(2, request), { code: "deadline" });
  await clock.advance(5_000);
  assert.equal(await Promise.race([unanswered, Promise.resolve("waits")]), "waits");
  await clock.advance(ASK_DEADLINE_MS);
  await unanswered;
});

Deno.test("WorkerPool refuses a request for members that is wrong, or of a shard that is nobody's", async () => {
  const { pool, toldTo } = setUp();
  pool.spawnShards();
  const wrong = { code: "refused", message: /guildId/ };
  await assert.rejects(pool.requestMembers(2, { guildId: "all" }), wrong);
  await assert.rejects(pool.requestMembers(9, { guildId: "1" }), { code: "no_shard" });
  assert.deepEqual(toldTo(1, "REQUEST_MEMBERS"), []);
});

Deno.test("the pool tells once that a module cannot be loaded, whichever of its workers says so first", async () => {
  const { clock, pool, threads, told, lines } = setUp();
  pool.spawnShards();
  told.length = 0;
  const reason = "Cannot load WORKER_MODULE";
  for (const thread of threads) thread.say({ type: "DYING", reason, isUnloadable: true });
  await pool.stop("keep");
  await clock.advance(60_000);
  assert.deepEqual(told.filter((it) => !it.startsWith("lost")), [`refused ["${reason}"]`]);
  assert.deepEqual([threads.length, lines], [2, []]);
});

Deno.test("WorkerPool tells its workers that others may have their sessions, those that start later as well", () => {
  const { pool, toldTo } = setUp();
  pool.doubt(true);
  pool.spawnShards();
  const [first] = toldTo(0, "DOUBT");
  assert.deepEqual(first, { type: "DOUBT", isOn: true });
  pool.doubt(false);
  pool.doubt(false);
  assert.deepEqual(toldTo(1, "DOUBT"), [
    { type: "DOUBT", isOn: true },
    { type: "DOUBT", isOn: false },
  ]);
});

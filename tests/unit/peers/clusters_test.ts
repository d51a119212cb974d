import assert from "node:assert/strict";
import type { LinkSocket } from "../../../link/links.ts";
import { sleep } from "../../../ports/clock.ts";
import { encodeBatch, RECORD } from "../../../protocol/event_frame.ts";
import { Clusters } from "../../../unit/peers/clusters.ts";
import { type Config, CONFIG_DEFAULTS } from "../../../config/config.ts";
import { logTo } from "../../../ports/log.ts";
import { shardRange } from "../../../protocol/ids.ts";
import { createVirtualClock } from "../../../sim/wire/virtual_clock.ts";
import type { ClusterExit } from "../../../clusters/place.ts";
import { fakeSockets } from "../../support/fake_sockets.ts";

function setUp(config: Partial<Config>, first?: number, answerMs = 0) {
  const { connect, sockets } = fakeSockets();
  const changes: string[] = [];
  const posted: string[] = [];
  const logged: Record<string, unknown>[] = [];
  const starts: number[] = [];
  const clock = createVirtualClock();
  const clusters = new Clusters({
    config: { ...CONFIG_DEFAULTS, ...config },
    ...(first !== undefined && { fleet: { unit: "left", firstId: () => first } }),
    clock,
    random: () => 0,
    log: logTo((level, event, fields) => logged.push({ level, event, ...fields })),
    connect,
    post: async ({ url }) => {
      posted.push(url);
      await sleep(clock, answerMs);
      return { status: 204, retryAfter: null, text: "" };
    },
    start(clusterId) {
      starts.push(clusterId);
      const { promise: exited, resolve } = Promise.withResolvers<ClusterExit>();
      const stop = () => Promise.resolve(resolve({ code: 0, reason: "asked to" }));
      return { exited, loaded: Promise.resolve(), stop };
    },
    changed: ({ clusterId, kind, state }) => changes.push(`${kind} ${clusterId} ${state}`),
    refused: () => assert.fail("each can be loaded"),
  });
  return { clusters, clock, sockets, changes, starts, posted, logged };
}

const LINKS = { accept: () => ({ text() {}, closed() {} }) } as unknown as Parameters<
  Clusters["start"]
>[0];

Deno.test("Clusters gives remote ones every n-th shard, so that they need not know the plan", () => {
  const { clusters } = setUp({ eventHandlerUrls: ["ws://a", "ws://b", "ws://c"] });
  assert.deepEqual(clusters.ids, [0, 1, 2]);
  assert.deepEqual(clusters.ofShards([4, 5, 6, 7]), { 4: 1, 5: 2, 6: 0, 7: 1 });
});

Deno.test("Clusters gives built-in ones consecutive shards", () => {
  const { clusters } = setUp({ botModule: "./bot.ts", totalClusters: 2 });
  assert.deepEqual(clusters.ofShards(shardRange(0, 3)), { 0: 0, 1: 0, 2: 1, 3: 1 });
});

Deno.test("Clusters of a unit of a fleet have the ids that the fleet gives it, and a part of any shards", () => {
  const { clusters, starts } = setUp({ botModule: "./bot.ts", totalClusters: 2 }, 4);
  assert.deepEqual([clusters.ids, clusters.areOwn], [[4, 5], true]);
  assert.deepEqual(clusters.ofShards(shardRange(0, 4)), { 0: 4, 1: 5, 2: 4, 3: 5, 4: 4 });
  clusters.start(LINKS);
  assert.deepEqual(starts, [4, 5]);
  assert.throws(() => clusters.get(0), { code: "refused", message: /this unit starts 4, 5/ });
});

Deno.test("Clusters of EVENT_HANDLER_URL are everybody's: of one id in each unit, which says its name", () => {
  const { clusters, sockets } = setUp({ eventHandlerUrls: ["ws://a", "ws://b"] }, 4);
  assert.deepEqual([clusters.ids, clusters.areOwn], [[0, 1], false]);
  clusters.start(LINKS);
  assert.deepEqual(sockets.map(({ headers }) => headers), [
    { "gatehouse-unit": "left" },
    { "gatehouse-unit": "left" },
  ]);
  clusters.hangUp();
});

Deno.test("Clusters POSTs to those of http, dials the others, and warns where anybody can read on the way", () => {
  const { clusters, sockets, posted, logged } = setUp({
    eventHandlerUrls: ["http://bot.test/in", "ws://b", "https://c.test/", "http://127.0.0.1:1/"],
  });
  clusters.start(LINKS);
  assert.deepEqual(posted, ["http://bot.test/in", "https://c.test/", "http://127.0.0.1:1/"]);
  assert.deepEqual(sockets.map(({ url }) => url), ["ws://b"]);
  const event = "events go over the network unencrypted";
  assert.deepEqual(logged, [{ level: "warn", event, clusterId: 0, host: "bot.test" }]);
  for (const id of [0, 1]) clusters.link(id, true);
  clusters.link(2, false);
  assert.deepEqual(clusters.snapshots.map(({ state, reason }) => `${state}: ${reason}`), [
    "connected: it takes its events by POST",
    "connected: the event link is up",
    "away: its last POST was not taken",
    "starting: dialling",
  ]);
  clusters.hangUp();
});

Deno.test("Clusters end with the last answers to what was POSTed, which are still acknowledged", async () => {
  const answerMs = 500;
  const { clusters, clock } = setUp(
    { eventHandlerUrls: ["http://bot.test"], eventHandlerSecretKey: "k" },
    undefined,
    answerMs,
  );
  const said: string[] = [];
  const socket = Promise.withResolvers<LinkSocket>();
  const accept = (own: LinkSocket) => {
    socket.resolve(own);
    return { text: (text: string) => said.push(JSON.parse(text).op), closed() {} };
  };
  const acknowledge = () => said.push("acknowledged");
  clusters.start({ ...LINKS, accept, acknowledge } as unknown as typeof LINKS);
  await clock.advance(answerMs);
  const body = new TextEncoder().encode('{"t":"X","s":1,"op":0,"d":{}}');
  const record = { shardId: 0, kind: RECORD.DISPATCH, cursor: 1, body };
  (await socket.promise).sendBytes(encodeBatch(0, [record]));
  await clock.advance(0);
  let isStopped = false;
  void clusters.stop().then(() => isStopped = true);
  await clock.advance(answerMs - 1);
  assert.ok(!isStopped);
  assert.deepEqual(said, ["hello"]);
  await clock.advance(1);
  assert.deepEqual([isStopped, said], [true, ["hello", "acknowledged"]]);
});

Deno.test("Clusters leaves guilds with the built-in one that has them when there are more shards, where it can", () => {
  const { clusters } = setUp({ botModule: "./bot.ts", totalClusters: 2 });
  const before = { total: 3, clusterOfShard: clusters.ofShards([0, 1, 2]) };
  assert.deepEqual(before.clusterOfShard, { 0: 0, 1: 1, 2: 1 });
  assert.deepEqual(clusters.ofHeirs(6, before), { 0: 0, 1: 1, 2: 1, 3: 0, 4: 1, 5: 1 });
  assert.deepEqual(clusters.ofHeirs(4, before), clusters.ofShards([0, 1, 2, 3]));
});

Deno.test("Clusters gives remote ones every n-th shard of any total", () => {
  const { clusters } = setUp({ eventHandlerUrls: ["ws://a", "ws://b", "ws://c"] });
  const before = { total: 2, clusterOfShard: clusters.ofShards([0, 1]) };
  assert.deepEqual(clusters.ofHeirs(4, before), { 0: 0, 1: 1, 2: 2, 3: 0 });
});

Deno.test("Clusters waits for those that dial in where none is configured", () => {
  const { clusters, sockets, changes } = setUp({ totalClusters: 2 });
  assert.deepEqual(clusters.ofShards([0, 1, 2]), { 0: 0, 1: 1, 2: 0 });
  clusters.start(LINKS);
  assert.equal(sockets.length, 0);
  assert.deepEqual(clusters.snapshots, [], "nobody has come: that is no fault");
  clusters.link(1, true);
  clusters.link(1, false);
  assert.deepEqual(changes, ["remote 1 connected", "remote 1 away"]);
});

Deno.test("Clusters dials each remote one, and tells of its link", () => {
  const { clusters, sockets, changes } = setUp({ eventHandlerUrls: ["ws://a", "ws://b"] });
  clusters.start(LINKS);
  assert.equal(sockets.length, 2);
  assert.deepEqual(clusters.snapshots.map(({ state }) => state), ["starting", "starting"]);
  clusters.link(0, true);
  assert.deepEqual(changes, ["remote 0 connected"]);
  clusters.hangUp();
});

Deno.test("Clusters restarts only what it has started", () => {
  const { clusters } = setUp({ eventHandlerUrls: ["ws://a"] });
  clusters.start(LINKS);
  assert.throws(() => clusters.get(0), { code: "refused" });
  clusters.hangUp();
});

Deno.test("Clusters restarts one after another: the next when the one before is linked again", async () => {
  const { clusters, clock, starts } = setUp({ botModule: "./bot.ts", totalClusters: 3 });
  clusters.start(LINKS);
  for (const id of [0, 1, 2]) clusters.link(id, true);
  starts.length = 0;
  let isDone = false;
  const restarted = clusters.restartAll().then(() => isDone = true);
  await clock.advance(1000);
  assert.deepEqual(starts, [0], "the link of the life before does not count");
  clusters.link(0, false);
  clusters.link(0, true);
  await clock.advance(59_999);
  assert.deepEqual(starts, [0, 1]);
  await clock.advance(1);
  assert.deepEqual(starts, [0, 1, 2], "one that does not come is not waited for without end");
  assert.equal(isDone, false);
  clusters.link(2, true);
  await restarted;
});

import assert from "node:assert/strict";
import { ANSWER_MS, StatsCollector } from "../../unit/stats.ts";
import { sleep } from "../../ports/clock.ts";
import type { ClusterKey } from "../../protocol/peer.ts";
import type { ShardState, Snapshot } from "../../protocol/status.ts";
import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";
import { counters, shard, snapshot } from "../support/snapshots.ts";
import { cluster, service } from "../support/peers.ts";

const CLUSTER = { kind: "built in", state: "connected", reason: "", restarts: 0 } as const;
const SERVICE = { name: "api", state: "connected", reason: "", restarts: 0 } as const;

const WAITS = { queueAgeMs: 70, ackLagMs: 15 };

/** Clusters 0 and 1 and service `api`, who answer with `answers`. */
function setUp(answers: Record<string, unknown> = {}, startedMs = 0) {
  const clock = createVirtualClock();
  const asked: unknown[] = [];
  let now: Snapshot = snapshot({
    shards: [
      shard(0, {
        guilds: 10,
        counters: counters(0, { received: 100, latencyMs: 40, queued: 3, ...WAITS }),
      }),
      shard(1, { guilds: 20, clusterId: 1, workerId: 1, state: "backing off" }),
      shard(2, {
        guilds: 30,
        clusterId: null,
        workerId: 1,
        counters: counters(2, { received: 7 }),
      }),
    ],
    clusters: [{ ...CLUSTER, clusterId: 0 }, { ...CLUSTER, clusterId: 1 }],
    services: [SERVICE],
    workers: [0, 1].map((workerId) => (
      { workerId, state: "running", reason: "", shards: [], restarts: 0 }
    )),
  });
  const stats = new StatsCollector({
    clock,
    switchboard: {
      async ask(peer, verb, value, timeoutMs) {
        asked.push([peer, verb, value, timeoutMs]);
        const answer = await answers[peer.kind === "service" ? peer.name : (peer as ClusterKey).id];
        if (answer instanceof Error) throw answer;
        return answer;
      },
    },
    snapshot: () => now,
    startedMs: () => startedMs,
    figures: () => ({ memory: { rss: 5 }, cpu: { user: 1, system: 2 } }),
  });
  const receive = (shardId: number, received: number) => {
    const shards = now.shards.map((it) =>
      it.shardId === shardId ? { ...it, counters: counters(shardId, { received }) } : it
    );
    now = { ...now, shards };
  };
  const countTypes = (eventsByType: Snapshot["eventsByType"]) => now = { ...now, eventsByType };
  return { clock, stats, asked, receive, countTypes, change: (changed: Snapshot) => now = changed };
}

Deno.test("each cluster and service is asked, and what it says is merged in", async () => {
  const said = { memory: { rss: 1 }, cpu: { user: 3, system: 4 }, queueLength: 2 };
  const { stats, asked, clock } = setUp({ 0: said, 1: { queueLength: 0 }, api: { count: 1 } });
  await clock.advance(1000);
  const { clusters, services, atMs } = await stats.collect();
  assert.deepEqual(
    asked,
    [cluster(0), cluster(1), service("api")].map((peer) => [peer, "stats", null, ANSWER_MS]),
  );
  assert.deepEqual(Object.keys(clusters), ["0", "1"]);
  const { discord: _, ...own } = clusters[0]!;
  assert.deepEqual(own, said);
  assert.deepEqual([clusters[1]!.memory, clusters[1]!.cpu], [null, null], "it did not say");
  assert.deepEqual(services, { api: { memory: null, cpu: null, count: 1 } });
  assert.equal(atMs, clock.wallMs());
});

Deno.test("shards that rise beside those that serve count for nothing", async () => {
  const { stats, clock, change } = setUp();
  const before = snapshot({
    shards: [shard(0, { guilds: 10, counters: counters(0, { received: 5 }) })],
  });
  const rises = { totalShards: 4, role: "rises", guilds: 5 } as const;
  const beside = shard(0, { ...rises, counters: counters(0, { received: 900 }) });
  change({ ...before, shards: [...before.shards, beside] });
  await clock.advance(1000);
  const { events, manager } = await stats.collect();
  assert.deepEqual([events.perSecond, events.byShard, manager.discord!.guilds], [5, { 0: 5 }, 10]);
});

Deno.test("figures of the shards go to the cluster and worker that have them, and all to the manager", async () => {
  const { stats, clock } = setUp({}, 500);
  await clock.advance(1500);
  const { clusters, workers, manager } = await stats.collect();
  assert.deepEqual(clusters[0]!.discord, {
    guilds: 10,
    uptime: 1000,
    shardLatency: { 0: 40 },
    shardStatus: { 0: "ready" },
    eventsPerSecond: { 0: 100 },
    queued: { 0: 3 },
    queueAgeMs: { 0: 70 },
    ackLagMs: { 0: 15 },
  });
  assert.deepEqual(clusters[1]!.discord, {
    guilds: 20,
    uptime: 1000,
    shardLatency: { 1: null },
    shardStatus: { 1: "disconnected" },
    eventsPerSecond: { 1: 0 },
    queued: { 1: 0 },
    queueAgeMs: { 1: 0 },
    ackLagMs: { 1: null },
  });
  assert.deepEqual([workers[0]!.discord!.guilds, workers[1]!.discord!.guilds], [10, 50]);
  assert.deepEqual([workers[1]!.memory, workers[1]!.cpu], [null, null]);
  assert.equal(manager.discord!.guilds, 60);
  assert.deepEqual(Object.keys(manager.discord!.queued), ["0", "1", "2"]);
  assert.deepEqual([manager.memory, manager.cpu], [{ rss: 5 }, { user: 1, system: 2 }]);
  assert.equal(manager.identifiesLeft, 998);
});

Deno.test("who does not answer is there with the reason, and keeps nobody else out", async () => {
  const { stats } = setUp({ 0: new Error("none within 5000 ms"), api: new Error("not linked") });
  const { clusters, services } = await stats.collect();
  assert.equal(clusters[0]!.error, "none within 5000 ms");
  assert.deepEqual([clusters[0]!.memory, clusters[0]!.discord!.guilds], [null, 10]);
  assert.equal(clusters[1]!.error, undefined);
  assert.deepEqual(services.api, { memory: null, cpu: null, error: "not linked" });
});

Deno.test("events per second are those since the last time", async () => {
  const { stats, clock, receive } = setUp();
  const rate = async () => (await stats.collect()).manager.discord!.eventsPerSecond[0];
  await clock.advance(10_000);
  assert.equal(await rate(), 10);
  receive(0, 150);
  await clock.advance(500);
  assert.equal(await rate(), 100);
  await clock.advance(500);
  assert.equal(await rate(), 0);
});

Deno.test("events per second are told for all, by shard and by type, since the last time", async () => {
  const { stats, clock, receive, countTypes } = setUp();
  countTypes({ MESSAGE_CREATE: 60, READY: 3 });
  await clock.advance(10_000);
  assert.deepEqual((await stats.collect()).events, {
    perSecond: 10.7,
    byShard: { 0: 10, 1: 0, 2: 0.7 },
    byType: { MESSAGE_CREATE: 6, READY: 0.3 },
  });
  receive(0, 108);
  countTypes({ MESSAGE_CREATE: 68, READY: 3, TYPING_START: 2 });
  await clock.advance(2000);
  assert.deepEqual((await stats.collect()).events, {
    perSecond: 4,
    byShard: { 0: 4, 1: 0, 2: 0 },
    byType: { MESSAGE_CREATE: 4, READY: 0, TYPING_START: 1 },
  });
});

Deno.test("a worker that was replaced counts anew, and its rate is not below nothing", async () => {
  const { stats, clock, receive } = setUp();
  await clock.advance(1000);
  await stats.collect();
  receive(0, 30);
  await clock.advance(1000);
  assert.equal((await stats.collect()).manager.discord!.eventsPerSecond[0], 30);
});

Deno.test("figures collected at once are no rate of infinity", async () => {
  const { stats } = setUp();
  const first = await stats.collect();
  assert.deepEqual(first.manager.discord!.eventsPerSecond, { 0: 0, 1: 0, 2: 0 });
});

Deno.test("every state of a shard has Megane's word for it", async () => {
  const words: Record<ShardState, string> = {
    idle: "disconnected",
    queued: "disconnected",
    connecting: "connecting",
    hello: "handshaking",
    identifying: "handshaking",
    resuming: "resuming",
    ready: "ready",
    closing: "disconnected",
    "backing off": "disconnected",
    stopped: "disconnected",
  };
  const { stats, change } = setUp();
  const states = Object.keys(words) as ShardState[];
  change(snapshot({ shards: states.map((state, shardId) => shard(shardId, { state })) }));
  const { manager } = await stats.collect();
  assert.deepEqual(Object.values(manager.discord!.shardStatus), Object.values(words));
});

Deno.test("the latest figures are those that were collected last, and nothing before", async () => {
  const clusters: Record<number, unknown> = { 0: { n: 1 } };
  const { stats, clock } = setUp(clusters);
  assert.equal(stats.latest, null);
  const first = await stats.collect();
  assert.equal(stats.latest, first);
  clusters[0] = sleep(clock, 1000).then(() => ({ n: 2 }));
  const second = stats.collect();
  await clock.advance(999);
  assert.equal(stats.latest, first, "they are not all here yet");
  await clock.advance(1);
  assert.equal((await second).clusters[0]!.n, 2);
  assert.equal(stats.latest, await second);
});

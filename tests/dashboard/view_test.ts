import assert from "node:assert/strict";
import { type Beside, shardView, viewOf } from "../../dashboard/view.ts";
import { counters, fleet, IDLE_REST, shard, snapshot } from "../support/snapshots.ts";

const BESIDE: Beside = {
  version: "1.2.3",
  startedAtMs: 5,
  atMs: 10,
  standing: { ready: false, reasons: ["shard 0: hello"], warnings: ["the disk is nearly full"] },
  process: { memoryBytes: 100, cpuPercent: 1.5 },
  next: [{ shardId: 3, inMs: 4_000 }],
  clusters: new Map([[0, { memoryBytes: 7, cpuPercent: 2 }]]),
  services: new Map(),
  eventsPerSecond: (key) => key === "1/2" ? 12.5 : 0,
  lastErrorOf: (key) => key === "1/2" ? { atMs: 9, text: "closed 4000" } : null,
  incidents: [],
  history: { stepMs: 1000, moments: [] },
};

Deno.test("viewOf() shows a shard with what was counted, and what is known beside it", () => {
  const counted = counters(1, {
    latencyMs: 41.37,
    queued: 7,
    queueAgeMs: 12.6,
    ackLagMs: 3.2,
    reconnects: { "op 7": 2, zombie: 1 },
  });
  const shown = shardView(
    shard(1, { guilds: 2_400, sessionSinceMs: 123, counters: counted }),
    BESIDE,
  );
  assert.deepEqual(shown, {
    key: "1/2",
    shardId: 1,
    totalShards: 2,
    role: "serves",
    state: "ready",
    reason: "",
    sinceMs: 0,
    sessionSinceMs: 123,
    workerId: 0,
    clusterId: 0,
    latencyMs: 41,
    eventsPerSecond: 12.5,
    guilds: 2_400,
    queued: 7,
    queueAgeMs: 13,
    ackLagMs: 3,
    reconnects: 3,
    lastError: { atMs: 9, text: "closed 4000" },
  });
});

Deno.test("viewOf() sorts shards of two totals by total and id", () => {
  const shards = [shard(3, { totalShards: 4 }), shard(1), shard(0, { totalShards: 4 }), shard(0)];
  const { shards: shown } = viewOf(snapshot({ shards }), BESIDE);
  assert.deepEqual(shown.map(({ key }) => key), ["0/2", "1/2", "0/4", "3/4"]);
});

Deno.test("viewOf() says why the unit is not ready, and what will not go well for long", () => {
  const { unit } = viewOf(snapshot({ fleet: fleet() }), BESIDE);
  assert.equal(unit.isReady, false);
  assert.deepEqual(unit.reasons, ["shard 0: hello", "the disk is nearly full"]);
  assert.deepEqual([unit.name, unit.memoryBytes, unit.cpuPercent], ["a", 100, 1.5]);
});

Deno.test("viewOf() shows clusters and services with their shards and figures, known or not", () => {
  const services = [{ name: "api", state: "away", reason: "", restarts: 1 } as const];
  const { clusters, services: shown, identify } = viewOf(snapshot({ services }), BESIDE);
  assert.deepEqual(clusters[0], {
    clusterId: 0,
    kind: "built in",
    state: "connected",
    reason: "",
    restarts: 0,
    memoryBytes: 7,
    cpuPercent: 2,
    shards: 2,
  });
  assert.deepEqual(shown[0], { ...services[0], memoryBytes: null, cpuPercent: null });
  assert.deepEqual(identify.next, [{ shardId: 3, inMs: 4_000 }]);
});

Deno.test("viewOf() shows routes that wait before those that were refused, and those before others", () => {
  const route = (name: string, count: number, limited = 0, waiting = 0) => ({
    method: "GET",
    route: name,
    waiting,
    queueMs: 100,
    upstreamMs: 1_000,
    answers: [
      { status: 200, scope: "", by: "discord", count } as const,
      { status: 429, scope: "", by: "discord", count: limited } as const,
    ],
  });
  const many = Array.from({ length: 100 }, (_, i) => route(`/few/${i}`, 1));
  const routes = [...many, route("/busy", 10), route("/refused", 4, 1), route("/waits", 1, 0, 2)];
  const { rest } = viewOf(snapshot({ rest: { ...IDLE_REST, routes } }), BESIDE);
  assert.equal(rest.routes.length, 20);
  assert.deepEqual(rest.routes.slice(0, 3), [
    { route: "GET /waits", waiting: 2, answers: 1, limited: 0, queueMs: 100, upstreamMs: 1_000 },
    { route: "GET /refused", waiting: 0, answers: 5, limited: 1, queueMs: 20, upstreamMs: 200 },
    { route: "GET /busy", waiting: 0, answers: 10, limited: 0, queueMs: 10, upstreamMs: 100 },
  ]);
  assert.deepEqual(rest.limited, { byDiscord: 1, byProxy: 0 });
});

Deno.test("viewOf() shows the buckets that are waited for, as they are told", () => {
  const waits = [{
    method: "POST",
    route: "/channels/:id/messages",
    major: "channels/1",
    waiting: 3,
    waitedMs: 900,
    nextMs: 400,
  }];
  const { rest } = viewOf(snapshot({ rest: { ...IDLE_REST, waits } }), BESIDE);
  assert.deepEqual(rest.waits, waits);
});

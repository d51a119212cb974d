import assert from "node:assert/strict";
import type { DashboardChange, DashboardView, ShardHistory } from "../../dashboard/words.ts";
import { processFigures } from "../../ports/figures.ts";
import { eventsOf, pageOf, watchedUnit } from "../support/dashboard/watched_unit.ts";
import { counters, shard, snapshot } from "../support/snapshots.ts";

async function opened(rig: ReturnType<typeof watchedUnit>) {
  const page = eventsOf(await rig.ask("/dashboard/live"));
  await page.next();
  const view = (await page.next())!.data as DashboardView;
  const change = async () => {
    await rig.clock.advance(1_000);
    const { event, data } = (await page.next())!;
    assert.equal(event, "change");
    return data as DashboardChange;
  };
  return { page, view, change };
}

Deno.test("a dashboard shows what came before anybody looked", async () => {
  const rig = watchedUnit();
  const { clock, dashboard, world } = rig;
  for (let second = 1; second <= 20; second++) {
    const counted = counters(0, { received: second * 50 });
    world.snapshot = snapshot({ shards: [shard(0, { counters: counted }), shard(1)] });
    await clock.advance(1_000);
  }
  dashboard.hear("error", "worker was lost, its shards resume in a new one", {
    workerId: 0,
    reason: "hung",
  });
  const { view, page } = await opened(rig);
  assert.equal(view.history.moments.length, 20);
  assert.ok(Math.abs(view.history.moments.at(-1)!.eventsPerSecond - 50) < 5);
  assert.equal(view.incidents[0]!.text, "Worker 0 was lost, its shards resume in a new one: hung");
  assert.equal(view.unit.version, "1.2.3");
  assert.ok(view.unit.memoryBytes > 0);
  await page.leave();
});

Deno.test("a dashboard asks nobody for figures while nobody looks", async () => {
  const rig = watchedUnit();
  await rig.clock.advance(60_000);
  assert.equal(rig.world.asked, 0);
  const { page, change } = await opened(rig);
  for (let second = 0; second < 12; second++) await change();
  assert.equal(rig.world.asked, 3);
  await page.leave();
  await rig.clock.advance(60_000);
  assert.equal(rig.world.asked, 3);
});

Deno.test("a dashboard shows what clusters and services use", async () => {
  const rig = watchedUnit();
  const own = processFigures();
  rig.world.figures = { clusters: { 0: own }, services: { api: { ...own, error: "late" } } };
  const { page, change } = await opened(rig);
  await change();
  const { clusters } = await change();
  assert.equal(clusters![0]!.memoryBytes, own.memory!.rss);
  await page.leave();
});

Deno.test("a page that is told changes has what a page has that is opened now", async () => {
  const rig = watchedUnit();
  const { world, dashboard } = rig;
  const { view, page, change } = await opened(rig);
  const changes: DashboardChange[] = [];
  for (let second = 0; second < 30; second++) {
    const shards = Array.from({ length: second % 7 + 1 }, (_, id) =>
      shard(id, {
        totalShards: second < 15 ? 8 : 16,
        state: (id + second) % 5 === 0 ? "resuming" : "ready",
        counters: counters(id, { received: second * id, queued: (second + id) % 3 }),
      }));
    world.snapshot = snapshot({ shards, totalShards: second < 15 ? 8 : 16 });
    world.reasons = second % 4 === 0 ? ["shard 0: resuming"] : [];
    if (second % 6 === 0) dashboard.hear("warn", `no. ${second}`, {});
    changes.push(await change());
  }
  const later = await opened(rig);
  // deno-lint-ignore no-explicit-any -- to compare what both show
  const shown = ({ atMs: _, ...page }: any) => page;
  assert.deepEqual(shown(pageOf(view, changes)), shown(later.view));
  for (const each of [page, later.page]) await each.leave();
});

Deno.test("a dashboard tells the past of one shard", async () => {
  const rig = watchedUnit();
  const { dashboard, clock, ask } = rig;
  const see = (state: "ready" | "closing", reason: string) =>
    dashboard.see({
      kind: "shard",
      shard: { shardId: 1, state, reason, sinceMs: clock.epochMs(), connection: 1 },
      totalShards: 2,
      role: "serves",
    });
  see("ready", "identified");
  await clock.advance(5_000);
  see("closing", "op 7");
  await clock.advance(1_000);
  see("ready", "resumed");
  dashboard.hear("error", "events could not be kept on disk", { shardId: 1, reason: "full" });
  await clock.advance(1_000);
  const past = await (await ask("/dashboard/shards/1-2")).json() as ShardHistory;
  assert.deepEqual(past.changes.map(({ state }) => state), ["ready", "closing", "ready"]);
  assert.deepEqual(past.incidents.map(({ text }) => text), [
    "Shard 1 is ready again after 1 s",
    "Events could not be kept on disk (shard 1): full",
    "Shard 1 reconnects: op 7",
  ]);
  assert.equal(past.shard.lastError!.text, "events could not be kept on disk (shard 1): full");
  assert.equal((await ask("/dashboard/shards/9-2")).status, 404);
});

Deno.test("a dashboard tells a burst of 1,000 statuses within a second in one change", async () => {
  const rig = watchedUnit();
  const { clock, world, dashboard } = rig;
  const totalShards = 1_000;
  const shards = Array.from({ length: totalShards }, (_, id) => shard(id, { totalShards }));
  world.snapshot = snapshot({ shards, totalShards });
  const become = (shardId: number, state: "ready" | "backing off", reason: string) => {
    const now = { shardId, state, reason, sinceMs: clock.epochMs(), connection: 1 };
    shards[shardId] = { ...shards[shardId]!, ...now };
    dashboard.see({ kind: "shard", shard: now, totalShards, role: "serves" });
  };
  for (let id = 0; id < totalShards; id++) become(id, "ready", "identified");
  const { page } = await opened(rig);
  for (let id = 0; id < totalShards; id++) {
    become(id, "backing off", "closed 4000");
    if (id % 20 === 0) await clock.advance(10);
  }
  await clock.advance(2_500);
  dashboard.stop();
  const changes: DashboardChange[] = [];
  for (let told; (told = await page.next()) !== null;) changes.push(told.data);
  assert.deepEqual(changes.map(({ shards = [] }) => shards.length), [totalShards, 0, 0]);
  const texts = changes.flatMap(({ incidents = [] }) => incidents.map(({ text }) => text));
  assert.deepEqual(texts, ["Shards 0-999 reconnect: closed 4000"]);
});

Deno.test("a dashboard tells of clusters that are back, of the start and of the end", async () => {
  const rig = watchedUnit();
  const cluster = (state: "away" | "connected" | "stopped") =>
    rig.dashboard.see({
      kind: "cluster",
      cluster: { clusterId: 0, kind: "built in", state, reason: "asked to", restarts: 0 },
    });
  cluster("away");
  cluster("connected");
  cluster("connected");
  cluster("stopped");
  rig.dashboard.see({ kind: "ready", tookMs: 3_000 });
  rig.dashboard.see({ kind: "stopping", reason: "SIGTERM" });
  const { view, page } = await opened(rig);
  assert.deepEqual(view.incidents.map(({ text }) => text), [
    "The unit stops, sessions are kept: SIGTERM",
    "The unit is ready: 2 shards, after 3 s",
    "Cluster 0 is stopped: asked to",
    "Cluster 0 is connected",
  ]);
  await page.leave();
});

Deno.test("a dashboard tells of one shard as of one", async () => {
  const rig = watchedUnit();
  rig.world.snapshot = snapshot({ shards: [shard(0)] });
  rig.dashboard.see({ kind: "ready", tookMs: 3_000 });
  const { view, page } = await opened(rig);
  assert.deepEqual(view.incidents.map(({ text }) => text), [
    "The unit is ready: 1 shard, after 3 s",
  ]);
  await page.leave();
});

Deno.test("a dashboard sends everybody away when it stops, and looks no more", async () => {
  const rig = watchedUnit();
  const { page } = await opened(rig);
  rig.dashboard.stop();
  assert.equal(await page.next(), null);
  await rig.clock.advance(60_000);
});

Deno.test("whatever fails in the dashboard is an error in the log, told once each time, and the unit goes on", async () => {
  const { clock, world, lines, dashboard } = watchedUnit();
  const { snapshot } = world;
  Object.defineProperty(world, "snapshot", {
    configurable: true,
    get() {
      throw new Error("no snapshot");
    },
  });
  await clock.advance(1_000);
  dashboard.see({ kind: "ready", tookMs: 5 });
  dashboard.hear("error", "shard lost its session", { shardId: 1 });
  const failed = () => lines.filter(([, event]) => event === "the dashboard has failed");
  assert.deepEqual(
    failed().map(([level, , fields]) => [level, fields]),
    Array.from({ length: 3 }, () => ["error", { error: "no snapshot" }]),
  );
  Object.defineProperty(world, "snapshot", { value: snapshot, writable: true });
  await clock.advance(5_000);
  assert.equal(failed().length, 3);
});

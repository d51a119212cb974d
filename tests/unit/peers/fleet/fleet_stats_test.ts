/** Figures of a fleet. */

import assert from "node:assert/strict";
import type { DiscordStats, Stats } from "../../../../protocol/stats.ts";
import { FleetStats, mergedStats } from "../../../../unit/peers/fleet/fleet_stats.ts";
import { StatsCollector } from "../../../../unit/stats.ts";
import { createPeersFleet } from "../../../support/fleet/peers_fleet.ts";
import { cluster, service } from "../../../support/peers.ts";
import { counters, shard, snapshot } from "../../../support/snapshots.ts";

const CLUSTER = { kind: "built in", state: "connected", reason: "", restarts: 0 } as const;
const INTERVAL_MS = 60_000;

/** Three units with figures; each shard has as many guilds as its number says, and ten times as many events. */
async function setUp() {
  const rig = createPeersFleet();
  const units = await rig.three();
  const collectors = units.map(({ name, line, view, calls, fleet, peers, clusters, shardIds }) => {
    const snapshotOf = () =>
      snapshot({
        shards: shardIds.map((id) =>
          shard(id, {
            guilds: id,
            clusterId: clusters.ids[id % 2]!,
            counters: counters(id, { received: 10 * id * line.clock.now() / 1000 }),
          })
        ),
        clusters: clusters.ids.map((clusterId) => ({ ...CLUSTER, clusterId })),
        services: name === "c"
          ? [{ name: "api", state: "connected", reason: "", restarts: 0 }]
          : [],
        eventsByType: { TYPING_START: line.clock.now() / 1000 },
        workers: [{ workerId: 0, state: "running", reason: "", shards: shardIds, restarts: 0 }],
      });
    return new StatsCollector({
      clock: line.clock,
      switchboard: peers.switchboard,
      snapshot: snapshotOf,
      startedMs: () => 0,
      figures: () => ({ memory: { rss: name.charCodeAt(0) } }),
      fleet: new FleetStats({ view, calls, assignment: fleet.assignment, intervalMs: INTERVAL_MS }),
    });
  });
  for (const unit of units) {
    for (const id of unit.clusters.ids) unit.link(cluster(id), () => ({ id }));
  }
  units[2].link(service("api"), () => ({ hits: 3 }));
  await rig.clock.advance(INTERVAL_MS);
  return { ...rig, units, collectors };
}

Deno.test("stats are of the whole fleet, whichever unit tells them", async () => {
  const { collectors, run } = await setUp();
  for (const [i, collector] of collectors.entries()) {
    const { clusters, services, manager, events, units, workers } = await run(collector.collect());
    assert.deepEqual(Object.keys(clusters), ["0", "1", "2", "3", "4", "5"]);
    assert.deepEqual(Object.values(clusters).map(({ id }) => id), [0, 1, 2, 3, 4, 5]);
    assert.equal(services.api?.hits, 3);
    assert.equal(manager.discord?.guilds, 15);
    assert.deepEqual(Object.keys(manager.discord!.shardStatus).sort(), [
      "0",
      "1",
      "2",
      "3",
      "4",
      "5",
    ]);
    assert.deepEqual(manager.memory, { rss: 97 + i }, "its own process");
    assert.deepEqual(Object.keys(units!), ["a", "b", "c"]);
    assert.deepEqual(Object.keys(workers), ["0"]);
    const a = units!.a!;
    assert.ok("manager" in a);
    assert.deepEqual([a.manager.memory, a.manager.discord?.guilds], [{ rss: 97 }, 3]);
    if (i === 0) assert.equal(events.byShard["5"], 50);
    assert.equal(collector.latest?.clusters, clusters);
  }
});

Deno.test("a unit that does not answer in time is there with an error, and so is what it has", async () => {
  const { collectors, run, units, clock } = await setUp();
  units[2].line.freeze();
  const beforeMs = clock.now();
  const stats = await run(collectors[0]!.collect());
  assert.ok(clock.now() - beforeMs < 10_000);
  assert.match((stats.units!.c as { error: string }).error, /no.* answer|none within/);
  assert.deepEqual(
    Object.entries(stats.clusters).map(([id, { error }]) => [id, error !== undefined]),
    [
      ["0", false],
      ["1", false],
      ["2", false],
      ["3", false],
      ["4", true],
      ["5", true],
    ],
  );
  assert.match(stats.services.api!.error!, /unit c/);
  assert.equal(stats.manager.discord?.guilds, 3 + 5);
});

Deno.test("a unit is asked once for all that ask it within its interval, and its rates are over that", async () => {
  const { collectors, run, clock, units } = await setUp();
  const asked = units[1].link(cluster(2), () => ({}));
  for (const collector of [collectors[1]!, collectors[0]!, collectors[2]!]) {
    await run(collector.collect());
  }
  assert.equal(asked.length, 1);
  await clock.advance(2 * INTERVAL_MS);
  const { events } = await run(collectors[0]!.collect());
  assert.equal(asked.length, 2, "older ones are collected anew");
  assert.equal(events.byShard["4"], 40);
  assert.equal(events.byType.TYPING_START, 3);
});

const discord = (guilds: number, ids: readonly number[]): DiscordStats => {
  const byShard = <Value>(value: Value) => Object.fromEntries(ids.map((id) => [id, value]));
  return {
    guilds,
    uptime: guilds,
    shardLatency: byShard(1),
    shardStatus: byShard("ready" as const),
    eventsPerSecond: byShard(1),
    queued: byShard(0),
    queueAgeMs: byShard(0),
    ackLagMs: byShard(null),
  };
};
const process = (own: object) => ({ memory: null, cpu: null, ...own });
const statsOf = (clusters: Stats["clusters"]): Stats => ({
  clusters,
  services: {},
  workers: {},
  manager: { ...process({}), identifiesLeft: 1 },
  events: { perSecond: 0.1, byShard: {}, byType: { A: 0.1 } },
  atMs: 1,
});

Deno.test("a cluster that all units bring events has the shards of all, and the figures of whoever has some", () => {
  const said = new Map<string, Stats | string>([
    ["a", statsOf({ 0: process({ error: "away", discord: discord(1, [0]) }) })],
    ["b", statsOf({ 0: process({ players: 7, discord: discord(2, [4]) }) })],
  ]);
  const { clusters: { 0: merged }, events } = mergedStats("a", said, null);
  assert.deepEqual([merged!.players, merged!.error, merged!.discord!.guilds], [7, undefined, 3]);
  assert.deepEqual(Object.keys(merged!.discord!.queued), ["0", "4"]);
  assert.deepEqual([events.perSecond, events.byType], [0.2, { A: 0.2 }]);
});

Deno.test("a service without figures of shards has none in the fleet either", () => {
  const stats = { ...statsOf({}), services: { api: process({ hits: 1 }) } };
  assert.deepEqual(mergedStats("a", new Map([["a", stats]]), null).services, {
    api: process({ hits: 1 }),
  });
});

import assert from "node:assert/strict";
import { Clusters } from "../../../unit/peers/clusters.ts";
import { CONFIG_DEFAULTS } from "../../../config/config.ts";
import { Peers } from "../../../unit/peers/peers.ts";
import { Owners } from "../../../unit/reshard/owners.ts";
import { Services } from "../../../unit/peers/services.ts";
import { silentLog } from "../../../ports/log.ts";
import { type PeerKey, peerText } from "../../../protocol/peer.ts";
import type { LinkCall } from "../../../protocol/link_call.ts";
import type { Status } from "../../../protocol/status.ts";
import { decodeValue } from "../../../protocol/value.ts";
import { createVirtualClock } from "../../../sim/wire/virtual_clock.ts";
import { cluster, consumer, service } from "../../support/peers.ts";

const RECEPTIVE = { receptive: true, timeout: 1000 } as const;
const API = service("api");
/** The peers of these tests in few letters. */
const key = (who: number | typeof API): PeerKey => typeof who === "number" ? cluster(who) : who;

/** Two clusters with two shards each, of four; a service. Each cluster was linked once, or none. */
function setUp({ wereLinked = true } = {}) {
  const clock = createVirtualClock();
  const running = {
    exited: new Promise<never>(() => {}),
    loaded: Promise.resolve(),
    stop: () => Promise.resolve(),
  };
  const refused = () => assert.fail("nobody is refused");
  const states: string[] = [];
  const statuses: Status[] = [];
  const paths: string[] = [];
  const services = new Services({
    services: [{ name: "api", module: "./api.ts" }],
    clock,
    log: silentLog,
    start: () => running,
    changed: ({ name, state }) => states.push(`${name} ${state}`),
    refused,
  });
  const clusters = new Clusters({
    config: { ...CONFIG_DEFAULTS, botModule: "./bot.ts", totalClusters: 2 },
    clock,
    random: () => 0,
    log: silentLog,
    connect: () => assert.fail("nobody is dialled"),
    start: () => running,
    changed: ({ clusterId, state }) => states.push(`${clusterId} ${state}`),
    refused,
  });
  const peers = new Peers({
    clock,
    log: silentLog,
    clusters,
    services,
    unit: (request) => ({ request }),
    cached: () => [],
    rest: (path) => (paths.push(path), Promise.resolve(Response.json({ of: "Discord" }))),
    tell: (status) => statuses.push(status),
  });
  peers.plan(4, clusters.ofShards([0, 1, 2, 3]));
  /** Links a peer, which answers commands with its name; what it was told. */
  const link = (who: number | typeof API, values: "clone" | "json" | null = "clone") => {
    const told: unknown[] = [];
    const peer = key(who);
    peers.up({
      peer,
      values,
      send(message) {
        const { op, verb, value, receptive, id } = message as LinkCall;
        if (op !== "call") return void told.push(message);
        told.push(verb.startsWith("all") ? [verb, decodeValue(value)] : verb);
        if (!receptive) return;
        peers.receive(peer, { op: "reply", id, value: { json: `of ${peerText(peer)}` } });
      },
    });
    return told;
  };
  if (wereLinked) { for (const id of clusters.ids) peers.link(cluster(id), true); }
  const readyOf = (total: number, ...shardIds: number[]) =>
    shardIds.forEach((id) => peers.shardReady({ total, id }));
  const cachedOf = (total: number, ...shardIds: number[]) =>
    shardIds.forEach((id) => peers.membersCached({ total, id }));
  const ready = (...shardIds: number[]) => readyOf(4, ...shardIds);
  const cached = (...shardIds: number[]) => cachedOf(4, ...shardIds);
  const more = { readyOf, cachedOf };
  return {
    clock,
    clusters,
    services,
    peers,
    states,
    statuses,
    paths,
    link,
    ready,
    cached,
    ...more,
  };
}

const READY = ["allClustersReady", undefined];

Deno.test("all clusters are ready once every shard has been, and everybody is told, once", () => {
  const { link, ready, statuses } = setUp();
  const told = [link(0), link(1, "json"), link(API)];
  ready(0, 1, 3, 3);
  assert.deepEqual([told, statuses], [[[], [], []], []]);
  ready(2);
  assert.deepEqual(told, [[READY], [["allClustersReady", null]], [READY]]);
  ready(0, 1, 2, 3);
  assert.deepEqual(told[0], [READY], "a shard that resumes is no news");
  assert.deepEqual(statuses, [{ kind: "allClustersReady" }]);
});

Deno.test("clusters are not ready while one of them has never been linked", () => {
  const { peers, link, ready, statuses } = setUp({ wereLinked: false });
  const told = link(0);
  ready(0, 1, 2, 3);
  assert.ok(peers.haveShardsBeenReady);
  peers.link(cluster(0), true);
  peers.link(cluster(0), false);
  peers.link(cluster(0), true);
  assert.deepEqual([told, statuses], [[], []]);
  peers.link(cluster(1), true);
  peers.link(cluster(1), true);
  assert.deepEqual([told, statuses], [[READY], [{ kind: "allClustersReady" }]]);
});

Deno.test("who comes later is told what has happened, each time it comes", () => {
  const { link, ready, cached } = setUp();
  ready(0, 1, 2, 3);
  cached(0, 1);
  assert.deepEqual(link(0), [READY, ["allMembersCached", false]]);
  assert.deepEqual(link(1), [READY], "its own members have not come");
  assert.deepEqual(link(API), [READY]);
  cached(2, 3);
  assert.deepEqual(link(0), [READY, ["allMembersCached", false], ["allMembersCached", true]]);
  assert.deepEqual(link(API), [READY, ["allMembersCached", undefined]]);
});

Deno.test("who takes no calls is told nothing, and keeps nobody from being told", () => {
  const { link, ready, cached } = setUp();
  const deaf = link(0, null);
  const told = link(1);
  ready(0, 1, 2, 3);
  cached(0, 1, 2, 3);
  assert.deepEqual([deaf, link(0, null)], [[], []]);
  assert.deepEqual(told, [READY, ["allMembersCached", false], ["allMembersCached", true]]);
});

Deno.test("members: false to the cluster they are of, true to clusters and nothing to services at last", () => {
  const { link, ready, cached, statuses } = setUp();
  ready(0, 1, 2, 3);
  const told = [link(0), link(1), link(API)];
  for (const each of told) each.length = 0;
  cached(2, 3);
  assert.deepEqual(told, [[], [["allMembersCached", false]], []]);
  cached(0, 1, 1);
  assert.deepEqual(told, [
    [["allMembersCached", false], ["allMembersCached", true]],
    [["allMembersCached", false], ["allMembersCached", true]],
    [["allMembersCached", undefined]],
  ]);
  assert.deepEqual(statuses.slice(1), [
    { kind: "ALL_MEMBERS_CACHED", clusterId: 1 },
    { kind: "ALL_MEMBERS_CACHED", clusterId: 0 },
    { kind: "ALL_MEMBERS_CACHED", clusterId: null },
  ]);
});

Deno.test("members that come before all clusters are ready wait with the news of all", () => {
  const { link, ready, cached, statuses } = setUp();
  const told = link(0);
  cached(0, 1, 2, 3);
  assert.deepEqual(told, [["allMembersCached", false]]);
  ready(0, 1, 2, 3);
  assert.deepEqual(told.slice(1), [READY, ["allMembersCached", true]]);
  const kinds = statuses.map((it) => it.kind === "ALL_MEMBERS_CACHED" ? it.clusterId : it.kind);
  assert.deepEqual(kinds, [0, 1, "allClustersReady", null]);
});

Deno.test("a link is told to whose it is: a cluster or a service", () => {
  const { clusters, services, peers, states } = setUp({ wereLinked: false });
  clusters.start({ accept: () => assert.fail("nobody is dialled") } as never);
  services.start();
  states.length = 0;
  peers.link(cluster(1), true);
  peers.link(consumer(0), true);
  peers.link(API, true);
  peers.link(API, false);
  assert.deepEqual(states, ["1 connected", "api connected", "api away"]);
  assert.deepEqual(peers.all, [cluster(0), cluster(1), API]);
});

Deno.test("a command finds a cluster by the shard of a guild, and a service by its name", async () => {
  const { link, peers } = setUp();
  for (const id of [0, 1, API]) link(id);
  const guildOf = (shardId: number) => String(BigInt(shardId + 8) << 22n);
  const answers = [0, 1, 2, 3].map((shardId) =>
    peers.command({ guildId: guildOf(shardId) }, null, RECEPTIVE)
  );
  assert.deepEqual(await Promise.all(answers), [
    "of cluster 0",
    "of cluster 0",
    "of cluster 1",
    "of cluster 1",
  ]);
  assert.equal(await peers.command({ service: "api" }, null, RECEPTIVE), "of service api");
  const all = await peers.command({ all: true }, null, RECEPTIVE);
  assert.deepEqual(
    all,
    { results: ["of cluster 0", "of cluster 1"], errors: [] },
    "services are no clusters",
  );
});

Deno.test("a command names whom it did not find, or who is away", async () => {
  const { link, peers } = setUp();
  link(0);
  const fails = (to: Parameters<Peers["command"]>[0], code: string, message: RegExp) =>
    assert.rejects(peers.command(to, null, RECEPTIVE), { code, message });
  await fails({ clusterId: 7 }, "no_target", /Cannot find cluster 7: there are 0, 1/);
  await fails({ service: "web" }, "no_target", /Cannot find service web/);
  await fails({ service: "api" }, "away", /Cannot reach service api: it is not linked/);
  await fails({ clusterId: 1 }, "away", /Cannot reach cluster 1/);
  peers.down(cluster(0), "its link is down");
  await fails({ clusterId: 0 }, "away", /Cannot reach cluster 0/);
});

Deno.test("a guild of a shard that another unit runs has no cluster here", async () => {
  const { clusters, peers, services, clock } = setUp();
  const part = new Peers({
    clock,
    log: silentLog,
    clusters,
    services,
    unit: () => null,
    cached: () => [],
    rest: () => assert.fail("Discord is not asked"),
    tell() {},
  });
  part.plan(8, clusters.ofShards([4, 5]));
  const guildId = String(2n << 22n);
  await assert.rejects(part.command({ guildId }, null, RECEPTIVE), {
    code: "no_target",
    message: /a cluster with guild/,
  });
  assert.equal(await part.find({ kind: "guild", guildId }, false), null);
  assert.equal(await peers.find({ kind: "guild", guildId }, false), null, "nobody is linked");
});

Deno.test("find() asks the clusters, then Discord where it shall", async () => {
  const { link, peers, paths } = setUp();
  assert.equal(await peers.find({ kind: "user", userId: "7" }, false), null);
  assert.deepEqual(await peers.find({ kind: "user", userId: "7" }, true), { of: "Discord" });
  const told = link(1);
  assert.equal(await peers.find({ kind: "user", userId: "7" }, true), "of cluster 1");
  assert.deepEqual([told, paths], [["find"], ["/users/7"]]);
});

Deno.test("a peer that calls the unit gets the unit's answer", async () => {
  const { clock, link, peers } = setUp();
  const told = link(API);
  const value = { json: { method: "stats" } };
  peers.receive(API, { op: "call", id: 3, verb: "unit", receptive: true, value });
  await clock.advance(0);
  const answer = { json: { request: { method: "stats" } } };
  assert.deepEqual(told, [{ op: "reply", id: 3, value: answer }]);
});

/** From 4 to 8 shards, these lots being there: clusters 0 to 3 of 8 are of cluster 0. */
const moved = (...rests: number[]) => new Owners({ total: 4, move: { to: 8, moved: rests } });

Deno.test("a guild is of the cluster of the shard that has it now", async () => {
  const { link, peers, clusters } = setUp();
  for (const id of [0, 1]) link(id);
  peers.plan(8, clusters.ofShards([0, 1, 2, 3, 4, 5, 6, 7]));
  const guildOf = (place: number) => String(BigInt(place) << 22n);
  const clusterOf = async (place: number) =>
    await peers.command({ guildId: guildOf(place) }, null, RECEPTIVE);
  assert.deepEqual([await clusterOf(2), await clusterOf(4)], ["of cluster 1", "of cluster 0"]);
  peers.serve(moved(0, 2));
  assert.deepEqual([await clusterOf(2), await clusterOf(4)], ["of cluster 0", "of cluster 1"]);
  assert.equal(
    await peers.find({ kind: "guild", guildId: guildOf(4) }, false),
    "of cluster 1",
  );
  assert.equal(await clusterOf(3), "of cluster 1", "it has not moved");
});

Deno.test("shards that rise disturb nobody, and when guilds have moved nobody is told again", () => {
  const { link, peers, clusters, ready, cached, readyOf, cachedOf, statuses } = setUp();
  const told = link(0);
  peers.plan(8, clusters.ofShards([0, 1, 2, 3, 4, 5, 6, 7]));
  readyOf(8, 0, 4);
  cachedOf(8, 0, 4, 1);
  assert.deepEqual([told, peers.haveShardsBeenReady], [[], false]);
  ready(0, 1, 2, 3);
  cached(0, 1, 2, 3);
  const before = [told.length, statuses.length];
  assert.equal(before[0], 3);
  peers.serve(moved(0));
  assert.equal(peers.haveShardsBeenReady, true);
  readyOf(8, 1, 5);
  peers.serve(moved(0, 1));
  cachedOf(8, 1, 5, 1);
  peers.serve(new Owners({ total: 4, move: null }));
  assert.deepEqual([told.length, statuses.length], before);
  assert.equal(link(1).length, 3, "who comes later is told what was told");
});

Deno.test("who takes guilds over before all were ready, or had their members, is waited for in their place", () => {
  const { link, peers, clusters, ready, cached, readyOf, cachedOf, statuses } = setUp();
  const told = link(0);
  peers.plan(8, clusters.ofShards([0, 1, 2, 3, 4, 5, 6, 7]));
  ready(0, 1, 2);
  cached(0, 1, 2);
  readyOf(8, 3, 7);
  peers.serve(moved(3));
  assert.deepEqual(told, [["allMembersCached", false], READY]);
  cachedOf(8, 3);
  // Cluster 1 has shards 2 of 4 and 7 of 8 now.
  cachedOf(8, 7);
  assert.deepEqual(told.slice(2), [["allMembersCached", true]]);
  assert.equal(statuses.at(-1)!.kind, "ALL_MEMBERS_CACHED");
});

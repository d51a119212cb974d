/** That all clusters are ready, and all members have come, in the whole fleet. */

import assert from "node:assert/strict";
import { BEAT_MS } from "../../../../protocol/fleet.ts";
import { createPeersFleet } from "../../../support/fleet/peers_fleet.ts";
import { cluster, service } from "../../../support/peers.ts";

const READY = ["allClustersReady", undefined];
const SOON_MS = 3 * BEAT_MS;

Deno.test("all clusters are ready when those of every unit are, and each is told once", async () => {
  const { three, clock } = createPeersFleet();
  const [a, b, c] = await three();
  const told = [...a.comeUp(), ...b.comeUp()];
  const api = c.link(service("api"));
  await clock.advance(SOON_MS);
  assert.deepEqual([told.flat(), a.statuses], [[], []]);
  assert.deepEqual([a.peers.isReadyHere, a.peers.haveShardsBeenReady], [true, false]);
  told.push(...c.comeUp(), api);
  await clock.advance(SOON_MS);
  assert.deepEqual(told, told.map(() => [READY]));
  for (const { statuses, peers } of [a, b, c]) {
    assert.deepEqual(statuses, [{ kind: "allClustersReady" }]);
    assert.ok(peers.haveShardsBeenReady);
  }
  assert.deepEqual(a.link(cluster(0)), [READY], "who comes later is told");
});

Deno.test("all clusters are not ready while a shard has no unit, or a unit goes by an older assignment", async () => {
  const { three, clock, set, owned } = createPeersFleet();
  const [a, b, c] = await three();
  set(owned(["a", "b", "c", "a", "b", null]));
  for (const unit of [a, b, c]) unit.comeUp();
  await clock.advance(SOON_MS);
  assert.deepEqual(a.statuses, []);
  set(owned(["a", "b", "c", "a", "b", "b"]));
  await clock.advance(SOON_MS);
  assert.deepEqual(a.statuses, [], "b has it, and it is not ready");
  b.peers.shardReady({ total: 6, id: 5 });
  await clock.advance(SOON_MS);
  assert.deepEqual(a.statuses, [{ kind: "allClustersReady" }]);
});

Deno.test("all clusters are ready without a unit that has died before it was, once others have its shards", async () => {
  const { three, clock, set, owned } = createPeersFleet();
  const [a, b] = await three();
  for (const unit of [a, b]) unit.comeUp();
  set(owned(["a", "b", "a", "a", "b", "b"]), ["a", "b"]);
  await clock.advance(SOON_MS);
  assert.deepEqual(b.statuses, []);
  a.peers.shardReady({ total: 6, id: 2 });
  b.peers.shardReady({ total: 6, id: 5 });
  await clock.advance(SOON_MS);
  assert.deepEqual([a, b].map(({ statuses }) => statuses.length), [1, 1]);
});

Deno.test("the news come through though two of three messages are lost", async () => {
  const { three, clock } = createPeersFleet();
  const units = await three();
  for (const unit of units) {
    unit.line.drop(0.4);
    unit.comeUp();
  }
  await clock.advance(100 * BEAT_MS);
  for (const { statuses } of units) assert.deepEqual(statuses, [{ kind: "allClustersReady" }]);
});

Deno.test("members: false to each cluster when its unit has them, true to all when every unit has", async () => {
  const { three, clock } = createPeersFleet();
  const units = await three();
  const told = units.flatMap((unit) => unit.comeUp());
  await clock.advance(SOON_MS);
  for (const list of told) list.length = 0;
  const [a, b, c] = units;
  const cached = ({ peers, shardIds }: typeof a) =>
    shardIds.forEach((id) => peers.membersCached({ total: 6, id }));
  cached(a);
  cached(b);
  await clock.advance(SOON_MS);
  const [own, all] = [["allMembersCached", false], ["allMembersCached", true]];
  assert.deepEqual(told, [[own], [own], [own], [own], [], []]);
  cached(c);
  await clock.advance(SOON_MS);
  assert.deepEqual(told, told.map(() => [own, all]));
});

Deno.test("members: a cluster that all units bring events has all when each has brought its own", async () => {
  const { three, clock } = createPeersFleet({
    botModule: null,
    eventHandlerUrls: ["ws://1", "ws://2"],
  });
  const units = await three();
  const told = units.flatMap((unit) => unit.comeUp());
  await clock.advance(SOON_MS);
  for (const list of told) list.length = 0;
  const [a, b, c] = units;
  const cached = ({ peers }: typeof a, id: number) => peers.membersCached({ total: 6, id });
  cached(a, 0);
  cached(b, 4);
  await clock.advance(SOON_MS);
  assert.deepEqual(told.flat(), [], "shard 2 of unit c is cluster 0's, too");
  cached(c, 2);
  await clock.advance(SOON_MS);
  const own = ["allMembersCached", false];
  assert.deepEqual(told, [[own], [], [own], [], [own], []]);
  for (const [unit, id] of [[a, 3], [b, 1], [c, 5]] as const) cached(unit, id);
  await clock.advance(SOON_MS);
  const all = ["allMembersCached", true];
  assert.deepEqual(told, [0, 1, 2].flatMap(() => [[own, all], [own, all]]));
});

Deno.test("once all is told nobody says anything any more", async () => {
  const { three, clock, bus } = createPeersFleet();
  const units = await three();
  for (const unit of units) unit.comeUp();
  await clock.advance(10 * BEAT_MS);
  const before = bus.tally.published;
  await clock.advance(100 * BEAT_MS);
  assert.equal(bus.tally.published, before);
});

Deno.test("shards that go to and fro once all is told cost the news nothing, nor who is late its own", async () => {
  const { three, clock, bus, set, owned, unit } = createPeersFleet();
  const units = await three();
  for (const each of units) each.comeUp();
  await clock.advance(10 * BEAT_MS);
  const before = bus.tally.published;
  for (let i = 0; i < 100; i++) {
    set(owned(["a", "b", "c", "a", "b", i % 2 === 0 ? "b" : "c"]));
    units[1].peers.shardReady({ total: 6, id: 5 });
    await clock.advance(250);
  }
  assert.ok(bus.tally.published - before <= 2, `${bus.tally.published - before} were published`);
  units[2].line.kill();
  const again = unit("c");
  await clock.advance(10);
  again.comeUp();
  await clock.advance(SOON_MS);
  assert.deepEqual(again.statuses, [{ kind: "allClustersReady" }]);
});

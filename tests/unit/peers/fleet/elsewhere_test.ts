/** Commands and questions for what other units have. */

import assert from "node:assert/strict";
import type { CommandResults } from "../../../../protocol/command.ts";
import { createPeersFleet, told } from "../../../support/fleet/peers_fleet.ts";
import { cluster, service } from "../../../support/peers.ts";

const RECEPTIVE = { receptive: true, timeout: 5000 } as const;
/** A guild of a shard. */
const guildOf = (shardId: number) => String(BigInt(shardId) << 22n);

Deno.test("a command reaches a cluster of any unit by its id, and by a guild that it has", async () => {
  const { three, run } = createPeersFleet();
  const units = await three();
  for (const unit of units) unit.comeUp();
  const [a, b] = units;
  const send = (...of: Parameters<typeof a.peers.command>) => run(a.peers.command(...of));
  assert.equal(await send({ clusterId: 1 }, "x", RECEPTIVE), "cluster 1 of a");
  assert.equal(await send({ clusterId: 2 }, "x", RECEPTIVE), "cluster 2 of b");
  assert.equal(await send({ clusterId: 5 }, "x", RECEPTIVE), "cluster 5 of c");
  assert.equal(await send({ guildId: guildOf(3) }, "x", RECEPTIVE), "cluster 1 of a");
  assert.equal(await send({ guildId: guildOf(4) }, "x", RECEPTIVE), "cluster 2 of b");
  assert.equal(
    await run(b.peers.command({ guildId: guildOf(3) }, "x", RECEPTIVE)),
    "cluster 1 of a",
  );
});

Deno.test("a command reaches a service wherever it runs, with what structured clone carries", async () => {
  const { three, run } = createPeersFleet();
  const [a, , c] = await three();
  c.link(service("api"), (_, value) => new Map([["got", value]]));
  const answer = await run(
    a.peers.command({ service: "api" }, { at: new Date(0), id: 1n }, RECEPTIVE),
  );
  assert.deepEqual(answer, new Map([["got", { at: new Date(0), id: 1n }]]));
  assert.equal(await run(a.peers.command({ service: "api" }, "told")), undefined);
});

Deno.test("a command to all is answered by every cluster of the fleet, in order", async () => {
  const { three, run } = createPeersFleet();
  const units = await three();
  for (const unit of units) unit.comeUp();
  for (const unit of units) {
    const all = await run(unit.peers.command({ all: true }, "x", RECEPTIVE));
    assert.deepEqual(told(all as CommandResults), {
      results: [0, 1, 2, 3, 4, 5].map((id) => `cluster ${id} of ${"abc"[Math.floor(id / 2)]}`),
      errors: [],
    });
  }
});

Deno.test("a command to all settles with whatever is wrong anywhere", async () => {
  const { three, run, set } = createPeersFleet();
  const [a, b, c] = await three();
  a.comeUp();
  b.link(cluster(2), () => Promise.reject(new RangeError("too far")));
  b.link(cluster(3), () => new Promise(() => {}));
  c.comeUp();
  c.line.freeze();
  const all = await run(a.peers.command({ all: true }, "x", RECEPTIVE)) as CommandResults;
  assert.deepEqual(told(all), {
    results: ["cluster 0 of a", "cluster 1 of a"],
    errors: [[2, undefined], [3, "deadline"], [4, "deadline"], [5, "deadline"]],
  });
  assert.ok(all.errors[0] instanceof RangeError && all.errors[0].message === "too far");
  assert.match(all.errors[1]!.message, /cluster 3/, "the deadline of who asked it comes first");
  set({}, ["a", "b"]);
  const others = await run(a.peers.command({ all: true }, "x", RECEPTIVE)) as CommandResults;
  assert.deepEqual(others.errors.map(({ clusterId }) => clusterId), [2, 3], "who is dead has none");
});

Deno.test("a command fails as it would at home: unknown, away, too slow, refused", async () => {
  const { three, run, set } = createPeersFleet();
  const [a, b] = await three();
  const codeOf = async (...of: Parameters<typeof a.peers.command>) =>
    await run(
      a.peers.command(...of).then(() => "none", (error) => `${error.code}: ${error.message}`),
    );
  assert.match(
    await codeOf({ clusterId: 9 }, 1, RECEPTIVE),
    /^no_target: .*there are 0, 1, 2, 3, 4, 5/,
  );
  assert.match(await codeOf({ service: "none" }, 1, RECEPTIVE), /^no_target: .*service none/);
  assert.match(await codeOf({ clusterId: 2 }, 1, RECEPTIVE), /^away: Cannot reach cluster 2/);
  assert.match(await codeOf({ service: "api" }, 1), /^away: Cannot reach service api/);
  b.link(cluster(2), () => new Promise(() => {}));
  assert.match(await codeOf({ clusterId: 2 }, 1, RECEPTIVE), /^deadline: .*cluster 2/);
  set({}, ["a", "c"]);
  assert.match(await codeOf({ clusterId: 2 }, 1, RECEPTIVE), /^away: .*unit b/);
});

Deno.test("a command for a guild follows its shard to another unit, and is away while none has it", async () => {
  const { three, run, set, owned } = createPeersFleet();
  const units = await three();
  for (const unit of units) unit.comeUp();
  const [a, b] = units;
  const send = () => run(a.peers.command({ guildId: guildOf(1) }, "x", RECEPTIVE));
  assert.equal(await send(), "cluster 3 of b");
  set(owned(["a", "c", "c", "a", "b", "c"]));
  assert.equal(await send(), "cluster 5 of c");
  assert.equal(
    await run(b.peers.command({ guildId: guildOf(1) }, "x", RECEPTIVE)),
    "cluster 5 of c",
  );
  set(owned(["a", null, "c", "a", "b", "c"]));
  await assert.rejects(send(), { code: "away", message: /shard 1\/6: no unit has it/ });
  set(owned(["a", "a", "c", "a", "b", "c"]));
  assert.equal(await send(), "cluster 1 of a");
});

Deno.test("clusters of EVENT_HANDLER_URL are linked with each unit: what they are sent goes no way round", async () => {
  const { three, run, bus } = createPeersFleet({
    botModule: null,
    eventHandlerUrls: ["ws://one", "ws://two"],
  });
  const [a] = await three();
  for (const id of [0, 1]) a.link(cluster(id));
  const before = bus.tally.asked;
  assert.equal(
    await run(a.peers.command({ guildId: guildOf(1) }, "x", RECEPTIVE)),
    "cluster 1 of a",
  );
  const all = await run(a.peers.command({ all: true }, "x", RECEPTIVE)) as CommandResults;
  assert.deepEqual(all.results, ["cluster 0 of a", "cluster 1 of a"]);
  assert.equal(bus.tally.asked, before);
});

Deno.test("what a cluster or a cache of another unit knows is found", async () => {
  const { three, run } = createPeersFleet();
  const [a, b, c] = await three();
  const guild = { kind: "guild", guildId: guildOf(4) } as const;
  const user = { kind: "user", userId: "7" } as const;
  b.link(cluster(2), (_, wanted) => ({ cluster: 2, wanted }));
  c.found.set(JSON.stringify(user), { cache: "c" });
  a.link(cluster(0), () => null);
  assert.deepEqual(await run(a.peers.find(guild, false)), { cluster: 2, wanted: guild });
  assert.deepEqual(await run(b.peers.find(user, false)), { cluster: 2, wanted: user });
  assert.deepEqual(await run(c.peers.find(user, false)), { cache: "c" });
  const channel = { kind: "channel", channelId: "8" } as const;
  b.link(cluster(2), () => null);
  assert.equal(await run(a.peers.find(channel, false)), null);
  assert.deepEqual(await run(a.peers.find(channel, true)), { of: "Discord" });
});

Deno.test("a unit that does not answer knows nothing, and keeps nobody from being asked", async () => {
  const { three, run } = createPeersFleet();
  const [a, b, c] = await three();
  const user = { kind: "user", userId: "7" } as const;
  b.line.freeze();
  c.found.set(JSON.stringify(user), { cache: "c" });
  assert.deepEqual(await run(a.peers.find(user, false, 1000)), { cache: "c" });
  c.found.clear();
  assert.deepEqual(await run(a.peers.find(user, true, 1000)), { of: "Discord" });
});

Deno.test("with clusters of EVENT_HANDLER_URL only the caches of other units are asked", async () => {
  const { three, run } = createPeersFleet({ botModule: null, eventHandlerUrls: ["ws://one"] });
  const [a, b] = await three();
  const asked = b.link(cluster(0));
  const guild = { kind: "guild", guildId: guildOf(4) } as const;
  b.found.set(JSON.stringify(guild), { cache: "b" });
  a.link(cluster(0), () => null);
  assert.deepEqual(await run(a.peers.find(guild, false)), { cache: "b" });
  b.found.clear();
  assert.equal(await run(a.peers.find(guild, false)), null);
  assert.deepEqual(asked, []);
});

Deno.test("a command that a shared cluster may have got is asked of no other unit, whoever dies before the answer", async () => {
  const { three, run, clock } = createPeersFleet({
    botModule: null,
    eventHandlerUrls: ["ws://1"],
  });
  const [a, b, c] = await three();
  const got: string[] = [];
  for (const unit of [b, c]) {
    unit.link(cluster(0), () => {
      got.push(unit.name);
      return new Promise(() => {});
    });
  }
  const asked = assert.rejects(run(a.peers.command({ clusterId: 0 }, "charge", RECEPTIVE)), {
    code: "away",
  });
  await clock.advance(50);
  b.peers.down(cluster(0), "its process is gone");
  await asked;
  assert.deepEqual(got, ["b"]);
});

Deno.test("a cluster of EVENT_HANDLER_URL that has no link here is reached over another unit's", async () => {
  const { three, run } = createPeersFleet({
    botModule: null,
    eventHandlerUrls: ["ws://1", "ws://2"],
  });
  const [a, , c] = await three();
  a.link(cluster(0));
  c.link(cluster(1));
  assert.equal(await run(a.peers.command({ clusterId: 1 }, "x", RECEPTIVE)), "cluster 1 of c");
  assert.equal(
    await run(a.peers.command({ guildId: guildOf(3) }, "x", RECEPTIVE)),
    "cluster 1 of c",
  );
  const all = await run(c.peers.command({ all: true }, "x", RECEPTIVE)) as CommandResults;
  assert.deepEqual(all.results, ["cluster 0 of a", "cluster 1 of c"]);
  c.link(cluster(1), () => Promise.reject(new RangeError("far")));
  await assert.rejects(run(a.peers.command({ clusterId: 1 }, "x", RECEPTIVE)), RangeError);
  c.peers.down(cluster(1), "gone");
  await assert.rejects(run(a.peers.command({ clusterId: 1 }, "x", RECEPTIVE)), {
    code: "away",
    message: /cluster 1: it is not linked with any unit/,
  });
});

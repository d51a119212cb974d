/** Clusters, services and the unit, as processes of their own: commands, lives, stats. */

import assert from "node:assert/strict";
import { startSociety } from "../support/society.ts";
import { until } from "../support/unit_process.ts";

Deno.test("commands reach clusters by number, by guild, all at once, and services by name", async () => {
  await using rig = await startSociety();
  const { command, sim } = rig;
  const who = await command({ clusterId: 1 }, { do: "who" });
  assert.deepEqual([who.cluster, who.receptive], [1, true]);
  const [guildId] = sim.world.guilds.keys();
  const shardId = Number((BigInt(guildId!) >> 22n) % 4n);
  assert.equal((await command({ guildId }, { do: "who" })).cluster, shardId < 2 ? 0 : 1);
  const everybody = await command({ all: true }, { do: "who" });
  assert.deepEqual(everybody.results.map(({ cluster }: { cluster: number }) => cluster), [0, 1]);
  assert.deepEqual(everybody.errors, []);
  assert.equal(await command({ service: "counter" }, { add: 2 }), 2);
  const asked = { do: "ask", service: "counter", data: { add: 40 } };
  assert.equal(await command({ clusterId: 0 }, asked), 42);
  const all = await command({ clusterId: 0 }, { do: "all", data: { do: "who" } });
  assert.deepEqual(all.results.map((result: { cluster: number }) => result.cluster), [0, 1]);
});

Deno.test("every receptive command settles, whatever its target does", async () => {
  await using rig = await startSociety();
  const { command } = rig;
  const fails = (to: unknown, data: unknown, what: RegExp, options = {}) =>
    assert.rejects(() => command(to, data, options), what);
  await fails({ clusterId: 0 }, { do: "fail" }, /too far/);
  await fails({ clusterId: 0 }, { do: "throw" }, /thrown/);
  await fails(
    { clusterId: 0 },
    { do: "map" },
    /Cannot write the answer as JSON: a Map at data.found/,
  );
  await fails({ clusterId: 0 }, { do: "silence" }, /returned nothing/);
  await fails({ clusterId: 7 }, { do: "who" }, /Cannot find cluster 7: there are 0, 1/);
  await fails({ service: "nobody" }, {}, /Cannot find service nobody/);
  await fails({ clusterId: 0 }, { do: "hang" }, /none within 300 ms/, { timeout: 300 });
  await fails({ clusterId: 1 }, { do: "die" }, /cluster 1 is gone|link is down/);
  const { results, errors } = await command({ all: true }, { do: "who" });
  assert.equal(results.length + errors.length, 2);
});

Deno.test("everybody is told once when all clusters are ready, and who comes later, too", async () => {
  await using rig = await startSociety();
  const { command, post } = rig;
  const told = () => command({ clusterId: 0 }, { do: "told" });
  assert.deepEqual(await told(), ["allClustersReady"]);
  assert.deepEqual(await command({ service: "counter" }, { told: true }), {
    told: ["allClustersReady"],
    count: 0,
    seen: [],
  });
  await post("/services/counter/kill");
  await assert.rejects(() => command({ service: "counter" }, { add: 1 }), /not linked/);
  await post("/services/counter/spawn");
  await until(
    () => command({ service: "counter" }, { add: 1 }).then(() => true, () => false),
    10_000,
  );
  assert.deepEqual((await command({ service: "counter" }, { told: true })).told, [
    "allClustersReady",
  ]);
  assert.deepEqual(await told(), ["allClustersReady"]);
});

Deno.test("a rolling restart replaces every cluster, and costs no identify", async () => {
  await using rig = await startSociety();
  const { post, state, sim, command } = rig;
  const identifies = sim.ledger.identifies.length;
  const pids = async () =>
    (await command({ all: true }, { do: "who" })).results.map(({ pid }: { pid: number }) => pid);
  const old = await pids();
  const before = await state();
  assert.deepEqual(await post("/clusters/restart-all"), { ok: true });
  const young = await pids();
  assert.deepEqual([young.length, young.filter((pid: number) => old.includes(pid))], [2, []]);
  const after = await state();
  assert.deepEqual(
    after.clusters.map(({ state }: { state: string }) => state),
    ["connected", "connected"],
  );
  assert.equal(sim.ledger.identifies.length, identifies);
  assert.deepEqual(
    after.shards.map(({ connection }: { connection: number }) => connection),
    before.shards.map(({ connection }: { connection: number }) => connection),
  );
});

Deno.test("events that come during a rolling restart reach the bot once each", async () => {
  await using rig = await startSociety({ INTENTS: "GUILDS,GUILD_MESSAGES,MESSAGE_CONTENT" });
  const { post, sim, command } = rig;
  const guilds = [...sim.world.guilds.values()];
  const said: string[] = [];
  const speaking = setInterval(() => {
    const guild = guilds[said.length % guilds.length]!;
    const content = `seen ${said.length}`;
    said.push(content);
    sim.world.emit("MESSAGE_CREATE", guild.id, {
      id: sim.world.nextId(),
      guild_id: guild.id,
      channel_id: guild.channels[0]!.id,
      content,
    });
  }, 2);
  assert.deepEqual(await post("/clusters/restart-all"), { ok: true });
  clearInterval(speaking);
  assert.ok(said.length > 20, `only ${said.length} events came meanwhile`);
  const seen = async (): Promise<string[]> =>
    (await command({ service: "counter" }, { told: true })).seen;
  await until(
    async () => (await seen()).length >= said.length,
    10_000,
    () => "some events do not come",
  );
  assert.deepEqual((await seen()).sort(), said.sort());
});

Deno.test("a busy loop is killed in time, and a cluster that runs out of memory takes nobody along", async () => {
  await using rig = await startSociety();
  const { post, command, state, sim } = rig;
  const busy = command({ clusterId: 0 }, { do: "busy" }, { timeout: 20_000 });
  busy.catch(() => {});
  const startedMs = performance.now();
  await post("/clusters/0/kill?timeout=500");
  assert.ok(performance.now() - startedMs < 8000);
  await assert.rejects(busy, /gone|not linked/);
  assert.equal((await state()).clusters[0].state, "stopped");
  await post("/clusters/0/spawn");
  const isThere = () => command({ clusterId: 0 }, { do: "who" }).then(() => true, () => false);
  await until(isThere, 15_000);
  const identifies = sim.ledger.identifies.length;
  await assert.rejects(() => command({ clusterId: 1 }, { do: "memory" }, { timeout: 60_000 }));
  assert.equal((await command({ clusterId: 0 }, { do: "who" })).cluster, 0);
  assert.equal(sim.ledger.identifies.length, identifies);
});

Deno.test("stats tell of clusters, services, workers and the unit, with what getStats() gave", async () => {
  await using rig = await startSociety({ STATS_INTERVAL_MS: "300" });
  const { unit } = rig;
  const stats = async () => await (await unit.control("GET", "/stats")).json();
  await until(async () => (await stats())?.manager.discord.guilds === 8, 10_000);
  const { clusters, services, workers, manager } = await stats();
  assert.deepEqual(Object.keys(clusters), ["0", "1"]);
  assert.equal(clusters[0].queueLength, 3);
  assert.ok(clusters[0].memory.rss > 1e6 && clusters[0].cpu.user > 0);
  assert.deepEqual(Object.values(clusters[0].discord.shardStatus), ["ready", "ready"]);
  assert.equal(clusters[0].discord.guilds + clusters[1].discord.guilds, 8);
  assert.deepEqual([services.counter.count, services.counter.discord], [0, undefined]);
  assert.equal(workers[0].memory, null, "Deno cannot tell a thread's share");
  assert.ok(manager.memory.rss > 1e6 && manager.discord.guilds === 8);
});

Deno.test("a user is found where a cluster knows it, else at Discord's", async () => {
  await using rig = await startSociety();
  const { command, sim } = rig;
  const known = await command({ clusterId: 0 }, { do: "fetch", id: "7" });
  assert.equal(known.username, "known to cluster 1");
  const { id } = sim.world.user;
  assert.equal((await command({ clusterId: 0 }, { do: "fetch", id })).id, id);
  assert.equal(await command({ clusterId: 0 }, { do: "fetch", id: "1" }), null);
});

Deno.test("a bot finds the token nowhere: not in its environment, its files, its parent, the control API", async () => {
  await using rig = await startSociety();
  const { command, unit, sim } = rig;
  const found = await command({ clusterId: 0 }, { do: "secrets" });
  const told = JSON.stringify(found);
  assert.ok(!told.includes(sim.settings.token), told);
  const api = [
    await (await unit.control("GET", "/state")).text(),
    await (await unit.control("GET", "/stats")).text(),
    await (await unit.control("GET", "/shards/0")).text(),
    await (await fetch(`${await unit.url()}/metrics`)).text(),
    JSON.stringify(unit.lines),
  ];
  for (const text of api) assert.ok(!text.includes(sim.settings.token));
});

Deno.test("members come when they are asked for, and everybody is told when all have come", async () => {
  const INTENTS = "GUILDS,GUILD_MEMBERS,GUILD_MESSAGES,MESSAGE_CONTENT";
  await using rig = await startSociety({ CACHE_ALL_MEMBERS: "1", INTENTS }, {
    membersPerGuild: 30,
  });
  const { command, sim } = rig;
  const told = async (clusterId: number) => await command({ clusterId }, { do: "told" });
  const isAll = async () => JSON.stringify(await told(0)).includes("true");
  await until(isAll, 20_000);
  for (const clusterId of [0, 1]) {
    const all = (await told(clusterId)).map((each: unknown) => JSON.stringify(each));
    assert.equal(all.pop(), '["allMembersCached",true]', "the last of all");
    assert.deepEqual(all.toSorted(), ['"allClustersReady"', '["allMembersCached",false]']);
  }
  assert.deepEqual((await command({ service: "counter" }, { told: true })).told, [
    "allClustersReady",
    "allMembersCached undefined",
  ]);
  const [guild] = sim.world.guilds.values();
  const asked = { do: "members", guildId: guild!.id };
  // All members of a guild may be asked for once in 30 s: this waits for its turn.
  const { members } = await command({ clusterId: 1 }, asked, { timeout: 60_000 });
  assert.equal(members.length, guild!.members.size);
  assert.deepEqual(sim.ledger.violations, []);
});

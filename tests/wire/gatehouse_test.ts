/** A unit inside somebody's own program, on real ports: what its object can do. */

import assert from "node:assert/strict";
import { createGatehouse, type Gatehouse, type GatehouseOptions, type Status } from "../../mod.ts";
import { createSimulator, serveSimulator } from "../../sim/mod.ts";
import { pause } from "../support/recorded_socket.ts";
import { until } from "../support/unit_process.ts";

const BOT = new URL("../support/society_bot.ts", import.meta.url);
const COUNTER = new URL("../support/counter_service.ts", import.meta.url);
const RECEPTIVE = { receptive: true, timeout: 5000 } as const;
const UNDICI_TICK_MS = 499;

/** Discord, and a unit with two clusters and a service; what its status has told. */
async function setUp(options: Partial<GatehouseOptions> = {}) {
  const sim = createSimulator({ shards: 2, maxConcurrency: 2, guilds: 6 });
  const discord = serveSimulator(sim);
  const stateDir = await Deno.makeTempDir();
  const unit = createGatehouse({
    token: `Bot ${sim.settings.token}`,
    intents: ["GUILDS"],
    discordApiUrl: discord.apiUrl,
    bot: BOT,
    totalClusters: 2,
    services: [{ name: "counter", module: COUNTER.href }],
    statsIntervalMs: 200,
    listenPort: 0,
    stateDir,
    logLevel: "error",
    workerPermissions: "inherit",
    ...options,
  });
  const told: Status[] = [];
  let reading: Promise<void> | undefined;
  return {
    sim,
    unit,
    told,
    async start() {
      await unit.start();
      reading = (async () => {
        for await (const status of unit.status()) told.push(status);
      })();
      await until(() => told.some(({ kind }) => kind === "ready"), 20_000, () => "it is not ready");
    },
    who: async (clusterId: number) =>
      await unit.ipc.sendClusterCommand({ clusterId }, { do: "who" }, RECEPTIVE) as { pid: number },
    async [Symbol.asyncDispose]() {
      await unit.stop();
      await reading;
      await discord.close();
      await Deno.remove(stateDir, { recursive: true });
    },
  };
}

const answers = (unit: Gatehouse, clusterId: number) => () =>
  unit.ipc.sendClusterCommand({ clusterId }, { do: "who" }, RECEPTIVE).then(
    () => true,
    () => false,
  );

Deno.test("a unit in a program tells what happens, until it has stopped", async () => {
  const rig = await setUp();
  {
    await using _ = rig;
    const { unit, told, start } = rig;
    await start();
    const times = (kind: Status["kind"]) => told.filter((it) => it.kind === kind).length;
    const latest = () => told.findLast((it) => it.kind === "STATS_UPDATED")?.stats;
    const isReady = () =>
      Object.values(latest()?.manager.discord?.shardStatus ?? {}).join() === "ready,ready";
    const isTold = () => times("STATS_UPDATED") >= 2 && isReady();
    await until(isTold, 10_000, () => "there are no stats of shards that are ready");
    assert.deepEqual([times("allClustersReady"), times("ready")], [1, 1]);
    const stats = latest()!;
    assert.equal(unit.stats, stats);
    assert.equal(stats.clusters[1]!.queueLength, 3);
    assert.equal(stats.services.counter!.count, 0);
    assert.deepEqual(unit.snapshot.services.map(({ name, state }) => [name, state]), [
      ["counter", "connected"],
    ]);
  }
  const stopping = rig.told.findIndex(({ kind }) => kind === "stopping");
  const ends = rig.told.slice(stopping).flatMap((it) => it.kind === "shard" ? [it.shard] : []);
  const stopped = ends.filter(({ state }) => state === "stopped").map(({ shardId }) => shardId);
  assert.deepEqual(stopped.sort(), [0, 1], "it has not told to the end");
});

Deno.test("a program commands its clusters and services, and gets their answers and errors", async () => {
  await using rig = await setUp();
  const { unit: { ipc }, sim, start, who } = rig;
  await start();
  const map = new Map([[1n, new Date(0)]]);
  const echo = { do: "echo", value: map };
  assert.deepEqual(await ipc.sendClusterCommand({ clusterId: 1 }, echo, RECEPTIVE), map);
  const { results, errors } = await ipc.sendClusterCommand({ all: true }, { do: "who" }, RECEPTIVE);
  assert.deepEqual([results, errors], [[await who(0), await who(1)], []]);
  const failed = await ipc.sendClusterCommand({ all: true }, { do: "fail" }, RECEPTIVE);
  assert.deepEqual(failed.errors.map(({ name, clusterId }) => [name, clusterId]), [
    ["RangeError", 0],
    ["RangeError", 1],
  ]);
  assert.equal((failed.errors[0]!.cause as Error).message, "because");
  assert.equal(await ipc.sendServiceCommand("counter", { add: 2 }, RECEPTIVE), 2);
  const nobody = ipc.sendServiceCommand("nobody", {}, RECEPTIVE);
  await assert.rejects(nobody, { code: "no_target" });
  await assert.rejects(ipc.sendClusterCommand({} as never, 0), { code: "bad_message" });
  assert.deepEqual(await ipc.fetchUser(7n), { id: "7", username: "known to cluster 1" });
  assert.equal(await ipc.fetchUser(sim.world.user.id), null);
  const user = await ipc.fetchUser(sim.world.user.id, { rest: true }) as { id: string };
  assert.equal(user.id, sim.world.user.id);
});

Deno.test("a program restarts, kills and spawns clusters and services, at no identify", async () => {
  await using rig = await setUp();
  const { unit, sim, start, who } = rig;
  await start();
  const identifies = sim.ledger.identifies.length;
  const [first, second] = [await who(0), await who(1)];
  await unit.restart(0);
  await until(answers(unit, 0), 10_000);
  assert.notEqual((await who(0)).pid, first.pid);
  assert.equal((await who(1)).pid, second.pid);

  await unit.clusters.get(1).kill();
  assert.equal(unit.snapshot.clusters[1]!.state, "stopped");
  await assert.rejects(who(1), { code: "away" });
  unit.clusters.get(1).spawn();
  await until(answers(unit, 1), 10_000);
  assert.notEqual((await who(1)).pid, second.pid);

  const add = () => unit.ipc.sendServiceCommand("counter", { add: 5 }, RECEPTIVE);
  assert.equal(await add(), 5);
  await unit.services.get("counter").respawn();
  await until(() => unit.snapshot.services[0]!.state === "connected", 10_000);
  assert.equal(await add(), 5, "it has begun anew");

  const before = await Promise.all([who(0), who(1)]);
  await unit.restartAll();
  const after = await Promise.all([who(0), who(1)]);
  assert.ok(after.every(({ pid }) => !before.some((old) => old.pid === pid)));
  assert.throws(() => unit.clusters.get(2), { code: "refused" });
  assert.throws(() => unit.services.get("web"), { code: "refused" });
  assert.equal(sim.ledger.identifies.length, identifies, "an identify was spent");
});

Deno.test("a program speaks to the gateway, on every shard or on a guild's", async () => {
  await using rig = await setUp();
  const { unit, sim, start } = rig;
  await start();
  const sent = (op: number) =>
    sim.ledger.sends.filter((it) => it.op === op).map(({ shardId }) => shardId).sort();
  await unit.gateway.editBotStatus({ status: "idle", activities: [] });
  await until(() => sent(3).length === 2, 5000, () => `op 3 came on ${sent(3)}`);
  assert.deepEqual(sent(3), [0, 1]);
  const [guildId] = sim.world.guilds.keys();
  const shardId = Number((BigInt(guildId!) >> 22n) % 2n);
  assert.equal(unit.gateway.calculateShardId(guildId!), shardId);
  assert.equal(unit.calculateShardId(BigInt(guildId!)), shardId);
  await unit.gateway.joinVoiceChannel(guildId!, sim.world.guilds.get(guildId!)!.channels[0]!.id);
  await until(() => sent(4).length === 1, 5000, () => "op 4 did not come");
  assert.deepEqual(sent(4), [shardId]);
  const unknown = unit.gateway.sendPayload(9, { op: 3, d: {} });
  await assert.rejects(unknown, { code: "no_shard" });
  assert.deepEqual(sim.ledger.violations, []);
});

Deno.test("a unit that is not started says so, and rejects where it promises something", async () => {
  await using rig = await setUp();
  const { unit } = rig;
  const notReady = { code: "not_ready" };
  assert.equal(unit.url, null);
  assert.throws(() => unit.snapshot, notReady);
  assert.throws(() => unit.stats, notReady);
  assert.throws(() => unit.clusters.get(0), notReady);
  assert.throws(() => unit.gateway.calculateShardId("1"), notReady);
  const promises = [
    () => unit.ipc.sendClusterCommand({ all: true }, 0),
    () => unit.ipc.fetchGuild("1"),
    () => unit.gateway.editBotStatus({ status: "idle", activities: [] }),
    () => unit.gateway.sendPayload(0, { op: 3, d: {} }),
    () => unit.gateway.leaveVoiceChannel("1"),
  ];
  for (const promise of promises) {
    const code = await promise().then(() => null, (error) => error.code);
    assert.equal(code, "not_ready", String(promise));
  }
});

Deno.test("a unit starts once, and a token that is none is told at once", async () => {
  await using rig = await setUp({ totalClusters: 1 });
  await rig.start();
  await assert.rejects(rig.unit.start(), { code: "refused", message: /started already/ });
  assert.throws(() => createGatehouse({ token: "" }), { code: "bad_config" });
});

Deno.test("statuses that were asked for before the start, or right after it, wait for who reads late", async () => {
  await using rig = await setUp();
  const { unit } = rig;
  const before = unit.status();
  await unit.start();
  const after = unit.status();
  await until(() => readinessOf(unit), 20_000, () => "it is not ready");
  const shardsReady = async (statuses: AsyncIterable<Status>) => {
    const ready: number[] = [];
    for await (const status of statuses) {
      if (status.kind === "shard" && status.shard.state === "ready") {
        ready.push(status.shard.shardId);
      }
      if (status.kind === "ready") return ready.toSorted();
    }
    return "it has ended";
  };
  assert.deepEqual(await shardsReady(before), [0, 1]);
  assert.deepEqual(await shardsReady(after), [0, 1]);
});

const readinessOf = ({ snapshot }: Gatehouse): boolean =>
  snapshot.shards.length === 2 && snapshot.shards.every(({ state }) => state === "ready") &&
  snapshot.clusters.every(({ state }) => state === "connected");

Deno.test({
  name: "a unit that has stopped leaves nothing behind that would keep the program alive",
  sanitizeOps: true,
  sanitizeResources: true,
  async fn() {
    {
      await using rig = await setUp();
      await rig.start();
    }
    // undici's clock ticks on for a moment; it is no reason for a program to go on.
    await pause(2 * UNDICI_TICK_MS + 200);
  },
});

Deno.test("a unit in a program that is stopped as it starts does not go on with that", async () => {
  await using rig = await setUp();
  const { unit, sim } = rig;
  const started = assert.rejects(unit.start(), /the unit stops: asked to/);
  await unit.stop();
  await started;
  assert.equal(sim.ledger.identifies.length, 0);
  await assert.rejects(fetch(`${unit.url}/healthz`), "its port is open");
});

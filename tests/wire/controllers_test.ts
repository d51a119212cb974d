/** The methods of a unit, replaced: what is called instead, by whom, and that the unit stays correct. */

import assert from "node:assert/strict";
import { createGatehouse, type Status } from "../../mod.ts";
import { createSimulator, serveSimulator } from "../../sim/mod.ts";
import { until } from "../support/unit_process.ts";

const BOT = new URL("../support/society_bot.ts", import.meta.url);
const SHARDS = 4;

/** Discord, and a unit of four shards that has not been started. */
async function setUp() {
  const sim = createSimulator({ shards: SHARDS, maxConcurrency: SHARDS, guilds: 8 });
  const discord = serveSimulator(sim);
  const stateDir = await Deno.makeTempDir();
  const unit = createGatehouse({
    token: sim.settings.token,
    intents: ["GUILDS", "GUILD_MESSAGES"],
    discordApiUrl: discord.apiUrl,
    bot: BOT,
    totalWorkers: 2,
    listenPort: 0,
    stateDir,
    logLevel: "error",
  });
  const told: Status[] = [];
  // Asked before the start: it tells everything.
  const reading = (async () => {
    for await (const status of unit.status()) told.push(status);
  })();
  return {
    sim,
    unit,
    isReady: () => told.some(({ kind }) => kind === "ready"),
    async [Symbol.asyncDispose]() {
      await Promise.all([unit.stop(), unit.stop()]);
      await unit.stop();
      await reading;
      await discord.close();
      await Deno.remove(stateDir, { recursive: true });
    },
  };
}

Deno.test("every step of a shard's way up can be replaced", async () => {
  await using rig = await setUp();
  const { unit, sim } = rig;
  const { gateway } = unit;
  const called: string[] = [];
  const gate = Promise.withResolvers<void>();
  const { spawnShards, tellWorkerToIdentify } = gateway;
  gateway.spawnShards = () => {
    called.push("spawnShards");
    spawnShards();
  };
  gateway.tellWorkerToIdentify = (workerId, shardId) => {
    called.push(`tell ${workerId} ${shardId}`);
    tellWorkerToIdentify(workerId, shardId);
  };
  gateway.calculateWorkerId = (shardId) => shardId % 2;
  gateway.requestIdentify = (shardId) => {
    called.push(`identify ${shardId}`);
    return gate.promise;
  };
  await unit.start();
  const asked = () => called.filter((it) => it.startsWith("identify"));
  await until(() => asked().length === SHARDS, 20_000, () => called.join());
  assert.deepEqual(called.slice(0, 5), [
    "spawnShards",
    "tell 0 0",
    "tell 0 2",
    "tell 1 1",
    "tell 1 3",
  ]);
  assert.deepEqual(asked().sort(), ["identify 0", "identify 1", "identify 2", "identify 3"]);
  assert.equal(sim.ledger.identifies.length, 0, "no shard identifies while it is held up");
  assert.deepEqual(unit.snapshot.workers.map(({ shards }) => shards), [[0, 2], [1, 3]]);
  gate.resolve();
  await until(rig.isReady, 20_000, () => "it is not ready");
  assert.equal(sim.ledger.identifies.length, SHARDS);
});

Deno.test("REST, events and what clusters send go through what is put in place", async () => {
  await using rig = await setUp();
  const { unit } = rig;
  const { deliver, acknowledged } = unit.events;
  const seen = { batches: 0, cursors: {} as Record<string, number>, presences: [] as number[] };
  unit.events.deliver = (clusterId, link, batch) => {
    seen.batches++;
    deliver(clusterId, link, batch);
  };
  unit.events.acknowledged = (clusterId, link, cursors) => {
    Object.assign(seen.cursors, cursors);
    acknowledged(clusterId, link, cursors);
  };
  unit.rest.handle = (request) =>
    Promise.resolve(new Response(`mine: ${new URL(request.url).pathname}`));
  await unit.start();
  await until(rig.isReady, 20_000, () => "it is not ready");
  await until(() => Object.keys(seen.cursors).length === SHARDS, 10_000, () => "no cursors");
  assert.ok(seen.batches > 0);
  const response = await fetch(`${unit.url}/api/v10/users/@me`);
  assert.equal(await response.text(), "mine: /api/v10/users/@me");

  unit.gateway.sendPayload = (shardId) => {
    seen.presences.push(shardId);
    return Promise.resolve();
  };
  await unit.ipc.sendClusterCommand({ clusterId: 0 }, { do: "status" }, {
    receptive: true,
    timeout: 5000,
  });
  assert.deepEqual(seen.presences.splice(0).sort(), [0, 1, 2, 3]);

  const payload = { op: 3, d: { since: null, afk: false, status: "idle", activities: [] } };
  await unit.sendPayload(2, payload);
  await unit.gateway.editShardStatus(3, { status: "idle", activities: [] });
  const body = JSON.stringify(payload);
  const sent = await fetch(`${unit.url}/control/shards/1/send`, { method: "POST", body });
  assert.deepEqual([sent.status, await sent.json()], [200, { ok: true }]);
  assert.deepEqual(seen.presences, [2, 3, 1]);
  const wrong = { code: "bad_message", message: /d is undefined, expected the data of op 3/ };
  await assert.rejects(unit.sendPayload(0, { op: 3 } as never), wrong);
  assert.equal(seen.presences.length, 3);

  const answer = { members: [], notFound: ["7"] };
  unit.gateway.requestMembers = () => Promise.resolve(answer);
  const command = { do: "members", guildId: String(1n << 22n) };
  const terms = { receptive: true, timeout: 5000 };
  assert.deepEqual(await unit.ipc.sendClusterCommand({ clusterId: 0 }, command, terms), answer);
});

/** The methods of a unit, replaced: what is called instead, by whom, and that the unit stays correct. */

import assert from "node:assert/strict";
import { createGatehouse, type Status } from "../../mod.ts";
import { readBatch } from "../../protocol/event_frame.ts";
import { peerText } from "../../protocol/peer.ts";
import { createSimulator, serveSimulator } from "../../sim/mod.ts";
import { until } from "../support/unit_process.ts";

const BOT = new URL("../support/society_bot.ts", import.meta.url);
const SHARDS = 4;

/** Discord, and a unit of four shards that has not been started. */
async function setUp() {
  const sim = createSimulator({
    shards: SHARDS,
    maxConcurrency: SHARDS,
    guilds: 8,
    recordEvents: true,
  });
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

/** Lets Discord talk for a while, and waits until everything that Discord sent is acknowledged. */
async function talk({ sim, unit }: Awaited<ReturnType<typeof setUp>>): Promise<void> {
  const total = () => sim.ledger.events.length;
  const before = total();
  sim.traffic.setRate(300);
  await until(() => total() > before + 300, 10_000);
  sim.traffic.setRate(0);
  const isDone = () => unit.snapshot.shards.every(({ counters }) => counters?.queued === 0);
  // Counters are told once a second.
  const receivedAll = () =>
    unit.snapshot.shards.reduce((sum, { counters }) => sum + (counters?.received ?? 0), 0) ===
      total();
  await until(() => receivedAll() && isDone(), 10_000, () => "not everything was acknowledged");
}

Deno.test("every event passes what is put in the place of events.deliver", async () => {
  await using rig = await setUp();
  const { sim, unit } = rig;
  const { deliver } = unit.events;
  const passed = new Map<number, string[]>();
  const peers = new Set<string>();
  unit.events.deliver = (peer, link, batch) => {
    peers.add(peerText(peer));
    for (const { shardId, body } of readBatch(batch).records) {
      const { t } = JSON.parse(new TextDecoder().decode(body));
      passed.set(shardId, [...passed.get(shardId) ?? [], t]);
    }
    deliver(peer, link, batch);
  };
  await unit.start();
  await until(rig.isReady, 20_000, () => "it is not ready");
  await talk(rig);
  for (let shardId = 0; shardId < SHARDS; shardId++) {
    const sent = sim.ledger.events.filter((event) => event.shardId === shardId).map(({ t }) => t);
    assert.deepEqual(passed.get(shardId), sent);
  }
  assert.deepEqual([...peers], ["cluster 0"]);
});

Deno.test("every acknowledgement passes what is put in the place of events.acknowledged", async () => {
  await using rig = await setUp();
  const { unit } = rig;
  const { acknowledged } = unit.events;
  const passed: Record<string, number> = {};
  unit.events.acknowledged = (peer, link, done) => {
    Object.assign(passed, done.cursors);
    acknowledged(peer, link, done);
  };
  await unit.start();
  await until(rig.isReady, 20_000, () => "it is not ready");
  await talk(rig);
  const newest = unit.snapshot.shards.map((
    { shardId, counters },
  ) => [shardId, counters!.newestCursor]);
  assert.deepEqual(passed, Object.fromEntries(newest));
});

Deno.test("REST, events and what clusters send go through what is put in place", async () => {
  await using rig = await setUp();
  const { unit } = rig;
  const { deliver, acknowledged } = unit.events;
  const seen = { batches: 0, cursors: {} as Record<string, number>, presences: [] as number[] };
  unit.events.deliver = (peer, link, batch) => {
    seen.batches++;
    deliver(peer, link, batch);
  };
  unit.events.acknowledged = (peer, link, done) => {
    Object.assign(seen.cursors, done.cursors);
    acknowledged(peer, link, done);
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

/** Libraries on `/gateway` that stop reading for a while, on real sockets: nothing is dropped. */

import assert from "node:assert/strict";
import { createSimulator, serveSimulator } from "../../sim/mod.ts";
import { stallingLibrary } from "../support/stalling_library.ts";
import { startUnit, until } from "../support/unit_process.ts";

const SHARDS = 8;
const TOKEN = "the-secret";
const STALL_MS = 8_000;

Deno.test("libraries that stop reading lose nothing while the disk has room", async () => {
  const sim = createSimulator({ shards: SHARDS, maxConcurrency: SHARDS, recordEvents: true });
  const server = serveSimulator(sim);
  const stateDir = Deno.makeTempDirSync();
  const unit = await startUnit({
    DISCORD_TOKEN: sim.settings.token,
    DISCORD_API_URL: server.apiUrl,
    INTENTS: String(0x331_ffff),
    LISTEN_PORT: "0",
    STATE_DIR: stateDir,
    REST_AUTHORIZATION: TOKEN,
    QUEUE_MEMORY_BYTES: String(4 * 1024 * 1024),
  });
  await unit.ready();
  const url = await unit.url();
  const libraries = Array.from(
    { length: SHARDS },
    (_, id) => stallingLibrary(url, TOKEN, [id, SHARDS]),
  );
  await until(() => libraries.every(({ got }) => got.includes("READY")), 60_000);
  for (const each of libraries) each.pause(true);
  sim.traffic.setRate(4_000);
  await new Promise((resolve) => setTimeout(resolve, STALL_MS));
  for (const each of libraries) each.pause(false);
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  sim.traffic.setRate(0);
  const sentTo = (shardId: number) =>
    sim.ledger.events.filter((event) => event.shardId === shardId).length;
  const came = () => libraries.map(({ got }) => got.length);
  await until(
    () => libraries.every(({ got }, shardId) => got.length >= sentTo(shardId)),
    60_000,
    () => `${came()} of ${libraries.map((_, shardId) => sentTo(shardId))}`,
  );
  const sent = sim.ledger.events.length;
  assert.ok(sent > 15_000, `${sent} events`);
  for (const [shardId, { got }] of libraries.entries()) {
    const events = sim.ledger.events.filter((event) => event.shardId === shardId);
    assert.deepEqual(got, events.map(({ t }) => t));
  }
  const { shards } = await (await fetch(`${url}/control/state`, {
    headers: { authorization: TOKEN },
  })).json();
  assert.deepEqual(
    shards.map((shard: { counters: { dropped: number } }) => shard.counters.dropped),
    [
      ...Array(SHARDS).fill(0),
    ],
  );
  assert.deepEqual(sim.ledger.violations, []);
  for (const each of libraries) each.end();
  assert.equal(await unit.end("SIGTERM"), 0);
  await server.close();
  Deno.removeSync(stateDir, { recursive: true });
});

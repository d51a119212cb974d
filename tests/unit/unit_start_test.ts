/** How a unit starts: its modules first, then its shards. */

import assert from "node:assert/strict";
import type { ClusterExit } from "../../clusters/place.ts";
import { LOAD_DEADLINE_MS } from "../../unit/peers/modules_loaded.ts";
import { createVirtualUnit } from "../support/virtual_unit.ts";

/** A unit whose service has been started, and what becomes of its module. */
async function setUp() {
  const loaded = Promise.withResolvers<void>();
  const exited = Promise.withResolvers<ClusterExit>();
  const rig = createVirtualUnit({
    startCluster: () => ({
      exited: exited.promise,
      loaded: loaded.promise,
      stop: () => Promise.resolve(exited.resolve({ code: null, reason: "asked to" })),
    }),
  });
  const start = rig.unit.start();
  start.catch(() => {});
  await rig.clock.advance(1_000);
  const states = () => rig.unit.snapshot.shards.map(({ state, reason }) => `${state}: ${reason}`);
  return { ...rig, start, states, loaded, exited };
}

Deno.test("a unit starts no shard before its modules are loaded", async () => {
  const { clock, start, states, loaded, ready } = await setUp();
  assert.deepEqual(states(), ["idle: not started"]);
  loaded.resolve();
  await clock.advance(0);
  await start;
  await ready();
});

Deno.test("a unit whose module cannot be loaded refuses to start, before it identifies", async () => {
  const { clock, start, unit, sim, exited, logged } = await setUp();
  exited.resolve({ code: 1, reason: "ended with code 1: Module not found" });
  await clock.advance(60_000);
  const message = "Cannot start service api (SERVICES): ended with code 1: Module not found";
  await assert.rejects(start, { code: "bad_config", message });
  assert.deepEqual(logged.filter(({ level }) => level === "error"), [], "who starts it tells it");
  assert.equal(sim.ledger.identifies.length, 0);
  await unit.stop("it is refused");
});

Deno.test("a unit does not wait for its modules for ever, and says so", async () => {
  const { clock, start, logged, ready } = await setUp();
  await clock.advance(LOAD_DEADLINE_MS);
  await start;
  assert.ok(logged.some(({ event }) => event.startsWith("modules are still loading")));
  await ready();
});

Deno.test("a unit that is stopped while its modules load does not go on with its start", async () => {
  const { clock, start, unit, sim, loaded } = await setUp();
  await unit.stop("SIGTERM");
  loaded.resolve();
  await assert.rejects(start, /the unit stops: SIGTERM/);
  await clock.advance(60_000);
  assert.equal(sim.ledger.identifies.length, 0);
});

Deno.test("a unit without a cluster is ready, and does not say that its clusters are", async () => {
  const rig = createVirtualUnit({ services: [] });
  const kinds: string[] = [];
  (async () => {
    for await (const { kind } of rig.unit.status()) kinds.push(kind);
  })();
  await rig.start();
  await rig.ready();
  await rig.clock.advance(10);
  assert.ok(kinds.includes("ready"));
  assert.ok(!kinds.includes("allClustersReady"));
});

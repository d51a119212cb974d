/** Libraries on `/gateway` and a cluster behind one unit, in virtual time. */

import assert from "node:assert/strict";
import { CONFIG_DEFAULTS } from "../../config/config.ts";
import { memorySpool } from "../support/memory_spool.ts";
import { memoryStore } from "../../ports/store.ts";
import { OP } from "../../protocol/discord/opcodes.ts";
import { botLeaves } from "../../sim/mod.ts";
import { makeOld } from "../support/old_state.ts";
import { connect, type Library, names, sent } from "../support/library.ts";
import { createRig, type Rig } from "../support/rig.ts";

Deno.test("a library gets the shard from its cluster, which gets it back when the library goes", async () => {
  const rig = await createRig({ sim: { guilds: 4 } });
  rig.start();
  await rig.ready();
  await rig.clock.advance(2_000);
  const before = rig.got.length;
  assert.equal(rig.gateway.serving.shards[0]!.clusterId, 0);
  const client = connect(rig);
  client.identify();
  await rig.clock.advance(100);
  assert.equal(client.got[1]?.t, "READY");
  assert.equal(client.got[1]!.d.guilds.length, 4);
  assert.equal(rig.gateway.serving.shards[0]!.clusterId, null);
  rig.sim.traffic.setRate(50);
  await rig.clock.advance(4_000);
  client.acknowledge();
  await rig.clock.advance(1_000);
  assert.ok(client.events().length > 150, `${client.events().length} events`);
  assert.equal(rig.got.length, before);
  client.acknowledge();
  client.close(1000);
  await rig.clock.advance(4_000);
  rig.sim.traffic.setRate(0);
  await rig.clock.advance(1_000);
  assert.equal(rig.gateway.serving.shards[0]!.clusterId, 0);
  const all = [...rig.got.slice(0, before).map(({ t }) => t), ...names(client)];
  const after = rig.got.slice(before).map(({ t }) => t);
  assert.ok(after.length > 150, `${after.length} events`);
  assert.deepEqual([...all, ...after].filter((t) => t !== "READY"), sent(rig));
  rig.assertNoViolations();
});

Deno.test("a session that is away keeps its shard until its time is up", async () => {
  const rig = await createRig({ sim: { guilds: 4 }, openSpool: memorySpool() });
  rig.start();
  await rig.ready();
  await rig.clock.advance(1_000);
  const client = connect(rig);
  client.identify();
  await rig.clock.advance(100);
  client.close(1006);
  rig.sim.traffic.setRate(10);
  const before = rig.got.length;
  await rig.clock.advance(CONFIG_DEFAULTS.consumerSessionTtlMs - 5_000);
  assert.equal(rig.got.length, before);
  await rig.clock.advance(10_000);
  rig.sim.traffic.setRate(0);
  await rig.clock.advance(2_000);
  assert.deepEqual(
    rig.got.map(({ t }) => t).filter((t) => t !== "READY"),
    sent(rig),
    "the cluster did not get what had waited",
  );
  const late = connect(rig);
  late.resume(client.sessionId(), client.last());
  await rig.clock.advance(100);
  assert.equal(late.got.at(-1)!.op, OP.INVALID_SESSION);
});

Deno.test("a newer IDENTIFY takes the shard over, and the older client's RESUME is invalid", async () => {
  const rig = await createRig({ sim: { guilds: 4 } });
  rig.gateway.pool.spawnShards();
  await rig.ready();
  const older = connect(rig);
  older.identify();
  await rig.clock.advance(1_000);
  older.acknowledge();
  rig.sim.traffic.setRate(20);
  await rig.clock.advance(1_000);
  const newer = connect(rig);
  newer.identify();
  await rig.clock.advance(2_000);
  rig.sim.traffic.setRate(0);
  await rig.clock.advance(500);
  assert.equal(newer.got[1]?.t, "READY");
  assert.notEqual(older.closedWith, null);
  // What was not acknowledged comes again: together they have everything, the newer one the end.
  assert.deepEqual(names(newer), sent(rig).slice(-names(newer).length));
  assert.ok(names(older).length + names(newer).length >= sent(rig).length);
  const back = connect(rig);
  back.resume(older.sessionId(), older.last());
  await rig.clock.advance(100);
  assert.equal(back.got.at(-1)!.op, OP.INVALID_SESSION);
});

for (const from of ["this version", "e038c8e"]) {
  Deno.test(`a worker that is lost and a unit that is restarted do not end a session, each event once: state of ${from}`, async () => {
    const store = memoryStore();
    const first = await createRig({ store, sim: { guilds: 4 } });
    first.gateway.pool.spawnShards();
    await first.ready();
    const client = connect(first);
    client.identify();
    first.sim.traffic.setRate(20);
    await first.clock.advance(2_000);
    client.acknowledge();
    await first.clock.advance(1_000);
    first.gateway.pool.restart(0);
    const before = client.events().length;
    await first.clock.advance(3_000);
    assert.ok(client.events().length > before + 40, "the next worker does not know the client");
    await first.stop();
    if (from === "e038c8e") await makeOld(store, 1, [0]);
    assert.ok(client.closedWith! >= 4000, `closed with ${client.closedWith}`);
    const second = await createRig({ store, earlier: first });
    second.gateway.pool.spawnShards();
    const back = connect(second);
    back.resume(client.sessionId(), client.last());
    await second.ready();
    await second.clock.advance(2_000);
    second.sim.traffic.setRate(0);
    await second.clock.advance(1_000);
    assert.ok(back.got.some(({ t }) => t === "RESUMED"));
    assert.deepEqual(names(client, back), sent(second));
    const numbers = [...client.events(), ...back.events()].map(({ s }) => s!);
    assert.deepEqual(numbers, [...new Set(numbers)].sort((a, b) => a - b));
    const newer = connect(second);
    newer.identify();
    await second.clock.advance(100);
    assert.equal(newer.got[1]?.t, "READY", "what Discord's READY told is forgotten");
    assert.equal(second.identifies(), 1);
    second.assertNoViolations();
  });
}

/** Shards that are ready, on the least memory that is allowed. */
async function rigOfLittleMemory(shards: number): Promise<Rig> {
  const rig = await createRig({
    shards,
    sim: { maxConcurrency: shards, guilds: 4 * shards },
    queueMemoryBytes: 4 * 1024 * 1024,
    openSpool: memorySpool(),
  });
  rig.gateway.pool.spawnShards();
  await rig.ready();
  return rig;
}

Deno.test("libraries that share little memory get their events at once, not with their next heartbeat", async () => {
  const shards = 8;
  const rig = await rigOfLittleMemory(shards);
  const libraries = Array.from({ length: shards }, () => connect(rig));
  libraries.forEach((library, id) => library.identify(undefined, [id, shards]));
  await rig.clock.advance(1_000);
  rig.sim.traffic.setRate(800);
  for (let beats = 0; beats < 2; beats++) {
    await rig.clock.advance(9_000);
    for (const library of libraries) library.acknowledge();
  }
  await rig.clock.advance(5_000);
  rig.sim.traffic.setRate(0);
  await rig.clock.advance(500);
  const came = libraries.reduce((sum, library) => sum + library.events().length, 0);
  assert.ok(sent(rig).length > 15_000);
  assert.equal(came, sent(rig).length, "events wait for a heartbeat");
});

Deno.test("a library that reads gets its events at once, also beside many that do not", async () => {
  const shards = 8;
  const rig = await rigOfLittleMemory(shards);
  rig.sim.traffic.setRate(400);
  const libraries: Library[] = [];
  for (let id = 0; id < shards; id++) {
    libraries.push(connect(rig, id < 6));
    libraries[id]!.identify(undefined, [id, shards]);
    await rig.clock.advance(3_000);
  }
  for (let beats = 0; beats < 2; beats++) {
    for (const library of libraries.slice(6)) library.acknowledge();
    await rig.clock.advance(9_500);
  }
  rig.sim.traffic.setRate(0);
  await rig.clock.advance(1_000);
  for (const id of [6, 7]) {
    const due = rig.sim.ledger.events.filter((event) => event.shardId === id).length - 1;
    const came = libraries[id]!.events().length;
    assert.equal(came, due, `shard ${id}`);
  }
});

Deno.test("READY carries the guilds that the shard has now, not those of Discord's READY", async () => {
  const rig = await createRig({ sim: { guilds: 4 } });
  rig.start();
  await rig.ready();
  await rig.clock.advance(1_000);
  const [guild] = [...rig.sim.world.guilds.values()];
  botLeaves(rig.sim.world, guild!);
  await rig.clock.advance(3_000);
  const client = connect(rig);
  client.identify();
  await rig.clock.advance(1_000);
  const ready = client.got.find(({ t }) => t === "READY")!;
  const ids = (ready.d.guilds as { id: string }[]).map(({ id }) => id);
  assert.equal(ids.length, 3);
  assert.ok(!ids.includes(guild!.id));
});

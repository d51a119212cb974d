/**
 * Libraries on `/gateway` that begin a new session: what the session before had received does not come
 * again, what may come again is marked, and nothing is left out.
 */

import assert from "node:assert/strict";
import { memoryStore, type Store } from "../../ports/store.ts";
import { connect, type Library, names, sent } from "../support/library.ts";
import { createRig, type Rig, type RigOptions } from "../support/rig.ts";

/** A rig whose library has received much since its last heartbeat, and goes on receiving. */
async function busy(options: RigOptions = {}) {
  const rig = await createRig({ sim: { guilds: 4 }, ...options });
  rig.gateway.pool.spawnShards();
  await rig.ready();
  const older = connect(rig);
  older.identify();
  await rig.clock.advance(1_000);
  older.acknowledge();
  rig.sim.traffic.setRate(40);
  await rig.clock.advance(5_000);
  assert.ok(older.events().length > 150, `${older.events().length} events`);
  return { rig, older };
}

/** A new session, and everything that there is for it. */
async function identifyAnew(rig: Rig, isDead = false): Promise<Library> {
  const newer = connect(rig, isDead);
  newer.identify();
  await rig.clock.advance(2_000);
  rig.sim.traffic.setRate(0);
  await rig.clock.advance(500);
  assert.equal(newer.got[1]?.t, "READY");
  return newer;
}

/** The newer session goes on after what the older had from its `had`th event on; those are marked. */
function assertMarked(rig: Rig, older: Library, newer: Library, had: number): void {
  const repeated = older.events().length - had;
  assert.deepEqual(names(newer), sent(rig).slice(had), "something is missing");
  const numbers = newer.events().map(({ s }) => s!);
  const mark = newer.body("GATEHOUSE_REPEAT");
  assert.deepEqual(mark, { shard: 0, from: 2, to: numbers[repeated - 1] });
  assert.equal(newer.got[2]?.t, "GATEHOUSE_REPEAT", "the mark comes after the events");
}

for (const code of [1000, 1001, 4200, 1005]) {
  Deno.test(`a library that closed with ${code} and identifies anew gets nothing twice`, async () => {
    const { rig, older } = await busy();
    older.close(code);
    await rig.clock.advance(3_000);
    const newer = await identifyAnew(rig);
    assert.deepEqual(names(older, newer), sent(rig));
    assert.equal(newer.body("GATEHOUSE_REPEAT"), undefined);
  });
}

Deno.test("a cluster gets nothing that a library had received before it closed with 1000", async () => {
  const { rig, older } = await busy();
  rig.start();
  await rig.clock.advance(500);
  older.close(1000);
  rig.sim.traffic.setRate(0);
  await rig.clock.advance(500);
  assert.deepEqual([...names(older), ...rig.got.map(({ t }) => t)], sent(rig));
});

Deno.test("a library that takes over one that answers its close gets nothing twice", async () => {
  const { rig, older } = await busy();
  const newer = await identifyAnew(rig);
  assert.equal(older.closedWith, 4409);
  assert.deepEqual(names(older, newer), sent(rig));
  assert.equal(newer.body("GATEHOUSE_REPEAT"), undefined);
});

Deno.test("a library whose connection broke gets again, marked, what came since its last heartbeat", async () => {
  const { rig, older } = await busy();
  const had = older.events().length;
  older.acknowledge();
  older.beBusy();
  await rig.clock.advance(1_000);
  assert.ok(older.events().length > had + 20);
  older.close(1006);
  const newer = await identifyAnew(rig);
  assertMarked(rig, older, newer, had);
});

Deno.test("a library whose connection broke gets again what came in a second or so, though it sent no heartbeat", async () => {
  const { rig, older } = await busy();
  older.close(1006);
  const newer = await identifyAnew(rig);
  const again = names(older, newer).length - sent(rig).length;
  assert.ok(again > 0 && again <= 40 * 1.3, `${again} events came again`);
  assertMarked(rig, older, newer, older.events().length - again);
});

Deno.test("a library that takes over one that is dead gets its events again, marked, a second later", async () => {
  const rig = await createRig({ sim: { guilds: 4 } });
  rig.gateway.pool.spawnShards();
  await rig.ready();
  const older = connect(rig, true);
  older.identify();
  await rig.clock.advance(1_000);
  older.acknowledge();
  const had = older.events().length;
  rig.sim.traffic.setRate(40);
  await rig.clock.advance(2_000);
  const newer = connect(rig);
  newer.identify();
  await rig.clock.advance(900);
  assert.equal(newer.body("READY"), undefined, "the older one had no time to answer");
  await rig.clock.advance(200);
  rig.sim.traffic.setRate(0);
  await rig.clock.advance(500);
  assertMarked(rig, older, newer, had);
});

Deno.test("what may come again is marked, however many sessions there were since", async () => {
  const { rig, older } = await busy();
  older.acknowledge();
  older.beBusy();
  const had = older.events().length;
  await rig.clock.advance(1_000);
  older.close(1006);
  rig.sim.traffic.setRate(0);
  await rig.clock.advance(500);
  const cut = connect(rig);
  cut.identify();
  cut.close(1006);
  await rig.clock.advance(700_000);
  rig.sim.traffic.setRate(20);
  const newer = await identifyAnew(rig);
  assertMarked(rig, older, newer, had);
});

Deno.test("a session that is resumed before it had read the mark is told again", async () => {
  const { rig, older } = await busy();
  older.beBusy();
  await rig.clock.advance(1_000);
  older.close(1006);
  const newer = await identifyAnew(rig, true);
  newer.close(1006);
  const back = connect(rig);
  back.resume(newer.sessionId(), 3);
  await rig.clock.advance(500);
  const { to } = newer.body("GATEHOUSE_REPEAT");
  assert.deepEqual(back.body("GATEHOUSE_REPEAT"), { shard: 0, from: 4, to });
  assert.equal(back.got[1]?.t, "GATEHOUSE_REPEAT");
});

Deno.test("a library that identifies anew after the unit was stopped gets nothing twice", async () => {
  const store = memoryStore();
  const { rig: first, older } = await busy({ store });
  await first.stop();
  const second = await createRig({ store, earlier: first });
  second.gateway.pool.spawnShards();
  await second.ready();
  const newer = await identifyAnew(second);
  // It answered the unit's close: it had everything.
  assert.deepEqual(names(older, newer), sent(second));
  assert.equal(newer.body("GATEHOUSE_REPEAT"), undefined);
});

Deno.test("a library that identifies anew after the unit was killed gets nothing twice without a mark", async () => {
  const store = memoryStore();
  let isKilled = false;
  const dying: Store = {
    ...store,
    save: (...saved) => isKilled ? Promise.resolve() : store.save(...saved),
  };
  const { rig: first, older } = await busy({ store: dying });
  older.acknowledge();
  await first.clock.advance(1_000);
  const had = older.events().length;
  isKilled = true;
  await first.stop();
  const second = await createRig({ store, earlier: first });
  second.gateway.pool.spawnShards();
  await second.ready();
  const newer = await identifyAnew(second);
  const again = names(newer).length - (sent(second).length - had);
  assert.ok(again > 20, `${again} events came again`);
  assert.deepEqual(names(newer), sent(second).slice(had - again));
  const { from, to } = newer.body("GATEHOUSE_REPEAT");
  assert.equal(from, 2);
  assert.ok(to >= newer.events()[again - 1]!.s!, `${again} came again, marked is up to ${to}`);
});

/** A unit that finds the state of an earlier version, or of another number of shards. */

import assert from "node:assert/strict";
import { memorySpool } from "../support/memory_spool.ts";
import { memoryStore } from "../../ports/store.ts";
import { shardRange } from "../../protocol/ids.ts";
import { makeOld } from "../support/old_state.ts";
import { createRig } from "../support/rig.ts";

const FOUR = { shards: 4, workers: 2, sim: { maxConcurrency: 4, guilds: 16 } };

Deno.test("a unit goes on where one of e038c8e was killed while its bot was away: nothing lost, no identify", async () => {
  const kept = { store: memoryStore(), openSpool: memorySpool() };
  const first = await createRig({ ...FOUR, ...kept });
  const cut = first.start();
  await first.ready();
  await first.clock.advance(1_000);
  cut();
  first.sim.traffic.setRate(100);
  first.sim.traffic.burst(20, "INTERACTION_CREATE");
  await first.clock.advance(10_000);
  for (const thread of [...first.alive]) thread.die();
  await first.clock.advance(600);
  await makeOld(kept.store, 4, shardRange(0, 3));

  const second = await createRig({ ...FOUR, ...kept, earlier: first });
  second.link(first.bot);
  second.gateway.pool.spawnShards();
  await second.ready();
  second.sim.traffic.setRate(0);
  await second.clock.advance(10_000);
  assert.equal(second.identifies(), 4, "an identify was spent");
  // The bot lives on another host: what it has seen, it knows.
  first.assertNothingLost();
  const marks = first.got.filter(({ t }) => t === "INTERACTION_CREATE").slice(0, 20)
    .map(({ d }) => (d as { gatehouse?: { answered: string } }).gatehouse?.answered);
  assert.equal(marks.filter(Boolean).length, 20, `${marks}`);
  assert.ok(second.logged.some(({ event }) => event.startsWith("sessions of an earlier run are")));
  second.assertNoViolations();
});

for (const version of ["e038c8e", "this version"]) {
  Deno.test(`after an early stop of ${version} nothing is told to be missing of shards that never had a session`, async () => {
    const kept = { store: memoryStore(), openSpool: memorySpool() };
    const slow = { ...FOUR, sim: { ...FOUR.sim, maxConcurrency: 1 } };
    const first = await createRig({ ...slow, ...kept });
    first.start();
    await first.clock.advance(7_000);
    assert.deepEqual(first.states(), ["ready", "ready", "queued", "queued"]);
    await first.stop();
    if (version === "e038c8e") await makeOld(kept.store, 4, shardRange(0, 3));

    const second = await createRig({ ...slow, ...kept, earlier: first });
    second.start();
    await second.ready();
    await second.clock.advance(1_000);
    assert.deepEqual(second.got.filter(({ t }) => t === "GATEHOUSE_GAP"), []);
    assert.deepEqual(second.logged.filter(({ level }) => level === "warn"), []);
    second.assertNoViolations();
  });
}

Deno.test("a bot that lives through changes of the number of shards gets what each session sends: cursors grow", async () => {
  const store = memoryStore();
  let rig = await createRig({ store, shards: 2, sim: { maxConcurrency: 4, guilds: 16 } });
  const { bot, got } = rig;
  for (const shards of [2, 4, 2]) {
    rig = await createRig({ store, shards, earlier: rig });
    const cut = rig.link(bot);
    rig.gateway.pool.spawnShards();
    await rig.ready();
    const before = got.length;
    rig.sim.traffic.burst(40, "MESSAGE_CREATE");
    await rig.clock.advance(3_000);
    const came = got.slice(before).filter(({ t }) => t === "MESSAGE_CREATE");
    assert.equal(came.length, 40, `of ${shards} shards`);
    cut();
    await rig.stop();
  }
  assert.equal(rig.identifies(), 8);
});

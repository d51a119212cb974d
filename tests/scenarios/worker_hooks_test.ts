/** What a module of the user's does in the shard workers, in virtual time. */

import assert from "node:assert/strict";
import { memoryStore } from "../../ports/store.ts";
import { shardHooks } from "../../workers/worker_hooks.ts";
import { createRig } from "../support/rig.ts";

const TWO = { shards: 2, sim: { maxConcurrency: 2, guilds: 16 } };

Deno.test("events that are withheld hold nothing up: the others arrive, and a restart resumes", async () => {
  const keep = (t: string, _payload: Uint8Array, shardId: number) =>
    t !== "MESSAGE_CREATE" && !(t === "TYPING_START" && shardId === 1);
  const store = memoryStore();
  const first = await createRig({ ...TWO, store, hooks: { keep } });
  first.start();
  await first.ready();
  first.sim.traffic.setRate(50);
  await first.clock.advance(20_000);
  await first.stop();
  const second = await createRig({ ...TWO, store, hooks: { keep }, earlier: first });
  second.start();
  await second.ready();
  await second.clock.advance(20_000);
  second.sim.traffic.setRate(0);
  await second.clock.advance(5_000);
  assert.equal(second.identifies(), 2, "a session was lost");
  for (const shardId of [0, 1]) {
    const sent = second.sim.ledger.events.filter((event) => event.shardId === shardId)
      .map(({ t }) => t);
    const got = [...first.got, ...second.got].filter((event) => event.shardId === shardId);
    const due = sent.filter((t) => keep(t, new Uint8Array(), shardId));
    assert.ok(due.length < sent.length - 50, `${due.length} of ${sent.length}`);
    assert.deepEqual(got.map(({ t }) => t), due, `shard ${shardId}`);
    assert.ok(second.gateway.serving.shards[shardId]!.counters!.withheld > 20);
  }
  second.assertNoViolations();
});

Deno.test("READY and guilds that are withheld do not keep a shard from being ready", async () => {
  const rig = await createRig({ ...TWO, hooks: { keep: () => false } });
  rig.start();
  await rig.ready();
  await rig.clock.advance(5_000);
  assert.deepEqual(rig.got, []);
  rig.gateway.pool.reconnect(0, "keep");
  await rig.clock.advance(5_000);
  assert.ok(rig.isReady());
  assert.equal(rig.identifies(), 2, "the session was resumed");
});

Deno.test("each IDENTIFY has the presence that is made for its shard, a RESUME has none", async () => {
  const hooks = shardHooks({
    makePresence: (shardId) => shardId === 1 ? { status: "idle", shardId } : undefined,
  });
  const rig = await createRig({ ...TWO, hooks });
  rig.start();
  await rig.ready();
  for (const session of ["keep", "end"] as const) {
    rig.gateway.pool.reconnect(1, session);
    await rig.clock.advance(10_000);
  }
  const seen = rig.sim.ledger.identifies.map(({ shardId, presence }) => [shardId, presence]);
  const idle = { status: "idle", shardId: 1 };
  assert.deepEqual(seen, [[0, undefined], [1, idle], [1, idle]]);
});

Deno.test("each heartbeat that is answered is told, with its shard and its round trip", async () => {
  const beats: { shardId: number; latencyMs: number }[] = [];
  const hooks = shardHooks({ heartbeatAck: (beat) => void beats.push(beat) });
  const rig = await createRig({ ...TWO, latencyMs: 20, hooks });
  rig.start();
  await rig.ready();
  await rig.clock.advance(90_000);
  for (const shardId of [0, 1]) {
    const own = beats.filter((beat) => beat.shardId === shardId);
    assert.ok(own.length >= 2, `shard ${shardId}: ${own.length}`);
    assert.ok(own.every(({ latencyMs }) => latencyMs === 40), JSON.stringify(own));
  }
});

Deno.test("a heartbeat that is replaced is sent when it says so; where it never does, shards resume", async () => {
  const held: (() => void)[] = [];
  const isMute = (shardId: number) => shardId === 1;
  const hooks = shardHooks({
    heartbeat: ({ shardId, send }) => void (isMute(shardId) ? held.push(send) : send()),
  });
  const rig = await createRig({ ...TWO, hooks });
  rig.start();
  await rig.ready();
  await rig.clock.advance(300_000);
  const connections = rig.gateway.serving.shards.map(({ connection }) => connection);
  assert.equal(connections[0], 1, "the one that beats stays connected");
  assert.ok(held.length > 2 && connections[1]! > 1, `${held.length}, ${connections}`);
  assert.equal(rig.identifies(), 2, "a session was lost");
});

/**
 * None of the failures that were reproduced in Discordeno 21 happens here. The numbers are those of
 * the review in `reference/discordeno.md` §2.3 that this project began with.
 */

import assert from "node:assert/strict";
import { OP } from "../../protocol/discord/opcodes.ts";
import { createRig } from "../support/rig.ts";

type Rig = Awaited<ReturnType<typeof createRig>>;

async function readyRig(options: Parameters<typeof createRig>[0] = {}): Promise<Rig> {
  const rig = await createRig(options);
  rig.start();
  await rig.ready(300_000);
  return rig;
}

const PRESENCE = { op: OP.PRESENCE_UPDATE, d: { since: null, activities: [], status: "idle" } };

Deno.test("B1: refused connections are retried with back-off, not 6,568 times a second", async () => {
  const rig = await readyRig();
  const before = rig.sim.ledger.connections.length;
  const over = rig.sim.faults.refuse({ forMs: 3_000 });
  rig.sim.faults.cut();
  await rig.clock.advance(3_000);
  over();
  // Two hosts each time, after up to 0.5, 1 and 2 s.
  assert.ok(rig.sim.ledger.connections.length - before <= 6);
  await rig.ready();
  assert.equal(rig.identifies(), 1);
  rig.assertNoViolations();
});

Deno.test("B2: a failed reconnect does not turn a RESUME into an IDENTIFY", async () => {
  const rig = await readyRig();
  rig.sim.faults.refuse({ times: 3 });
  rig.sim.faults.cut();
  await rig.clock.advance(500);
  await rig.ready();
  assert.equal(rig.identifies(), 1);
  assert.equal(rig.sim.ledger.resumes.at(-1)!.ok, true);
});

Deno.test("B3: a zombie that does not answer the close frame is replaced, not waited for", async () => {
  const rig = await readyRig();
  rig.sim.faults.freeze();
  await rig.clock.runUntil(() => rig.sim.ledger.resumes.some((it) => it.ok), 2 * 41_250 + 3_000);
  await rig.ready(1_000);
});

Deno.test("B4: a fatal close of one shard neither throws nor stops the others", async () => {
  const rig = await readyRig({ shards: 3, sim: { maxConcurrency: 3 } });
  rig.sim.faults.close(4013, { shardId: 1 });
  await rig.clock.advance(60_000);
  assert.deepEqual(rig.states(), ["ready", "stopped", "ready"]);
});

Deno.test("B5: a mass invalidation does not identify 30 shards at once", async () => {
  const rig = await readyRig({ shards: 30 });
  rig.sim.faults.invalidate(false);
  await rig.clock.runUntil(() => rig.identifies() === 60 && rig.isReady(), 300_000);
  rig.assertNoViolations();
});

Deno.test("B6: a new session identifies on the base address, with no seq of the old one", async () => {
  const rig = await readyRig();
  rig.sim.faults.invalidate(false);
  await rig.clock.runUntil(() => rig.identifies() === 2, 30_000);
  const { connectionId } = rig.sim.ledger.identifies[1]!;
  const connection = rig.sim.ledger.connections.find((it) => it.id === connectionId);
  assert.equal(connection!.host, "base");
  await rig.clock.advance(60_000);
  rig.assertNoViolations();
});

Deno.test("B7: a command that comes before READY waits for it", async () => {
  const rig = await createRig();
  rig.start();
  await rig.clock.advance(1);
  const sent = rig.gateway.pool.sendPayload(0, PRESENCE);
  await rig.ready();
  await rig.clock.advance(100);
  await sent;
  const ops = rig.sim.ledger.sends.map((send) => send.op).filter((op) => op !== OP.HEARTBEAT);
  assert.deepEqual(ops, [OP.IDENTIFY, OP.PRESENCE_UPDATE]);
  rig.assertNoViolations();
});

Deno.test("B8: there is never more than one live connection, whatever an old one still says", async () => {
  const rig = await readyRig();
  rig.sim.traffic.setRate(50);
  // The close of the old socket arrives long after the new one is up.
  rig.sim.faults.delay(5_000);
  for (let i = 0; i < 5; i++) {
    rig.sim.faults.reconnect();
    await rig.clock.advance(4_000);
  }
  await rig.clock.runUntil(() => rig.isReady(), 60_000);
  rig.sim.traffic.setRate(0);
  await rig.clock.advance(10_000);
  const open = rig.sim.ledger.connections.filter((it) => it.closedMs === null && !it.refused);
  assert.equal(open.length, 1);
  rig.assertNothingLost();
});

Deno.test("B9: a RESUME does not wait for the send limit of commands", async () => {
  const rig = await readyRig();
  const sends = Array.from({ length: 200 }, () => rig.gateway.pool.sendPayload(0, VOICE));
  Promise.allSettled(sends);
  await rig.clock.advance(1_000);
  const cut = rig.clock.now();
  rig.sim.faults.cut();
  await rig.clock.runUntil(() => rig.sim.ledger.resumes.some((it) => it.ok), 10_000);
  assert.ok(rig.clock.now() - cut < 1_000, "the RESUME waited");
  rig.assertNoViolations();
});

const VOICE = {
  op: OP.VOICE_STATE_UPDATE,
  d: { guild_id: "1", channel_id: null, self_mute: false, self_deaf: false },
};

Deno.test("B10: zlib-stream frames that come back to back are all delivered", async () => {
  const rig = await readyRig({ compression: "zlib-stream" });
  rig.sim.traffic.burst(3_000);
  await rig.clock.advance(5_000);
  rig.assertNothingLost();
  assert.ok(rig.got.length > 3_000);
});

Deno.test("B11: zstd-stream delivers HELLO and payloads far beyond 128 KB", async () => {
  const rig = await readyRig({ compression: "zstd-stream" });
  const [guild] = rig.sim.world.guilds.values();
  const content = "long ".repeat(100_000);
  rig.sim.world.emit("MESSAGE_CREATE", guild!.id, { id: "1", guild_id: guild!.id, content });
  await rig.clock.advance(1_000);
  const message = rig.got.find((event) => event.t === "MESSAGE_CREATE");
  assert.equal((message!.d as { content: string }).content, content);
  rig.assertNothingLost();
});

Deno.test("B12: a connection that never opens is given up after its deadline", async () => {
  const rig = await createRig();
  rig.sim.faults.noHello({ times: 1 });
  rig.start();
  await rig.ready(60_000);
  assert.equal(rig.identifies(), 1);
});

Deno.test("B13: after op 9 false the shard identifies by itself", async () => {
  const rig = await readyRig();
  rig.sim.faults.invalidate(false);
  await rig.clock.runUntil(() => rig.identifies() === 2 && rig.isReady(), 30_000);
});

Deno.test("B14: commands on a shard that is away are bounded, and each one settles", async () => {
  const rig = await readyRig();
  const over = rig.sim.faults.refuse();
  rig.sim.faults.cut();
  await rig.clock.advance(1_000);
  const results = Promise.allSettled(
    Array.from({ length: 1_500 }, () => rig.gateway.pool.sendPayload(0, PRESENCE)),
  );
  await rig.clock.advance(140_000);
  over();
  const rejected = (await results).filter((result) => result.status === "rejected");
  assert.equal(rejected.length, 1_500);
  const codes = new Set(rejected.map((result) => (result.reason as { code: string }).code));
  assert.deepEqual([...codes].sort(), ["deadline", "refused"]);
});

Deno.test("B15: a session can be ended on purpose, and then stays ended", async () => {
  const rig = await readyRig();
  let stopped = false;
  const stop = rig.gateway.pool.stop("end").then(() => stopped = true);
  await rig.clock.runUntil(() => stopped, 5_000);
  await stop;
  const connections = rig.sim.ledger.connections.length;
  await rig.clock.advance(60_000);
  assert.equal(rig.sim.ledger.connections.at(-1)!.code, 1000);
  assert.equal(rig.sim.ledger.connections.length, connections, "it reconnected");
});

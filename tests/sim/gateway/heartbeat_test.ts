import assert from "node:assert/strict";
import { OP } from "../../../protocol/discord/opcodes.ts";
import { stage } from "./scripted_client.ts";

const rules = (sim: { ledger: { violations: { rule: string }[] } }) =>
  sim.ledger.violations.map(({ rule }) => rule);

Deno.test("C3.1 every heartbeat is acknowledged and noted, also a delayed one", async () => {
  const { ready, clock, sim } = stage();
  const client = await ready();
  client.beat();
  await clock.advance(20);
  assert.equal(client.ofOp(OP.HEARTBEAT_ACK).length, 1);
  sim.faults.delay(500);
  client.beat();
  await clock.advance(500);
  assert.equal(client.ofOp(OP.HEARTBEAT_ACK).length, 1);
  await clock.advance(20);
  assert.equal(client.ofOp(OP.HEARTBEAT_ACK).length, 2);
  assert.equal(sim.ledger.heartbeats.length, 2);
});

Deno.test("C3.1 ACKs can be dropped", async () => {
  const { ready, clock, sim } = stage();
  const client = await ready();
  sim.faults.dropAcks({ times: 1 });
  client.beat();
  client.beat();
  await clock.advance(20);
  assert.equal(client.ofOp(OP.HEARTBEAT_ACK).length, 1);
  assert.deepEqual(sim.ledger.faults.map(({ fault }) => fault), ["no ack"]);
});

Deno.test("C3.2 no heartbeat in 1.5 intervals is closed with 4009, and the session can be resumed", async () => {
  const { ready, clock, connect, sim } = stage();
  const client = await ready();
  await clock.advance(61_000);
  assert.equal(client.closedWith, null);
  await clock.advance(1000);
  assert.equal(client.closedWith, 4009);
  assert.deepEqual(rules(sim), ["heartbeat missing"]);
  const again = await connect();
  again.resume(client.sessionId, client.seq!);
  await clock.advance(20);
  assert.deepEqual(again.names, ["RESUMED"]);
});

Deno.test("C3.2 a client that beats stays connected", async () => {
  const { ready, clock, sim } = stage();
  const client = await ready();
  for (let i = 0; i < 10; i++) {
    await clock.advance(41_250);
    client.beat();
  }
  assert.equal(client.closedWith, null);
  assert.deepEqual(rules(sim), []);
});

Deno.test("C3.3 op 1 of the server is to be answered within a second", async () => {
  const { ready, clock, sim } = stage();
  const client = await ready();
  sim.faults.requestHeartbeat();
  await clock.advance(10);
  assert.equal(client.ofOp(OP.HEARTBEAT).length, 1);
  client.beat();
  await clock.advance(1500);
  assert.deepEqual(rules(sim), []);
  sim.faults.requestHeartbeat();
  await clock.advance(1500);
  assert.deepEqual(rules(sim), ["heartbeat not answered"]);
});

Deno.test("C3.4 a heartbeat must name the last s received, give or take an interval", async () => {
  const { ready, clock, sim } = stage();
  const client = await ready();
  client.beat(null);
  await clock.advance(10_000);
  assert.deepEqual(rules(sim), [], "the first beat may lag behind everything");
  client.beat(1);
  await clock.advance(20);
  assert.deepEqual(rules(sim), ["heartbeat seq"], "22 events were there a beat ago");
  client.beat(client.seq! + 1);
  await clock.advance(20);
  assert.deepEqual(rules(sim), ["heartbeat seq", "heartbeat seq"], "that one was never sent");
});

Deno.test("C3.5 a frozen connection answers nothing, not even a close frame, and only destroying ends it", async () => {
  const { ready, clock, sim } = stage();
  const client = await ready();
  sim.faults.freeze();
  const before = client.payloads.length;
  client.beat();
  sim.traffic.burst(10);
  await clock.advance(100);
  assert.equal(client.payloads.length, before);
  client.socket.close(4000, "");
  await clock.advance(60_000);
  assert.equal(client.closedWith, null);
  assert.equal(sim.gateway.connections.size, 1);
  client.socket.destroy();
  await clock.advance(20);
  assert.equal(sim.gateway.connections.size, 0);
  assert.deepEqual(sim.ledger.connections[0]!.code, 4000);
  await clock.advance(60_000);
  assert.deepEqual(rules(sim), []);
});

Deno.test("C3.5 a client that keeps a frozen connection for two intervals breaks a rule", async () => {
  const { ready, clock, sim } = stage();
  await ready();
  sim.faults.freeze();
  await clock.advance(82_500);
  assert.deepEqual(rules(sim), []);
  await clock.advance(2000);
  assert.deepEqual(rules(sim), ["zombie kept"]);
});

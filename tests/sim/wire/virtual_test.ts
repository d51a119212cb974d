import assert from "node:assert/strict";
import { createInflate } from "node:zlib";
import { systemClock } from "../../../ports/clock.ts";
import { createSimulator, createVirtualClock, simConnect } from "../../../sim/mod.ts";
import { ScriptedClient, stage } from "../gateway/scripted_client.ts";

Deno.test("a host that is not the simulator's is unknown", async () => {
  const { connect } = stage();
  assert.equal((await connect("v=10", "ws://elsewhere.sim")).failure, "no such host");
});

Deno.test("a message takes the wire's latency, and jitter keeps the order", async () => {
  const clock = createVirtualClock();
  const sim = createSimulator({ clock });
  const client = new ScriptedClient();
  const wire = simConnect(sim, { latencyMs: 50, jitterMs: 40 });
  client.socket = wire(`${sim.world.addresses.gatewayUrl}?v=10`, client);
  await clock.advance(99);
  assert.equal(client.opened, false);
  await clock.advance(200);
  assert.equal(client.payloads.length, 1);
  client.identify();
  await clock.advance(500);
  sim.traffic.burst(100);
  await clock.advance(500);
  const numbers = client.events().map(({ s }) => s);
  assert.deepEqual(numbers, numbers.map((_, i) => i + 1));
});

Deno.test("after destroy() nothing comes any more, and the server finds out", async () => {
  const { ready, clock, sim } = stage();
  const client = await ready();
  const before = client.payloads.length;
  sim.traffic.burst(3);
  client.socket.destroy();
  await clock.advance(100);
  assert.deepEqual([client.payloads.length, client.closedWith], [before, null]);
  assert.deepEqual(sim.ledger.connections.map(({ by, code }) => [by, code]), [["client", 1006]]);
});

Deno.test("a socket that is paused reads nothing, sends, and reads afterwards what came", async () => {
  const { ready, clock, sim } = stage();
  const client = await ready();
  client.socket.pause(true);
  await clock.advance(10);
  const before = client.payloads.length;
  sim.traffic.burst(20);
  await clock.advance(10_000);
  assert.equal(client.payloads.length, before);
  client.socket.send(JSON.stringify({ op: 1, d: 1 }));
  await clock.advance(100);
  assert.equal(sim.ledger.heartbeats.at(-1)?.d, 1);
  assert.deepEqual(sim.ledger.violations, [], "it cannot know of what it did not read");
  sim.faults.cut();
  await clock.advance(100);
  assert.equal(client.closedWith, null);
  client.socket.pause(false);
  await clock.advance(100);
  const numbers = client.events().map(({ s }) => s);
  assert.deepEqual(numbers, numbers.map((_, i) => i + 1));
  assert.equal(client.payloads.length, before + 21, "and the ACK");
  assert.equal(client.closedWith, 1006);
});

Deno.test("a socket that is closed before it opened fails, and leaves no connection behind", async () => {
  for (const waitMs of [0, 6]) {
    const clock = createVirtualClock();
    const sim = createSimulator({ clock });
    const client = new ScriptedClient();
    client.socket = simConnect(sim)(`${sim.world.addresses.gatewayUrl}?v=10`, client);
    await clock.advance(waitMs);
    client.socket.close(4000, "");
    await clock.advance(100);
    assert.equal(client.failure, "closed before it opened");
    assert.equal(sim.gateway.connections.size, 0);
  }
});

Deno.test("C7.1 split messages are one stream all the same", async () => {
  const { connect, clock, sim } = stage({ splitFrames: 0.7 });
  const client = await connect("v=10&encoding=json&compress=zlib-stream");
  client.identify();
  await clock.advance(200);
  sim.traffic.burst(50);
  await clock.advance(20);
  const inflate = createInflate();
  let text = "";
  inflate.on("data", (chunk) => text += new TextDecoder().decode(chunk));
  for (const message of client.raw) {
    await new Promise<void>((resolve) => inflate.write(message, () => resolve()));
  }
  await new Promise<void>((resolve) => systemClock.soon(resolve));
  inflate.destroy();
  const payloads = 1 + sim.ledger.sessions.values().next().value!.lastS;
  assert.equal(text.split('{"t":').length - 1, payloads);
  assert.ok(client.raw.length > payloads * 1.4);
});

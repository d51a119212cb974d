/** A consumer that dials in and then hardly reads, on a real socket. */

import assert from "node:assert/strict";
import { EVENT_LINK_VERSION } from "../../protocol/event_frame.ts";
import { createSimulator, serveSimulator } from "../../sim/mod.ts";
import { startUnit, until } from "../support/unit_process.ts";

/** Reads about one byte a second from a socket whose buffers are full. */
async function dialAndStall(url: URL): Promise<Deno.TcpConn> {
  const conn = await Deno.connect({ hostname: url.hostname, port: Number(url.port) });
  const key = btoa("0123456789abcdef");
  const head = `GET /events HTTP/1.1\r\nHost: ${url.host}\r\nConnection: Upgrade\r\n` +
    `Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`;
  await conn.write(new TextEncoder().encode(head));
  await conn.read(new Uint8Array(1024));
  const hello = JSON.stringify({
    op: "hello",
    v: EVENT_LINK_VERSION,
    clusterId: 0,
    windowBytes: 1024 * 1024,
  });
  const body = new TextEncoder().encode(hello);
  // A masked text frame; a mask of zeros leaves the body as it is.
  await conn.write(new Uint8Array([0x81, 0x80 | body.length, 0, 0, 0, 0, ...body]));
  return conn;
}

Deno.test("a consumer that reads one byte a second costs no more memory than its credit, and no heartbeat", async () => {
  const sim = createSimulator({ heartbeatIntervalMs: 1_000, guilds: 20, ringEvents: 50_000 });
  const server = serveSimulator(sim);
  const stateDir = Deno.makeTempDirSync();
  const unit = await startUnit({
    DISCORD_TOKEN: sim.settings.token,
    DISCORD_API_URL: server.apiUrl,
    INTENTS: String(0x331_ffff),
    LISTEN_PORT: "0",
    STATE_DIR: stateDir,
    QUEUE_MEMORY_BYTES: String(4 * 1024 * 1024),
    GATEWAY_COMPRESSION: "none",
  });
  await unit.ready();
  const conn = await dialAndStall(new URL(await unit.url()));
  const cluster = async () =>
    (await (await unit.control("GET", "/state")).json()).clusters[0].state;
  await until(async () => await cluster() === "connected", 10_000, () => "it is not let in");
  sim.traffic.setRate(2_000);
  const counters = async () => {
    const { shards } = await (await unit.control("GET", "/state")).json();
    return shards[0].counters as { received: number; queuedBytes: number; queuedDiskBytes: number };
  };
  const byte = new Uint8Array(1);
  let most = 0;
  for (let second = 0; second < 6; second++) {
    await conn.read(byte);
    const { received } = await counters();
    await until(async () => (await counters()).received > received + 500, 10_000);
    most = Math.max(most, (await counters()).queuedBytes);
  }
  assert.equal(await cluster(), "connected");
  const { queuedDiskBytes } = await counters();
  assert.ok(most < 5 * 1024 * 1024, `${most} bytes in memory`);
  assert.ok(queuedDiskBytes > 1024 * 1024, "the rest is not on disk");
  assert.ok(sim.ledger.heartbeats.length >= 4, `${sim.ledger.heartbeats.length} heartbeats`);
  assert.deepEqual(sim.ledger.violations, []);
  sim.traffic.setRate(0);
  conn.close();
  assert.equal(await unit.end("SIGTERM"), 0);
  await server.close();
  Deno.removeSync(stateDir, { recursive: true });
});

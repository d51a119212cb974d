import assert from "node:assert/strict";
import { acceptConsumer } from "../../app/http/sockets.ts";
import type { DownstreamSocket } from "../../downstream/world.ts";
import { openHttpPort } from "../support/http_port.ts";

/** A port whose sockets go to a gateway for consumers that writes down what it is told. */
async function serve(idleMs = 15_000) {
  const told: unknown[] = [];
  const accepted = Promise.withResolvers<DownstreamSocket>();
  const closed = Promise.withResolvers<number>();
  const consumers = {
    accept(socket: DownstreamSocket, query: URLSearchParams, url: string) {
      told.push([query.get("v"), url]);
      accepted.resolve(socket);
      return {
        text: (text: string) => void told.push(text),
        binary: () => void told.push("(binary)"),
        failed: (reason: string) => socket.close(4000, reason),
        closed: (code: number) => closed.resolve(code),
      };
    },
  };
  const port = await openHttpPort((request) =>
    acceptConsumer(request, consumers, "ws://gate.test/", { idleMs })
  );
  return {
    url: `127.0.0.1:${port.port}`,
    seats: port.seats,
    told,
    accepted: accepted.promise,
    closed: closed.promise,
    [Symbol.asyncDispose]: () => port[Symbol.asyncDispose](),
  };
}

/** A client that has sent its handshake, and does nothing more by itself. */
async function connectRaw(url: string): Promise<Deno.Conn> {
  const { hostname, port } = new URL(`http://${url}`);
  const conn = await Deno.connect({ hostname, port: Number(port) });
  const head =
    "GET / HTTP/1.1\r\nHost: gate.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n";
  await conn.write(new TextEncoder().encode(head));
  return conn;
}

Deno.test("acceptConsumer() tells a connection that breaks without a close frame from one that is closed", async () => {
  await using rig = await serve();
  const conn = await connectRaw(rig.url);
  await rig.accepted;
  conn.close();
  assert.equal(await rig.closed, 1006);
});

Deno.test("acceptConsumer() takes a client that answers no ping for broken, not for one that left", async () => {
  await using rig = await serve(200);
  const conn = await connectRaw(rig.url);
  await rig.accepted;
  assert.equal(await rig.closed, 1006);
  conn.close();
});

Deno.test("acceptConsumer() asks for an upgrade where there is none", async () => {
  await using rig = await serve();
  const answer = await fetch(`http://${rig.url}/gateway`);
  assert.deepEqual([answer.status, answer.headers.get("upgrade")], [426, "websocket"]);
  await answer.body?.cancel();
  assert.deepEqual(rig.told, []);
});

Deno.test("acceptConsumer() tells the query, every message and the client's code", async () => {
  await using rig = await serve();
  const socket = new WebSocket(`ws://${rig.url}/gateway?v=10`);
  const client = await rig.accepted;
  const greeted = new Promise((resolve) => socket.onmessage = ({ data }) => resolve(data));
  client.send('{"op":10}');
  assert.equal(await greeted, '{"op":10}');
  socket.send('{"op":1}');
  socket.send(new Uint8Array([1]));
  socket.close(4900, "I will be back");
  assert.equal(await rig.closed, 4900);
  assert.deepEqual(rig.told, [["10", "ws://gate.test/"], '{"op":1}', "(binary)"]);
  // The gateway may not know yet.
  client.send("too late");
  client.close(4000, "too late");
});

Deno.test("acceptConsumer() closes with the gateway's code and reason", async () => {
  await using rig = await serve();
  const socket = new WebSocket(`ws://${rig.url}/`);
  const ended = new Promise<CloseEvent>((resolve) => socket.onclose = resolve);
  (await rig.accepted).close(4004, "Authentication failed.");
  const { code, reason } = await ended;
  assert.deepEqual([code, reason], [4004, "Authentication failed."]);
  await rig.closed;
});

Deno.test("acceptConsumer() ends a client that does not read, before its memory is ours", async () => {
  await using rig = await serve();
  const conn = await connectRaw(rig.url);
  const client = await rig.accepted;
  const megabyte = new Uint8Array(1024 * 1024);
  for (let sent = 0; sent < 200; sent++) client.sendBytes(megabyte);
  let read = 0;
  let tail = "";
  const buffer = new Uint8Array(4 * 1024 * 1024);
  while (!tail.includes("You read too slowly.")) {
    const got = await conn.read(buffer);
    if (got === null) break;
    read += got;
    tail = (tail + new TextDecoder().decode(buffer.subarray(0, got).slice(-50))).slice(-50);
  }
  assert.match(tail, /You read too slowly/);
  assert.ok(read < 80 * megabyte.length, `${read} bytes were under way`);
  conn.close();
  await rig.closed;
});

Deno.test("acceptConsumer() says when a client's network has taken everything, which it has not of one that does not read", async () => {
  await using rig = await serve();
  const conn = await connectRaw(rig.url);
  const client = await rig.accepted;
  const megabyte = new Uint8Array(1024 * 1024);
  for (let sent = 0; sent < 30; sent++) client.sendBytes(megabyte);
  let isTaken = false;
  const taken = client.taken!().then(() => isTaken = true);
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal(isTaken, false);
  const buffer = new Uint8Array(4 * 1024 * 1024);
  for (let read = 0; read < 30 * megabyte.length;) read += await conn.read(buffer) ?? Infinity;
  await taken;
  await client.taken!();
  conn.close();
  assert.equal(await rig.closed, 1006);
});

import assert from "node:assert/strict";
import { type AcceptedSocket, upgradeWebSocket } from "../../../ports/http_server/upgrade.ts";
import { dial, openHttpPort } from "../../support/http_port.ts";
import { until } from "../../support/unit_process.ts";

const HEAD = "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
  "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n";

/** A port whose sockets write down what they are told. */
async function serve(
  { most = 10, idleMs = 15_000, received = (_: string) => {}, firstAfterMs = 0, greeting = "" } =
    {},
) {
  const told: unknown[] = [];
  const sockets: AcceptedSocket[] = [];
  const port = await openHttpPort(
    (request) =>
      request.url.endsWith("/no") ? new Response("no", { status: 401 }) : upgradeWebSocket(
        request,
        { idleMs, maxMessageBytes: 100, firstAfterMs },
        (socket) => {
          sockets.push(socket);
          if (greeting !== "") socket.send(greeting);
          return {
            message(data, isText) {
              const text = isText ? new TextDecoder().decode(data) : [...data];
              told.push(text);
              received(String(text));
            },
            closed: (code, reason) => told.push([code, reason]),
          };
        },
      ),
    { most },
  );
  return { ...port, told, sockets, [Symbol.asyncDispose]: () => port[Symbol.asyncDispose]() };
}

Deno.test("upgradeWebSocket() lets a socket go a second after it was closed, whatever its peer does", async () => {
  await using rig = await serve();
  const conn = await dial(rig.port, HEAD);
  await until(() => rig.sockets.length === 1, 5_000);
  rig.sockets[0]!.sendBytes(new Uint8Array(8 * 1024 * 1024));
  rig.sockets[0]!.close(4006, "too old");
  await until(() => rig.told.length === 1, 5_000);
  assert.deepEqual(rig.told, [[1006, ""]]);
  assert.equal(rig.sockets[0]!.bufferedBytes, 0);
  await until(() => rig.seats.size === 0, 5_000);
  conn.close();
});

Deno.test("upgradeWebSocket() sends nothing together with its answer, where that is asked for", async () => {
  await using rig = await serve({ firstAfterMs: 40, greeting: "hello" });
  const conn = await Deno.connect({ hostname: "127.0.0.1", port: rig.port });
  await conn.write(new TextEncoder().encode(HEAD));
  const read = async () => {
    const bytes = new Uint8Array(1_024);
    return new TextDecoder("latin1").decode(bytes.subarray(0, await conn.read(bytes) ?? 0));
  };
  assert.match(
    await read(),
    /^HTTP\/1\.1 101 [^]*\r\n\r\n$/,
    "a client that reads the head loses the rest",
  );
  assert.equal(await read(), "\x81\x05hello");
  conn.close();
});

Deno.test("upgradeWebSocket() takes what came with the request", async () => {
  await using rig = await serve();
  // A masked text frame; a mask of zeros leaves its body as it is.
  const frame = [0x81, 0x82, 0, 0, 0, 0, 0x68, 0x69];
  const conn = await Deno.connect({ hostname: "127.0.0.1", port: rig.port });
  await conn.write(new Uint8Array([...new TextEncoder().encode(HEAD), ...frame]));
  await until(() => rig.told.length > 0, 5_000);
  assert.deepEqual(rig.told, ["hi"]);
  conn.close();
});

Deno.test("upgradeWebSocket() refuses a larger message with 1009", async () => {
  await using rig = await serve();
  const client = new WebSocket(`ws://127.0.0.1:${rig.port}/`);
  const ended = new Promise<CloseEvent>((resolve) => client.onclose = resolve);
  client.onopen = () => client.send("x".repeat(101));
  assert.equal((await ended).code, 1009);
});

Deno.test("upgradeWebSocket() survives a receiver that throws: that socket ends, the port goes on", async () => {
  await using rig = await serve({
    received() {
      throw new Error("cannot read this");
    },
  });
  const client = new WebSocket(`ws://127.0.0.1:${rig.port}/`);
  const ended = new Promise<CloseEvent>((resolve) => client.onclose = resolve);
  client.onerror = () => {};
  client.onopen = () => client.send("boom");
  await ended;
  assert.equal((await fetch(`${rig.url}/no`)).status, 401);
  assert.deepEqual(rig.lines, [
    ["error", "a message could not be dealt with", { error: "cannot read this" }],
  ]);
});

Deno.test("upgradeWebSocket() keeps the place of a client that is known, and gives away that of a stranger", async () => {
  await using rig = await serve({ most: 2 });
  const known = await dial(rig.port, HEAD);
  await until(() => rig.sockets.length === 1, 5_000);
  rig.sockets[0]!.known();
  const stranger = await dial(rig.port, HEAD);
  await until(() => rig.sockets.length === 2, 5_000);
  const third = await dial(rig.port, HEAD);
  await until(() => rig.sockets.length === 3, 5_000);
  assert.deepEqual([rig.told, rig.seats.size], [[[1006, ""]], 2]);
  for (const conn of [known, stranger, third]) conn.close();
});

Deno.test("upgradeWebSocket() ends a peer that is silent and answers no ping", async () => {
  await using rig = await serve({ idleMs: 200 });
  const conn = await dial(rig.port, HEAD);
  await until(() => rig.told.length === 1, 5_000);
  assert.deepEqual(rig.told, [[1006, "silent for 400 ms"]]);
  conn.close();
});

Deno.test("a request for a WebSocket that is refused gets its answer, and the connection ends", async () => {
  await using rig = await serve();
  const conn = await dial(rig.port, HEAD.replace("GET /", "GET /no"));
  const answer = await new Response(conn.readable).text();
  assert.match(answer, /^HTTP\/1\.1 401 .*no$/s);
  assert.match(answer, /connection: close/i);
});

Deno.test("a request for a WebSocket of another version is told what is spoken here", async () => {
  await using rig = await serve();
  const conn = await dial(rig.port, HEAD.replace("Version: 13", "Version: 8"));
  assert.match(await new Response(conn.readable).text(), /^HTTP\/1\.1 426 /);
});

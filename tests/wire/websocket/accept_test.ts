import assert from "node:assert/strict";
import fc from "fast-check";
import { systemClock } from "../../../ports/clock.ts";
import type { Socket } from "../../../ports/socket.ts";
import { webSocketConnect } from "../../../ports/websocket/client.ts";
import {
  acceptWebSocket,
  type Admit,
  REQUEST_DEADLINE_MS,
  type ServerOptions,
} from "../../../ports/websocket/accept.ts";
import { createVirtualClock } from "../../../sim/wire/virtual_clock.ts";

const connect = webSocketConnect();

/** A server on 127.0.0.1; every connection is admitted by `admit`. */
function serving(admit: Admit, options: ServerOptions = { clock: systemClock }) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const conns = new Set<Deno.TcpConn>();
  const ended: Promise<void>[] = [];
  const served = (async () => {
    for await (const conn of listener) {
      conns.add(conn);
      ended.push(acceptWebSocket(conn, admit, options));
    }
  })();
  return {
    port: listener.addr.port,
    url: `ws://127.0.0.1:${listener.addr.port}`,
    /** Resolves when every connection so far has ended. */
    ended: () => Promise.all(ended),
    async [Symbol.asyncDispose]() {
      listener.close();
      await served;
      for (const conn of conns) {
        try {
          conn.close();
        } catch { /* Closed already. */ }
      }
      await Promise.all(ended);
    },
  };
}

/** Sends back what comes. */
const echo = (socket: Pick<Socket, "send" | "sendBytes">) => ({
  message: (data: Uint8Array, isText: boolean) =>
    isText ? socket.send(new TextDecoder().decode(data)) : socket.sendBytes(data),
  closed() {},
});

Deno.test("any messages come back as they were, from our client", async () => {
  await using server = serving(() => echo);
  const length = fc.oneof(fc.nat(300), fc.constantFrom(125, 126, 65_535, 65_536, 200_000));
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ isText: fc.boolean(), length, wait: fc.boolean() }), {
        minLength: 1,
        maxLength: 30,
      }),
      async (sent) => {
        const expected = sent.map(({ isText, length }, i) => ({
          isText,
          data: new Uint8Array(length).map((_, at) => 32 + (at * 7 + i) % 90),
        }));
        const received: { isText: boolean; data: Uint8Array }[] = [];
        const all = Promise.withResolvers<void>();
        const opened = Promise.withResolvers<void>();
        const socket = connect(server.url, {
          open: opened.resolve,
          message(data, isText) {
            received.push({ isText, data: data.slice() });
            if (received.length === expected.length) all.resolve();
          },
          closed: (code) => all.reject(new Error(`closed ${code}`)),
          failed: opened.reject,
        });
        await opened.promise;
        for (const [i, { isText, data }] of expected.entries()) {
          if (isText) socket.send(new TextDecoder().decode(data));
          else socket.sendBytes(data);
          if (sent[i]!.wait) await new Promise((resolve) => setImmediate(resolve));
        }
        await all.promise;
        assert.deepEqual(received, expected);
        socket.destroy();
      },
    ),
    { numRuns: 25 },
  );
});

Deno.test("the runtime's own client is served: text, bytes, closing", async () => {
  const closed = Promise.withResolvers<string>();
  await using server = serving((request) => (socket) => {
    socket.send(`${request.path} ${request.headers.get("x-secret")}`);
    return {
      message: (data) => socket.sendBytes(data),
      closed: (code, reason) => closed.resolve(`${code} ${reason}`),
    };
  });
  const socket = new WebSocket(`${server.url}/a?b=c`, { headers: { "x-secret": "s" } });
  socket.binaryType = "arraybuffer";
  const messages: unknown[] = [];
  const three = Promise.withResolvers<void>();
  socket.onmessage = ({ data }) => {
    messages.push(typeof data === "string" ? data : new Uint8Array(data).length);
    if (messages.length === 3) three.resolve();
  };
  socket.onopen = () => {
    socket.send("text");
    socket.send(new Uint8Array(100_000));
  };
  await three.promise;
  assert.deepEqual(messages, ["/a?b=c s", 4, 100_000]);
  const gone = new Promise<CloseEvent>((resolve) => socket.onclose = resolve);
  socket.close(4900, "bye");
  const { code, wasClean } = await gone;
  assert.deepEqual([code, wasClean, await closed.promise], [4900, true, "4900 bye"]);
  await server.ended();
});

Deno.test("the runtime's own client is closed with code and reason", async () => {
  const closed = Promise.withResolvers<number>();
  await using server = serving(() => (socket) => {
    socket.send("last");
    socket.close(4008, "too fast");
    return { message() {}, closed: closed.resolve };
  });
  const socket = new WebSocket(server.url);
  const { code, reason, wasClean } = await new Promise<CloseEvent>((resolve) =>
    socket.onclose = resolve
  );
  assert.deepEqual([code, reason, wasClean], [4008, "too fast", true]);
  assert.equal(await closed.promise, 4008);
});

/** How an attempt of our client ends. */
function attempt(url: string, headers: Record<string, string> = {}): Promise<string> {
  return new Promise((resolve) => {
    const socket: Socket = connect(url, {
      open() {
        resolve("open");
        socket.destroy();
      },
      message() {},
      closed() {},
      failed: resolve,
    }, { headers });
  });
}

Deno.test("a request is admitted, refused with a status, or cut", async () => {
  await using server = serving(({ path, headers }) => {
    if (path === "/cut") return 0;
    return headers.get("authorization") === "secret" ? echo : 401;
  });
  assert.equal(await attempt(server.url, { authorization: "secret" }), "open");
  assert.match(await attempt(server.url), /status 401/);
  assert.match(await attempt(`${server.url}/cut`), /closed|reset/);
});

Deno.test("what is no WebSocket is answered with 426, what is no HTTP with nothing", async () => {
  await using server = serving(() => assert.fail("not asked"));
  const response = await fetch(server.url.replace("ws", "http"));
  assert.equal(response.status, 426);
  await response.body?.cancel();
  const conn = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  await conn.write(new Uint8Array(20_000).fill(120));
  assert.equal(await conn.read(new Uint8Array(10)).catch(() => null), null);
  conn.close();
  await server.ended();
});

Deno.test("a client that does not finish its request is cut", async () => {
  const clock = createVirtualClock();
  await using server = serving(() => assert.fail("not asked"), { clock });
  const conn = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  await conn.write(new TextEncoder().encode("GET / HTTP/1.1\r\n"));
  const cut = conn.read(new Uint8Array(10)).catch(() => null);
  const waited = new Promise<string>((resolve) => setTimeout(resolve, 50, "waits"));
  assert.equal(await Promise.race([cut, waited]), "waits");
  await clock.advance(REQUEST_DEADLINE_MS);
  assert.equal(await cut, null);
  conn.close();
});

/** Opens a WebSocket by hand, which answers nothing by itself. */
async function byHand(port: number): Promise<Deno.TcpConn> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  await conn.write(new TextEncoder().encode(
    "GET / HTTP/1.1\r\nhost: a\r\nupgrade: websocket\r\nconnection: upgrade\r\n" +
      "sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
  ));
  const buffer = new Uint8Array(1000);
  const count = await conn.read(buffer);
  assert.match(new TextDecoder().decode(buffer.subarray(0, count!)), /^HTTP\/1.1 101 .*\r\n\r\n$/s);
  return conn;
}

Deno.test("a silent client is asked for a sign of life, and is gone where it gives none", async () => {
  const clock = createVirtualClock();
  const closed = Promise.withResolvers<string>();
  let isClosed = false;
  await using server = serving(() => () => ({
    message() {},
    closed(code, reason) {
      isClosed = true;
      closed.resolve(`${code} ${reason}`);
    },
  }), { clock, idleMs: 30_000 });
  const conn = await byHand(server.port);
  const buffer = new Uint8Array(100);
  await clock.advance(60_000);
  assert.equal(await conn.read(buffer), 2);
  assert.deepEqual([...buffer.subarray(0, 2)], [0x89, 0]);
  // A pong, masked with nothing.
  await conn.write(Uint8Array.of(0x8a, 0x80, 0, 0, 0, 0));
  await new Promise((resolve) => setTimeout(resolve, 50));
  await clock.advance(60_000);
  assert.equal(await conn.read(buffer), 2);
  await clock.advance(29_999);
  assert(!isClosed);
  await clock.advance(1);
  assert.equal(await closed.promise, "1006 silent for 60000 ms");
  assert.equal(await conn.read(buffer).catch(() => null), null);
  conn.close();
});

Deno.test("a client that is heard is never asked", async () => {
  const clock = createVirtualClock();
  const got: string[] = [];
  await using server = serving(() => (socket) => ({
    message(data) {
      got.push("message");
      socket.sendBytes(data);
    },
    closed() {},
  }), { clock, idleMs: 30_000 });
  const conn = await byHand(server.port);
  const buffer = new Uint8Array(100);
  for (let i = 0; i < 4; i++) {
    await conn.write(Uint8Array.of(0x82, 0x81, 0, 0, 0, 0, 7));
    while (got.length === i) await new Promise((resolve) => setTimeout(resolve, 1));
    await clock.advance(25_000);
    assert.equal(await conn.read(buffer), 3);
    assert.deepEqual([...buffer.subarray(0, 3)], [0x82, 1, 7]);
  }
  conn.close();
});

Deno.test("a client that is cut is told once as 1006", async () => {
  const codes: number[] = [];
  const closed = Promise.withResolvers<void>();
  await using server = serving(() => () => ({
    message() {},
    closed(code) {
      codes.push(code);
      closed.resolve();
    },
  }));
  (await byHand(server.port)).close();
  await closed.promise;
  await server.ended();
  assert.deepEqual(codes, [1006]);
});

Deno.test("what a receiver throws comes out of acceptWebSocket(), and the connection is over", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const dialled = byHand(listener.addr.port);
  const message = () => assert.fail("cannot");
  const admit: Admit = () => () => ({ message, closed() {} });
  const served = acceptWebSocket(await listener.accept(), admit, { clock: systemClock });
  const client = await dialled;
  await client.write(Uint8Array.of(0x82, 0x81, 0, 0, 0, 0, 7));
  await assert.rejects(served, /cannot/);
  assert.equal(await client.read(new Uint8Array(1)).catch(() => null), null);
  client.close();
  listener.close();
});

Deno.test("a mute server answers no close frame until the client is gone, and knows its code", async () => {
  const code = Promise.withResolvers<number>();
  await using server = serving(() => () => ({
    message() {},
    closed: code.resolve,
    isMute: () => true,
  }));
  const conn = await byHand(server.port);
  await conn.write(Uint8Array.of(0x88, 0x82, 0, 0, 0, 0, 0x13, 0x24));
  const answer = conn.read(new Uint8Array(10)).catch(() => null);
  const waited = new Promise<string>((resolve) => setTimeout(resolve, 50, "nothing"));
  assert.equal(await Promise.race([answer, waited, code.promise]), "nothing");
  conn.close();
  assert.equal(await code.promise, 4900);
});

import assert from "node:assert/strict";
import { EventConsumer } from "../../../bot/link/consumer.ts";
import { type LinkServer, serveLink } from "../../../bot/link/serve.ts";
import type { Receiver } from "../../../bot/link/consumer_world.ts";
import { encodeBatch, encodeLinkMessage, LINK_CLOSE } from "../../../protocol/event_frame.ts";
import { systemClock } from "../../../ports/clock.ts";
import { handshakeKey, handshakeRequest } from "../../../ports/websocket/handshake.ts";
import { silentLog } from "../../../ports/log.ts";
import { dialCluster } from "../../support/dialling_unit.ts";
import { cluster } from "../../support/peers.ts";
import { ack, event } from "./consumer_stage.ts";

const WELCOME = { op: "welcome", v: 3, link: 1, totalShards: 4, stream: "a" } as const;

function serve(secretKey: string, receive: Receiver["receive"] = () => {}): LinkServer {
  const clock = systemClock;
  const receiver = { wants: () => true, receive };
  const consumer = new EventConsumer({ peer: cluster(0), clock, log: silentLog, receiver });
  const options = { hostname: "127.0.0.1", port: 0, clock, log: silentLog };
  return serveLink({ ...options, secretKey, consumer });
}

Deno.test("serveLink() greets the unit that dials it with the secret key", async () => {
  const server = serve("key");
  const { next } = dialCluster(server.port, "key");
  assert.match(JSON.stringify(await next()), /"op":"hello"/);
  await server.stop();
});

Deno.test("serveLink() refuses another secret key, or none, with 401", async () => {
  const server = serve("key");
  assert.equal(await dialCluster(server.port, "another").next(), "refused");
  const conn = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  const key = handshakeKey();
  await conn.write(handshakeRequest(new URL(`ws://127.0.0.1:${server.port}/`), key, {}));
  assert.match(await new Response(conn.readable).text(), /^HTTP\/1\.1 401 /);
  await server.stop();
});

Deno.test("serveLink() answers what is no WebSocket with 426", async () => {
  const server = serve("key");
  const headers = { authorization: "key" };
  const response = await fetch(`http://127.0.0.1:${server.port}/`, { headers });
  await response.body?.cancel();
  assert.equal(response.status, 426);
  await server.stop();
});

Deno.test("serveLink() is dialled by its unit while others hold half requests open, and keeps it", async () => {
  const server = serve("key");
  const unit = dialCluster(server.port, "key");
  await unit.next();
  const strangers: Deno.TcpConn[] = [];
  for (let i = 0; i < 400; i++) {
    const conn = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
    await conn.write(new TextEncoder().encode("GET / HT"));
    strangers.push(conn);
  }
  const worker = dialCluster(server.port, "key", 3);
  assert.match(JSON.stringify(await worker.next()), /"op":"hello"/);
  // Beyond its seats it has ended the oldest.
  assert.equal(await strangers[0]!.read(new Uint8Array(1)).catch(() => null), null);
  await server.stop();
  const code = LINK_CLOSE.GOING_AWAY;
  assert.deepEqual([await unit.next(), await worker.next()], Array(2).fill(`closed ${code}`));
  for (const conn of strangers) conn.close();
});

Deno.test("serveLink() lets the newest link win", async () => {
  const server = serve("key");
  const first = dialCluster(server.port, "key");
  await first.next();
  const second = dialCluster(server.port, "key");
  await second.next();
  assert.equal(await first.next(), `closed ${LINK_CLOSE.TAKEN_OVER}`);
  await server.stop();
});

Deno.test("serveLink() keeps the unit's own link and one of each worker; the newest of each wins", async () => {
  const server = serve("key");
  const dial = async (worker?: number | string) => {
    const link = dialCluster(server.port, "key", worker);
    assert.match(JSON.stringify(await link.next()), /"op":"hello"/);
    return link;
  };
  const before = [await dial(), await dial(0), await dial(1), await dial(12)];
  const again = [await dial(1), await dial("none")];
  assert.equal(await before[2]!.next(), `closed ${LINK_CLOSE.TAKEN_OVER}`);
  assert.equal(await before[0]!.next(), `closed ${LINK_CLOSE.TAKEN_OVER}`, "no number: the unit");
  await server.stop();
  const others = [before[1]!, before[3]!, ...again].map(({ next }) => next());
  assert.deepEqual(await Promise.all(others), Array(4).fill(`closed ${LINK_CLOSE.GOING_AWAY}`));
});

Deno.test("serveLink() keeps the links of several units apart, whose workers have the same numbers", async () => {
  const server = serve("key");
  const dial = async (unit?: string, worker?: number) => {
    const link = dialCluster(server.port, "key", worker, unit);
    assert.match(JSON.stringify(await link.next()), /"op":"hello"/);
    return link;
  };
  const units = [await dial("a"), await dial("a", 0), await dial("b"), await dial("b", 0)];
  const alone = await dial("no name", 0);
  const again = await dial("b", 0);
  assert.equal(await units[3]!.next(), `closed ${LINK_CLOSE.TAKEN_OVER}`);
  await server.stop();
  const others = [...units.slice(0, 3), alone, again].map(({ next }) => next());
  assert.deepEqual(await Promise.all(others), Array(5).fill(`closed ${LINK_CLOSE.GOING_AWAY}`));
});

Deno.test("serveLink() takes a shard from one unit after the other, each event once, and tells each its own", async () => {
  const received: unknown[] = [];
  const server = serve("key", ({ d }) => void received.push(d));
  const dial = async (unit: string) => {
    const link = dialCluster(server.port, "key", 0, unit);
    await link.next();
    link.socket.send(encodeLinkMessage(WELCOME));
    return link;
  };
  const send = ({ socket }: Awaited<ReturnType<typeof dial>>, ...cursors: number[]) =>
    socket.sendBytes(encodeBatch(4, cursors.map((cursor) => event(1, cursor))));
  const [a, b] = [await dial("a"), await dial("b")];
  send(a, 1, 2, 3);
  assert.deepEqual(await a.next(), ack({ 1: 3 }));
  send(b, 2, 3, 4);
  assert.deepEqual(await b.next(), ack({ 1: 4 }));
  send(a, 3);
  assert.deepEqual(await a.next(), ack({ 1: 3 }), "who still sends hears what it has to forget");
  a.socket.send(encodeLinkMessage({ op: "bye", reason: "the unit stops" }));
  a.socket.close(1000, "");
  send(b, 5);
  assert.deepEqual(await b.next(), ack({ 1: 5 }));
  assert.deepEqual(received, [1, 2, 3, 4, 5]);
  await server.stop();
});

Deno.test("serveLink() says goodbye to its unit when it stops", async () => {
  const server = serve("key");
  const { next } = dialCluster(server.port, "key");
  await next();
  await server.stop();
  assert.equal(await next(), `closed ${LINK_CLOSE.GOING_AWAY}`);
});

Deno.test("serveLink() does not start without a secret key", () => {
  assert.throws(() => serve(""), { code: "bad_config" });
});

import assert from "node:assert/strict";
import { defineBot } from "../../bot/define_bot.ts";
import { EventConsumer } from "../../bot/link/consumer.ts";
import { dialEvents } from "../../bot/link/dial.ts";
import {
  encodeBatch,
  encodeLinkMessage,
  type EventRecord,
  RECORD,
} from "../../protocol/event_frame.ts";
import { systemClock } from "../../ports/clock.ts";
import { silentLog } from "../../ports/log.ts";
import { webSocketConnect } from "../../ports/websocket/client.ts";
import { serveEvents } from "../../clusters/inside/serve_events.ts";
import { dialCluster } from "../support/dialling_unit.ts";
import { fakeUnit } from "../support/fake_unit.ts";

const WELCOME = {
  op: "welcome",
  v: 3,
  link: 1,
  totalShards: 1,
  stream: "a",
} as const;

function event(cursor: number, d: unknown): EventRecord {
  const body = new TextEncoder().encode(JSON.stringify({ t: "X", s: cursor, op: 0, d }));
  return { shardId: 0, kind: RECORD.DISPATCH, cursor, body };
}

async function withServer(
  body: (port: number, received: unknown[]) => Promise<void>,
): Promise<void> {
  const received: unknown[] = [];
  const bot = defineBot({ events: { X: (d) => void received.push(d) } });
  const server = await serveEvents({ port: 0, secretKey: "key", log: silentLog }, bot);
  try {
    await body(server.port, received);
  } finally {
    await server.stop();
  }
}

Deno.test("a remote cluster greets the unit that dials it, takes events and acknowledges them", () =>
  withServer(async (port, received) => {
    const { next, socket } = dialCluster(port, "key");
    const hello = { op: "hello", v: 3, clusterId: 0, windowBytes: 4_194_304, values: "clone" };
    assert.deepEqual(await next(), { ...hello, late: true });
    socket.send(encodeLinkMessage(WELCOME));
    socket.sendBytes(encodeBatch(1, [event(1, "a"), event(2, "b")]));
    assert.deepEqual(await next(), { op: "ack", totalShards: 1, cursors: { 0: 2 } });
    assert.deepEqual(received, ["a", "b"]);
    socket.close(1000, "");
  }));

Deno.test("a cluster that dials gets its events in order, and those of a lost link again", async () => {
  const unit = fakeUnit("credential");
  const received: unknown[] = [];
  const { promise: hang, resolve: finish } = Promise.withResolvers<void>();
  const consumer = new EventConsumer({
    peer: { kind: "cluster", id: 0 },
    clock: systemClock,
    log: silentLog,
    receiver: {
      wants: () => true,
      receive({ d }) {
        received.push(d);
        return d === "b" ? hang : undefined;
      },
    },
  });
  const end = dialEvents({
    units: [{ url: `${unit.url.replace("http", "ws")}/events` }],
    authorization: "credential",
    consumer,
    connect: webSocketConnect(),
    clock: systemClock,
    random: () => 0,
    log: silentLog,
  });
  unit.send(0, 1, "X", "a");
  await unit.until(() => unit.acked.get(0) === 1);
  unit.send(0, 2, "X", "b");
  unit.send(0, 3, "X", "c");
  unit.dropLinks();
  await unit.until(() => unit.links === 2);
  finish();
  await unit.until(() => unit.acked.get(0) === 3);
  assert.deepEqual(received, ["a", "b", "c"]);
  end();
  await unit.stop();
});

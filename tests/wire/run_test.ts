/** A cluster from the inside: its link to the unit, and the port at which the unit's workers find it. */

import assert from "node:assert/strict";
import { runCluster } from "../../clusters/inside/run.ts";
import { type Bot, defineBot } from "../../mod.ts";
import { silentLog } from "../../ports/log.ts";
import {
  encodeBatch,
  encodeLinkMessage,
  EVENT_LINK_VERSION,
  RECORD,
} from "../../protocol/event_frame.ts";
import type { ClusterKey, ServiceKey } from "../../protocol/peer.ts";
import { dialCluster } from "../support/dialling_unit.ts";
import { fakeUnit } from "../support/fake_unit.ts";
import { cluster, service } from "../support/peers.ts";

const HELLO = { op: "hello", v: EVENT_LINK_VERSION, windowBytes: 4 * 1024 * 1024 };

/** Runs a bot in this process; the unit has its hello. */
async function setUp(bot: Bot, peer: ClusterKey | ServiceKey = cluster(3)) {
  const unit = fakeUnit("credential");
  const settings = { peer, unitUrl: unit.url, credential: "credential", botModule: "./bot.ts" };
  const stop = await runCluster(settings, bot, silentLog, () => ({}));
  await unit.until(() => unit.hellos.length === 1);
  return { unit, stop, hello: unit.hellos[0]! };
}

Deno.test("a cluster tells its unit at which port its workers may come, with its credential", async () => {
  const received: unknown[] = [];
  const order: string[] = [];
  const bot = defineBot({
    events: { X: (d) => void received.push(d) },
    shutdown: () => void order.push("shutdown"),
  });
  const { unit, stop, hello } = await setUp(bot);
  const { port, ...said } = hello;
  assert.deepEqual(said, { ...HELLO, clusterId: 3, values: "clone", late: true });
  assert.equal(await dialCluster(port!, "a guess", 0).next(), "refused");
  const worker = dialCluster(port!, "credential", 0);
  assert.deepEqual(await worker.next(), { ...HELLO, clusterId: 3 });
  const welcome = { op: "welcome", v: EVENT_LINK_VERSION, link: 1, totalShards: 2, stream: "a" };
  worker.socket.send(encodeLinkMessage(welcome as never));
  const body = new TextEncoder().encode('{"t":"X","s":1,"op":0,"d":"hi"}');
  worker.socket.sendBytes(encodeBatch(2, [{ shardId: 0, kind: RECORD.DISPATCH, cursor: 7, body }]));
  assert.deepEqual(await worker.next(), { op: "ack", totalShards: 2, cursors: { 0: 7 } });
  assert.deepEqual(received, ["hi"]);
  assert.deepEqual(unit.acked.size, 0, "the unit itself has brought nothing");
  await stop();
  assert.equal(await worker.next(), "closed 4503");
  assert.deepEqual(order, ["shutdown"]);
  assert.equal(await dialCluster(port!, "credential", 0).next(), "refused");
  await unit.stop();
});

Deno.test("a service has no shards, and opens no port", async () => {
  const { unit, stop, hello } = await setUp(defineBot({ events: {} }), service("api"));
  assert.deepEqual(hello, { ...HELLO, service: "api", values: "clone", late: true });
  await stop();
  await unit.stop();
});

Deno.test("a cluster whose shutdown() fails rejects, and leaves neither link nor port behind", async () => {
  const shutdown = () => Promise.reject(new Error("the database is gone"));
  const { unit, stop, hello } = await setUp(defineBot({ events: {}, shutdown }));
  await assert.rejects(stop(), /the database is gone/);
  assert.equal(await dialCluster(hello.port!, "credential", 0).next(), "refused");
  await unit.stop();
});

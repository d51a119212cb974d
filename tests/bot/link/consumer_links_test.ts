/** A consumer's links: its unit's own, and one of each worker. */

import assert from "node:assert/strict";
import { ACK_LATEST_MS } from "../../../bot/link/acks.ts";
import { LINK_CLOSE } from "../../../protocol/event_frame.ts";
import { service } from "../../support/peers.ts";
import { ack, event, SETTLED, setUp } from "./consumer_stage.ts";

Deno.test("a consumer says at which port it listens, and no worker that, nor what values it takes", () => {
  const { connect, consumer } = setUp({
    calls: { up: () => ({ down() {}, receive() {}, shardsAre() {} }) },
  });
  const hello = { op: "hello", v: 3, clusterId: 7, windowBytes: 4 * 1024 * 1024 };
  const unit = { ...hello, late: true, values: "clone" };
  assert.deepEqual(connect(false).sent, [unit]);
  consumer.listensAt(8080);
  assert.deepEqual(connect(false).sent, [{ ...unit, port: 8080 }]);
  assert.deepEqual(connect(false, 0).sent, [hello]);
});

Deno.test("a service greets by its name", () => {
  const { connect } = setUp({ peer: service("api"), windowBytes: 5 });
  assert.deepEqual(connect(false).sent, [{
    op: "hello",
    v: 3,
    service: "api",
    windowBytes: 5,
    late: true,
  }]);
});

Deno.test("a consumer takes the events of all workers as they come", () => {
  const { connect, names } = setUp();
  const [unit, first, second] = [connect(), connect(true, 0), connect(true, 1)];
  first.batch(event(0, 1));
  second.batch(event(1, 1));
  first.batch(event(0, 2));
  second.batch(event(1, 2), event(0, 2));
  assert.deepEqual(names(), ["0:1", "1:1", "0:2", "1:2"]);
  assert.deepEqual([unit, first, second].flatMap(({ closes }) => closes), []);
});

Deno.test("a consumer acknowledges each shard to who brought it", async () => {
  const { clock, connect } = setUp(SETTLED);
  const [unit, first, second] = [connect(), connect(true, 0), connect(true, 1)];
  first.batch(event(0, 1), event(2, 9));
  second.batch(event(1, 4));
  first.batch(event(0, 2));
  await clock.advance(ACK_LATEST_MS);
  assert.deepEqual([unit, first, second].map(({ acks }) => acks()), [
    [],
    [ack({ 0: 2, 2: 9 })],
    [ack({ 1: 4 })],
  ]);
});

Deno.test("a newer link of a worker ends the older one of the same worker, and no other", async () => {
  const { clock, connect, names, started } = setUp();
  const [unit, first, second] = [connect(), connect(true, 0), connect(true, 1)];
  first.batch(event(0, 1));
  second.batch(event(1, 1));
  const again = connect(true, 0);
  assert.deepEqual([unit, first, second].map(({ closes }) => closes), [
    [],
    [LINK_CLOSE.TAKEN_OVER],
    [],
  ]);
  first.link.closed();
  first.batch(event(0, 2));
  second.batch(event(1, 2));
  again.batch(event(0, 1), event(0, 2));
  assert.deepEqual(names(), ["0:1", "1:1", "1:2", "0:2"]);
  for (const { done } of started) done.resolve();
  await clock.advance(ACK_LATEST_MS);
  assert.deepEqual([first.acks(), again.acks(), second.acks()], [
    [],
    [ack({ 0: 2 })],
    [ack({ 1: 2 })],
  ]);
});

Deno.test("what a worker's lost link brought is acknowledged to the worker's next one, not to others", async () => {
  const { clock, connect, started } = setUp();
  const [unit, first, second] = [connect(), connect(true, 0), connect(true, 1)];
  first.batch(event(0, 1));
  first.link.closed();
  started[0]!.done.resolve();
  await clock.advance(2 * ACK_LATEST_MS);
  assert.deepEqual([unit, first, second].map(({ acks }) => acks()), [[], [], []]);
  assert.deepEqual(connect(true, 0).acks(), [ack({ 0: 1 })]);
});

Deno.test("a shard that comes over another link from now on is acknowledged there", async () => {
  const { clock, connect } = setUp(SETTLED);
  const [unit, worker] = [connect(), connect(true, 3)];
  unit.batch(event(0, 1));
  await clock.advance(ACK_LATEST_MS);
  worker.batch(event(0, 1), event(0, 2));
  await clock.advance(ACK_LATEST_MS);
  assert.deepEqual([unit.acks(), worker.acks()], [[ack({ 0: 1 })], [ack({ 0: 2 })]]);
});

Deno.test("a welcome with another numbering ends the links of the older one", () => {
  const { connect, names } = setUp();
  const [unit, first, second] = [connect(), connect(true, 0), connect(false, 1)];
  first.batch(event(0, 5));
  const other = connect(true, 0, "b");
  assert.deepEqual([unit, first, second].map(({ closes }) => closes), [
    [LINK_CLOSE.TAKEN_OVER],
    [LINK_CLOSE.TAKEN_OVER],
    [],
  ]);
  other.batch(event(0, 1));
  assert.deepEqual(names(), ["0:5", "0:1"]);
});

Deno.test("nothing that came in one numbering is acknowledged in another", async () => {
  const { clock, connect } = setUp(SETTLED);
  const before = connect(true, 0);
  before.batch(event(0, 5));
  const after = connect(true, 1, "b");
  const again = connect(true, 0, "b");
  await clock.advance(2 * ACK_LATEST_MS);
  assert.deepEqual([before, after, again].flatMap(({ acks }) => acks()), []);
});

Deno.test("what is done with after the numbering has changed is not acknowledged in the new one", async () => {
  const { promise: work, resolve: finish } = Promise.withResolvers<void>();
  const { clock, connect } = setUp({ receiver: { wants: () => true, receive: () => work } });
  connect(true, null).batch(event(0, 5));
  const after = connect(true, null, "b");
  after.batch(event(0, 5));
  finish();
  await clock.advance(2 * ACK_LATEST_MS);
  assert.deepEqual(after.acks(), [ack({ 0: 5 })], "its own 5, once");
  const other = connect(true, null, "c");
  await clock.advance(2 * ACK_LATEST_MS);
  assert.deepEqual(other.acks(), []);
});

Deno.test("shards of one id and two totals are two shards, each acknowledged as its own", async () => {
  const { clock, connect } = setUp(SETTLED);
  const { batch, batchOf, acks } = connect();
  batch(event(1, 7));
  batchOf(8, event(1, 5));
  batchOf(8, event(1, 5));
  await clock.advance(2 * ACK_LATEST_MS);
  assert.deepEqual(acks(), [ack({ 1: 7 }, 4), ack({ 1: 5 }, 8)]);
});

Deno.test("a worker makes and takes no calls", () => {
  const told: string[] = [];
  const { connect } = setUp({
    calls: {
      up() {
        told.push("up");
        return {
          down: () => told.push("down"),
          receive: ({ op }) => told.push(op),
          shardsAre: () => told.push("shards"),
        };
      },
    },
  });
  const unit = connect();
  const worker = connect(true, 0);
  worker.link.closed();
  const other = connect(true, 0);
  other.say({ op: "call", id: 1, verb: "stats", receptive: true, value: { json: null } });
  assert.deepEqual([other.closes, unit.closes], [[LINK_CLOSE.BAD_MESSAGE], []]);
  other.say({ op: "welcome", v: 3, link: 1, totalShards: 8, stream: "a" });
  assert.deepEqual(told, ["up"]);
});

Deno.test("what a worker brought that is gone for good is due to nobody else, and others are told theirs", async () => {
  const { clock, connect } = setUp(SETTLED);
  const [unit, old] = [connect(), connect(true, 0)];
  old.batch(event(1, 3));
  old.link.closed();
  const next = connect(true, 1);
  next.batchOf(8, event(1, 9));
  await clock.advance(ACK_LATEST_MS);
  next.batchOf(8, event(1, 10));
  await clock.advance(ACK_LATEST_MS);
  assert.deepEqual([unit.acks(), old.acks()], [[], []]);
  assert.deepEqual(next.acks(), [ack({ 1: 9 }, 8), ack({ 1: 10 }, 8)]);
});

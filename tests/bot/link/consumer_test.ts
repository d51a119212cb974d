import assert from "node:assert/strict";
import { ACK_LATEST_MS } from "../../../bot/link/acks.ts";
import { encodeBatch, GAP_EVENT, LINK_CLOSE, RECORD } from "../../../protocol/event_frame.ts";
import { ack, bytes, event, SETTLED, setUp } from "./consumer_stage.ts";

Deno.test("a consumer greets the unit first, whoever dialled", () => {
  const { connect } = setUp({ windowBytes: 1000 });
  const { sent } = connect(false);
  assert.deepEqual(sent, [{ op: "hello", v: 3, clusterId: 7, windowBytes: 1000, late: true }]);
});

Deno.test("a consumer starts handlers in order without waiting for the one before", () => {
  const { connect, names } = setUp();
  connect().batch(event(1, 10), event(2, 5), event(1, 11));
  assert.deepEqual(names(), ["1:10", "2:5", "1:11"]);
});

Deno.test("a consumer forgets its cursors when the unit's numbering is another one", () => {
  const { connect, names } = setUp();
  connect().batch(event(1, 10));
  connect().batch(event(1, 10));
  const other = connect(false);
  other.say({ op: "welcome", v: 3, link: 1, totalShards: 4, stream: "b" });
  other.batch(event(1, 3));
  assert.deepEqual(names(), ["1:10", "1:3"]);
});

Deno.test("a consumer acknowledges up to the first event that is not settled", async () => {
  const { clock, connect, started } = setUp();
  const { acks, batch } = connect();
  batch(event(1, 10), event(1, 13), event(1, 20), event(2, 5));
  started[1]!.done.resolve();
  await clock.advance(ACK_LATEST_MS);
  assert.deepEqual(acks(), []);
  started[0]!.done.resolve();
  await clock.advance(ACK_LATEST_MS);
  assert.deepEqual(acks(), [ack({ 1: 13 })]);
  started[2]!.done.resolve();
  started[3]!.done.resolve();
  await clock.advance(ACK_LATEST_MS);
  assert.deepEqual(acks().at(-1), ack({ 1: 20, 2: 5 }));
});

Deno.test("a consumer acknowledges a batch in one message", async () => {
  const { clock, connect } = setUp({ receiver: { wants: () => true, receive: () => {} } });
  const { acks, batch } = connect();
  batch(event(1, 10), event(1, 11), event(2, 5));
  batch(event(2, 6));
  assert.deepEqual(acks(), []);
  await clock.advance(ACK_LATEST_MS);
  assert.deepEqual(acks(), [ack({ 1: 11, 2: 6 })]);
});

Deno.test("a consumer neither parses nor delivers an event that nobody wants", async () => {
  const { clock, connect, lines, names } = setUp();
  const { acks, batch } = connect();
  const body = bytes('{"t":"UNWANTED","s":1,"op":0,"d":}');
  batch({ shardId: 1, kind: RECORD.DISPATCH, cursor: 3, body });
  await clock.advance(ACK_LATEST_MS);
  assert.deepEqual(names(), []);
  assert.deepEqual(acks(), [ack({ 1: 3 })]);
  assert.ok(!lines.some((line) => line.startsWith("error")), lines.join());
});

Deno.test("a consumer drops repeats and acknowledges them again, also on another connection", async () => {
  const { clock, consumer, connect, names, started } = setUp();
  const first = connect();
  first.batch(event(1, 10), event(1, 11));
  started[0]!.done.resolve();
  await clock.advance(ACK_LATEST_MS);
  first.link.closed();
  const second = connect();
  second.batch(event(1, 10), event(1, 11), event(1, 12));
  await clock.advance(ACK_LATEST_MS);
  assert.deepEqual(names(), ["1:10", "1:11", "1:12"]);
  assert.deepEqual(second.acks(), [ack({ 1: 10 })]);
  assert.equal(consumer.counters().repeats, 2);
});

Deno.test("a consumer tells the next link what was settled while there was none", async () => {
  const { clock, connect, started } = setUp();
  const first = connect();
  first.batch(event(1, 10));
  first.link.closed();
  started[0]!.done.resolve();
  await clock.advance(0);
  assert.deepEqual(first.acks(), []);
  assert.deepEqual(connect().acks(), [ack({ 1: 10 })]);
});

Deno.test("a newer link ends the older one, whose events are not taken any more", () => {
  const { connect, names } = setUp();
  const first = connect();
  const second = connect();
  first.batch(event(1, 10));
  assert.deepEqual(first.closes, [LINK_CLOSE.TAKEN_OVER]);
  assert.deepEqual(names(), []);
  first.link.closed();
  second.batch(event(1, 10));
  assert.deepEqual(names(), ["1:10"]);
});

Deno.test("a handler that throws or rejects is logged with event and shard, and is settled", async () => {
  const failures = [() => Promise.reject(new Error("late")), () => {
    throw new Error("early");
  }];
  const { clock, connect, consumer, lines } = setUp({
    receiver: { wants: () => true, receive: () => failures.pop()!() },
  });
  const { acks, batch } = connect();
  batch(event(3, 1, "A"), event(3, 2, "B"));
  await clock.advance(ACK_LATEST_MS);
  assert.deepEqual(acks(), [ack({ 3: 2 })]);
  assert.equal(consumer.counters().failed, 2);
  const failed = lines.filter((line) => line.startsWith("error handler failed"));
  assert.match(failed[0]!, /"shardId":3,"cursor":1,"name":"A","error":"early"/);
  assert.match(failed[1]!, /"shardId":3,"cursor":2,"name":"B","error":"late"/);
});

Deno.test("a handler that does not settle in time is logged and holds the queue no longer", async () => {
  const { clock, connect, consumer, lines, started } = setUp({ handlerDeadlineMs: 1000 });
  const { acks, batch } = connect();
  batch(event(1, 10, "SLOW"));
  await clock.advance(600);
  batch(event(1, 11));
  await clock.advance(399);
  assert.equal(consumer.counters().late, 0);
  await clock.advance(1);
  assert.match(lines.at(-1)!, /^error handler missed its deadline .*"cursor":10,"name":"SLOW"/);
  assert.deepEqual(acks(), []);
  await clock.advance(ACK_LATEST_MS);
  assert.deepEqual(acks(), [ack({ 1: 10 })]);
  await clock.advance(600);
  assert.deepEqual(acks().at(-1), ack({ 1: 11 }));
  started[0]!.done.resolve();
  await clock.advance(0);
  assert.equal(consumer.counters().late, 2);
  assert.equal(acks().length, 2);
});

Deno.test("a gap is an event of its own and is logged", async () => {
  const { clock, connect, lines, started } = setUp();
  const { batch } = connect();
  const gap = { from: 3, to: 9, count: null, reason: "invalid session" };
  batch({ shardId: 2, kind: RECORD.GAP, cursor: 9, body: bytes(JSON.stringify(gap)) });
  await clock.advance(0);
  assert.deepEqual(started[0]!.dispatch, { op: 0, t: GAP_EVENT, s: null, d: gap });
  assert.match(lines.at(-1)!, /^warn events are missing .*"shardId":2,"from":3,"to":9/);
});

Deno.test("what another shard has served is no event, and is acknowledged by itself or among events", async () => {
  const { clock, connect, names } = setUp(SETTLED);
  const { acks, batchOf } = connect();
  const served = (cursor: number) => (
    { shardId: 3, kind: RECORD.SERVED, cursor, body: bytes("") }
  );
  batchOf(8, served(4), served(5));
  await clock.advance(ACK_LATEST_MS);
  assert.deepEqual([names(), acks()], [[], [ack({ 3: 5 }, 8)]]);
  batchOf(8, served(5), served(6), event(3, 7));
  await clock.advance(ACK_LATEST_MS);
  assert.deepEqual(acks().at(-1), ack({ 3: 7 }, 8));
});

Deno.test("a bot is told of which total a shard is: two may live side by side", () => {
  const totals: [number, number][] = [];
  const { connect } = setUp({
    receiver: {
      wants: () => true,
      receive: (_, shardId, totalShards) => void totals.push([shardId, totalShards]),
    },
  });
  const { batch, batchOf } = connect();
  batch(event(1, 1));
  batchOf(8, event(1, 1));
  assert.deepEqual(totals, [[1, 4], [1, 8]]);
});

Deno.test("a shard that serves again after another total has its cursors above those of before", () => {
  const { connect, names, started } = setUp(); // 4 to 8 and back
  const { batch, batchOf } = connect(true, 0);
  batch(event(1, 10));
  batchOf(8, event(1, 3), event(5, 2));
  batch(event(1, 10), event(1, 11));
  assert.deepEqual(names(), ["1:10", "1:3", "5:2", "1:11"]);
  assert.equal(started.length, 4);
});

Deno.test("a record of an unknown kind is skipped and acknowledged", async () => {
  const { clock, connect, names } = setUp();
  const { acks, batch } = connect();
  batch({ ...event(2, 4), kind: 99 });
  await clock.advance(ACK_LATEST_MS);
  assert.deepEqual(names(), []);
  assert.deepEqual(acks(), [ack({ 2: 4 })]);
});

Deno.test("an event that is not JSON is logged and settled: it would come again for ever", async () => {
  const { clock, connect, lines } = setUp();
  const { acks, batch, closes } = connect();
  batch({
    shardId: 2,
    kind: RECORD.DISPATCH,
    cursor: 4,
    body: bytes('{"t":"X","s":4,"op":0,"d":'),
  });
  await clock.advance(ACK_LATEST_MS);
  assert.deepEqual(acks(), [ack({ 2: 4 })]);
  assert.deepEqual(closes, []);
  assert.match(lines.at(-1)!, /^error event cannot be read/);
});

Deno.test("a batch that is cut short closes the link", () => {
  const { connect } = setUp();
  const { closes, link } = connect();
  link.batch(encodeBatch(4, [event(1, 1)]).subarray(0, 20));
  assert.deepEqual(closes, [LINK_CLOSE.BAD_MESSAGE]);
});

Deno.test("a message that is not the unit's closes the link", () => {
  const { connect } = setUp();
  for (const text of ["?", '{"op":"ack","totalShards":4,"cursors":{}}', '{"op":"welcome"}']) {
    const { closes, link } = connect();
    link.text(text);
    assert.deepEqual(closes, [LINK_CLOSE.BAD_MESSAGE], text);
  }
});

Deno.test("events before the welcome, and a welcome of another version, close the link", () => {
  const { connect, names } = setUp();
  const early = connect(false);
  early.batch(event(1, 1));
  assert.deepEqual(early.closes, [LINK_CLOSE.BAD_MESSAGE]);
  const other = connect(false);
  other.say({ op: "welcome", v: 2, link: 1, totalShards: 4, stream: "a" });
  assert.deepEqual(other.closes, [LINK_CLOSE.VERSION]);
  assert.equal(other.link.welcomed, false);
  assert.deepEqual(names(), []);
});

Deno.test("stop() takes no more events and waits for those under way", async () => {
  const { clock, connect, consumer, names, started } = setUp();
  const { acks, batch } = connect();
  batch(event(1, 10));
  let stopped = false;
  consumer.stop().then(() => stopped = true);
  batch(event(1, 11));
  await clock.advance(0);
  assert.equal(stopped, false);
  started[0]!.done.resolve();
  await clock.advance(0);
  assert.equal(stopped, true, "and its acknowledgement waits for no other");
  assert.deepEqual(names(), ["1:10"]);
  assert.deepEqual(acks(), [ack({ 1: 10 })]);
});

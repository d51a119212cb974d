import assert from "node:assert/strict";
import { ACK_AFTER_MS, type ConsumerOptions, EventConsumer } from "../../../bot/link/consumer.ts";
import type { Dispatch } from "../../../bot/link/dispatch.ts";
import {
  encodeBatch,
  type EventRecord,
  GAP_EVENT,
  LINK_CLOSE,
  RECORD,
} from "../../../protocol/event_frame.ts";
import { logTo } from "../../../ports/log.ts";
import { createVirtualClock } from "../../../sim/wire/virtual_clock.ts";
import { cluster, service } from "../../support/peers.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

function event(shardId: number, cursor: number, name = "X", d: unknown = cursor): EventRecord {
  const body = bytes(JSON.stringify({ t: name, s: cursor, op: 0, d }));
  return { shardId, kind: RECORD.DISPATCH, cursor, body };
}

function setUp(options: Partial<ConsumerOptions> = {}) {
  const clock = createVirtualClock();
  const lines: string[] = [];
  const log = logTo((level, text, fields) => {
    lines.push(`${level} ${text} ${JSON.stringify(fields)}`);
  });
  const started: { dispatch: Dispatch; shardId: number; done: PromiseWithResolvers<void> }[] = [];
  const consumer = new EventConsumer({
    peer: cluster(7),
    clock,
    log,
    receiver: {
      wants: (name) => name !== "UNWANTED",
      receive(dispatch, shardId) {
        const done = Promise.withResolvers<void>();
        started.push({ dispatch, shardId, done });
        return done.promise;
      },
    },
    ...options,
  });
  function connect(welcome = true, worker: number | null = null, stream = "a") {
    const sent: unknown[] = [];
    const closes: number[] = [];
    const link = consumer.attach({
      send: (text) => sent.push(JSON.parse(text)),
      close: (code) => closes.push(code),
    }, worker);
    const say = (message: unknown) => link.text(JSON.stringify(message));
    if (welcome) say({ op: "welcome", v: 2, link: 1, totalShards: 4, stream });
    const acks = () => sent.flatMap((m) => (m as { op: string }).op === "ack" ? [m] : []);
    return {
      link,
      sent,
      closes,
      acks,
      say,
      batch: (...r: EventRecord[]) => link.batch(encodeBatch(r)),
    };
  }
  const names = () => started.map(({ shardId, dispatch }) => `${shardId}:${dispatch.d}`);
  return { clock, consumer, connect, lines, names, started };
}

const ack = (cursors: Record<string, number>) => ({ op: "ack", cursors });

Deno.test("a consumer greets the unit first, whoever dialled", () => {
  const { connect } = setUp({ windowBytes: 1000 });
  const { sent } = connect(false);
  assert.deepEqual(sent, [{ op: "hello", v: 2, clusterId: 7, windowBytes: 1000 }]);
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
  other.say({ op: "welcome", v: 2, link: 1, totalShards: 4, stream: "b" });
  other.batch(event(1, 3));
  assert.deepEqual(names(), ["1:10", "1:3"]);
});

Deno.test("a consumer acknowledges up to the first event that is not settled", async () => {
  const { clock, connect, started } = setUp();
  const { acks, batch } = connect();
  batch(event(1, 10), event(1, 13), event(1, 20), event(2, 5));
  started[1]!.done.resolve();
  await clock.advance(ACK_AFTER_MS);
  assert.deepEqual(acks(), []);
  started[0]!.done.resolve();
  await clock.advance(ACK_AFTER_MS);
  assert.deepEqual(acks(), [ack({ 1: 13 })]);
  started[2]!.done.resolve();
  started[3]!.done.resolve();
  await clock.advance(ACK_AFTER_MS);
  assert.deepEqual(acks().at(-1), ack({ 1: 20, 2: 5 }));
});

Deno.test("a consumer acknowledges a batch in one message", async () => {
  const { clock, connect } = setUp({ receiver: { wants: () => true, receive: () => {} } });
  const { acks, batch } = connect();
  batch(event(1, 10), event(1, 11), event(2, 5));
  batch(event(2, 6));
  assert.deepEqual(acks(), []);
  await clock.advance(ACK_AFTER_MS);
  assert.deepEqual(acks(), [ack({ 1: 11, 2: 6 })]);
});

Deno.test("a consumer neither parses nor delivers an event that nobody wants", async () => {
  const { clock, connect, lines, names } = setUp();
  const { acks, batch } = connect();
  const body = bytes('{"t":"UNWANTED","s":1,"op":0,"d":}');
  batch({ shardId: 1, kind: RECORD.DISPATCH, cursor: 3, body });
  await clock.advance(ACK_AFTER_MS);
  assert.deepEqual(names(), []);
  assert.deepEqual(acks(), [ack({ 1: 3 })]);
  assert.ok(!lines.some((line) => line.startsWith("error")), lines.join());
});

Deno.test("a consumer drops repeats and acknowledges them again, also on another connection", async () => {
  const { clock, consumer, connect, names, started } = setUp();
  const first = connect();
  first.batch(event(1, 10), event(1, 11));
  started[0]!.done.resolve();
  await clock.advance(ACK_AFTER_MS);
  first.link.closed();
  const second = connect();
  second.batch(event(1, 10), event(1, 11), event(1, 12));
  await clock.advance(ACK_AFTER_MS);
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
  await clock.advance(ACK_AFTER_MS);
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
  await clock.advance(ACK_AFTER_MS);
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
  const gap = { from: 3, to: 9, reason: "invalid session" };
  batch({ shardId: 2, kind: RECORD.GAP, cursor: 9, body: bytes(JSON.stringify(gap)) });
  await clock.advance(0);
  assert.deepEqual(started[0]!.dispatch, { op: 0, t: GAP_EVENT, s: null, d: gap });
  assert.match(lines.at(-1)!, /^warn events are missing .*"shardId":2,"from":3,"to":9/);
});

Deno.test("a record of an unknown kind is skipped and acknowledged", async () => {
  const { clock, connect, names } = setUp();
  const { acks, batch } = connect();
  batch({ ...event(2, 4), kind: 99 });
  await clock.advance(ACK_AFTER_MS);
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
  await clock.advance(ACK_AFTER_MS);
  assert.deepEqual(acks(), [ack({ 2: 4 })]);
  assert.deepEqual(closes, []);
  assert.match(lines.at(-1)!, /^error event cannot be read/);
});

Deno.test("a batch that is cut short closes the link", () => {
  const { connect } = setUp();
  const { closes, link } = connect();
  link.batch(encodeBatch([event(1, 1)]).subarray(0, 20));
  assert.deepEqual(closes, [LINK_CLOSE.BAD_MESSAGE]);
});

Deno.test("a message that is not the unit's closes the link", () => {
  const { connect } = setUp();
  for (const text of ["?", '{"op":"ack","cursors":{}}', '{"op":"welcome"}']) {
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
  other.say({ op: "welcome", v: 3, link: 1, totalShards: 4, stream: "a" });
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

const SETTLED = { receiver: { wants: () => true, receive: () => {} } };

Deno.test("a consumer acknowledges so long after the first event that is settled, and all together", async () => {
  const { clock, connect } = setUp(SETTLED);
  const { acks, batch } = connect();
  for (let cursor = 1; cursor <= 5; cursor++) {
    batch(event(1, cursor));
    await clock.advance(ACK_AFTER_MS / 5 - 1);
  }
  assert.deepEqual(acks(), []);
  await clock.advance(5);
  assert.deepEqual(acks(), [ack({ 1: 5 })]);
  await clock.advance(10 * ACK_AFTER_MS);
  assert.equal(acks().length, 1, "nothing is said twice");
});

/** An event of so many bytes on the wire. */
function large(cursor: number, size: number): EventRecord {
  return event(1, cursor, "X", "x".repeat(size - encodeBatch([event(1, cursor, "X", "")]).length));
}

for (
  const [what, windowBytes, bytes] of [
    ["an eighth of its window", 80_000, 10_000],
    ["256 KiB", 16 * 1024 * 1024, 256 * 1024],
  ] as const
) {
  Deno.test(`a consumer acknowledges at once after ${what}, once for each`, async () => {
    const { clock, connect } = setUp({ ...SETTLED, windowBytes });
    const { acks, batch } = connect();
    batch(large(1, bytes - 1));
    await clock.advance(0);
    assert.deepEqual(acks(), []);
    batch(event(1, 2));
    await clock.advance(0);
    assert.deepEqual(acks(), [ack({ 1: 2 })]);
    batch(event(1, 3));
    await clock.advance(0);
    assert.equal(acks().length, 1, "from there on it waits again");
    batch(large(4, bytes));
    await clock.advance(0);
    assert.deepEqual(acks().at(-1), ack({ 1: 4 }));
    await clock.advance(10 * ACK_AFTER_MS);
    assert.equal(acks().length, 2);
  });
}

Deno.test("a consumer acknowledges at once when the unit says goodbye, and whatever comes after", async () => {
  const { clock, connect } = setUp(SETTLED);
  const [unit, worker] = [connect(), connect(true, 0)];
  unit.batch(event(1, 3));
  unit.say({ op: "bye", reason: "the unit stops" });
  assert.deepEqual(unit.acks(), [ack({ 1: 3 })]);
  unit.batch(event(1, 4));
  await clock.advance(0);
  assert.deepEqual(unit.acks().slice(1), [ack({ 1: 4 })]);
  worker.batch(event(2, 1));
  await clock.advance(0);
  assert.deepEqual(worker.acks(), [], "who has not said goodbye can wait");
});

Deno.test("a consumer says at which port it listens, and no worker that, nor what values it takes", () => {
  const { connect, consumer } = setUp({ calls: { up() {}, down() {}, receive() {} } });
  const hello = { op: "hello", v: 2, clusterId: 7, windowBytes: 4 * 1024 * 1024 };
  assert.deepEqual(connect(false).sent, [{ ...hello, values: "clone" }]);
  consumer.listensAt(8080);
  assert.deepEqual(connect(false).sent, [{ ...hello, values: "clone", port: 8080 }]);
  assert.deepEqual(connect(false, 0).sent, [hello]);
});

Deno.test("a service greets by its name", () => {
  const { connect } = setUp({ peer: service("api"), windowBytes: 5 });
  assert.deepEqual(connect(false).sent, [{
    op: "hello",
    v: 2,
    service: "api",
    windowBytes: 5,
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
  await clock.advance(ACK_AFTER_MS);
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
  await clock.advance(ACK_AFTER_MS);
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
  await clock.advance(10 * ACK_AFTER_MS);
  assert.deepEqual([unit, first, second].map(({ acks }) => acks()), [[], [], []]);
  assert.deepEqual(connect(true, 0).acks(), [ack({ 0: 1 })]);
});

Deno.test("a shard that comes over another link from now on is acknowledged there", async () => {
  const { clock, connect } = setUp(SETTLED);
  const [unit, worker] = [connect(), connect(true, 3)];
  unit.batch(event(0, 1));
  await clock.advance(ACK_AFTER_MS);
  worker.batch(event(0, 1), event(0, 2));
  await clock.advance(ACK_AFTER_MS);
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
  await clock.advance(10 * ACK_AFTER_MS);
  assert.deepEqual([before, after, again].flatMap(({ acks }) => acks()), []);
});

Deno.test("a worker makes and takes no calls", () => {
  const told: string[] = [];
  const { connect } = setUp({
    calls: {
      up: () => told.push("up"),
      down: () => told.push("down"),
      receive: ({ op }) => told.push(op),
    },
  });
  const unit = connect();
  const worker = connect(true, 0);
  worker.link.closed();
  const other = connect(true, 0);
  other.say({ op: "call", id: 1, verb: "stats", receptive: true, value: { json: null } });
  assert.deepEqual([other.closes, unit.closes], [[LINK_CLOSE.BAD_MESSAGE], []]);
  assert.deepEqual(told, ["up"]);
});

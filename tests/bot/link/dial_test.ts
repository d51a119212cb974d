import assert from "node:assert/strict";
import { EventConsumer } from "../../../bot/link/consumer.ts";
import { dialEvents, type DialledUnit } from "../../../bot/link/dial.ts";
import { encodeBatch, LINK_CLOSE, RECORD } from "../../../protocol/event_frame.ts";
import { logTo, silentLog } from "../../../ports/log.ts";
import type { SocketEvents } from "../../../ports/socket.ts";
import { createVirtualClock } from "../../../sim/wire/virtual_clock.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const WELCOME = bytes('{"op":"welcome","v":3,"link":1,"totalShards":1,"stream":"a"}');

interface FakeSocket {
  readonly url: string;
  readonly headers: unknown;
  readonly events: SocketEvents;
  readonly sent: string[];
  readonly closes: number[];
  destroyed: boolean;
}

function setUp(...units: DialledUnit[]) {
  const clock = createVirtualClock();
  const received: unknown[] = [];
  const lines: string[] = [];
  const consumer = new EventConsumer({
    peer: { kind: "cluster", id: 0 },
    clock,
    log: silentLog,
    receiver: { wants: () => true, receive: ({ d }) => void received.push(d) },
  });
  const sockets: FakeSocket[] = [];
  const end = dialEvents({
    units: units.length > 0 ? units : [{ url: "ws://unit/events" }],
    authorization: "credential",
    consumer,
    clock,
    random: () => 1,
    log: logTo((_, event, fields) => lines.push(`${event} ${JSON.stringify(fields)}`)),
    connect(url, events, options) {
      const socket: FakeSocket = {
        url,
        headers: options?.headers,
        events,
        sent: [],
        closes: [],
        destroyed: false,
      };
      sockets.push(socket);
      return {
        send: (text) => socket.sent.push(text),
        sendBytes() {},
        close: (code) => socket.closes.push(code),
        destroy: () => socket.destroyed = true,
        pause() {},
        bufferedBytes: 0,
      };
    },
  });
  return { clock, end, lines, received, sockets };
}

Deno.test("dialEvents() sends its credential as Authorization and greets when open", () => {
  const { sockets: [socket] } = setUp();
  assert.equal(socket!.url, "ws://unit/events");
  assert.deepEqual(socket!.headers, { authorization: "credential" });
  assert.deepEqual(socket!.sent, []);
  socket!.events.open();
  assert.match(socket!.sent[0]!, /"op":"hello"/);
});

Deno.test("dialEvents() tells texts from batches", () => {
  const { received, sockets: [socket] } = setUp();
  socket!.events.open();
  socket!.events.message(WELCOME, true);
  const body = bytes('{"t":"X","s":1,"op":0,"d":"hi"}');
  socket!.events.message(
    encodeBatch(1, [{ shardId: 0x7b000000, kind: RECORD.DISPATCH, cursor: 1, body }]),
    false,
  );
  assert.deepEqual(received, ["hi"]);
});

Deno.test("dialEvents() dials again for ever, with growing delays", async () => {
  const { clock, lines, sockets } = setUp();
  for (const delayMs of [250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000]) {
    const dialled = sockets.length;
    sockets.at(-1)!.events.failed("connection refused");
    assert.match(lines.at(-1)!, /connection refused/);
    await clock.advance(delayMs - 1);
    assert.equal(sockets.length, dialled);
    await clock.advance(1);
    assert.equal(sockets.length, dialled + 1);
  }
});

Deno.test("dialEvents() begins with short delays again after a link that worked", async () => {
  const { clock, sockets } = setUp();
  for (const delayMs of [250, 500, 1000]) {
    sockets.at(-1)!.events.failed("connection refused");
    await clock.advance(delayMs);
  }
  sockets[3]!.events.open();
  sockets[3]!.events.message(WELCOME, true);
  sockets[3]!.events.closed(1006, "");
  await clock.advance(250);
  assert.equal(sockets.length, 5);
});

Deno.test("dialEvents() backs off from another process that runs as the same cluster", async () => {
  const { clock, sockets } = setUp();
  for (const delayMs of [250, 500, 1000]) {
    sockets.at(-1)!.events.open();
    sockets.at(-1)!.events.message(WELCOME, true);
    sockets.at(-1)!.events.closed(LINK_CLOSE.TAKEN_OVER, "");
    const dialled = sockets.length;
    await clock.advance(delayMs - 1);
    assert.equal(sockets.length, dialled);
    await clock.advance(1);
  }
});

Deno.test("dialEvents() gives up on a unit that does not welcome within 10 s", async () => {
  const { clock, sockets } = setUp();
  sockets[0]!.events.open();
  await clock.advance(10_000);
  assert.equal(sockets[0]!.destroyed, true);
  await clock.advance(250);
  assert.equal(sockets.length, 2);
  sockets[1]!.events.open();
  sockets[1]!.events.message(WELCOME, true);
  await clock.advance(60_000);
  assert.equal(sockets[1]!.destroyed, false);
});

Deno.test("dialEvents() does not wait for a peer that leaves our close unanswered", async () => {
  const { clock, sockets } = setUp();
  sockets[0]!.events.open();
  sockets[0]!.events.message(bytes("{}"), true);
  assert.deepEqual(sockets[0]!.closes, [LINK_CLOSE.BAD_MESSAGE]);
  await clock.advance(2000);
  assert.equal(sockets[0]!.destroyed, true);
  await clock.advance(250);
  assert.equal(sockets.length, 2);
});

Deno.test("what ends dialEvents() says goodbye and dials no more", async () => {
  const { clock, end, sockets } = setUp();
  sockets[0]!.events.open();
  end();
  assert.deepEqual(sockets[0]!.closes, [LINK_CLOSE.GOING_AWAY]);
  sockets[0]!.events.closed(LINK_CLOSE.GOING_AWAY, "");
  await clock.advance(60_000);
  assert.equal(sockets.length, 1);
});

Deno.test("what ends dialEvents() waits for the unit's close, for 2 s at most, and for nothing without a link", async () => {
  for (const answer of [true, false]) {
    const { clock, end, sockets } = setUp();
    sockets[0]!.events.open();
    let isOver = false;
    const ended = end().then(() => isOver = true);
    await clock.advance(1999);
    assert.equal(isOver, false);
    if (answer) sockets[0]!.events.closed(LINK_CLOSE.GOING_AWAY, "");
    else await clock.advance(1);
    await ended;
  }
  const { end, sockets } = setUp();
  sockets[0]!.events.failed("refused");
  await end();
  assert.deepEqual(sockets[0]!.closes, []);
});

Deno.test("dialEvents() has a link with each of several units, and dials each again by itself", async () => {
  const { clock, end, lines, received, sockets } = setUp(
    { url: "ws://one:8787/events" },
    { url: "ws://two:8787/events", clusterId: 5 },
  );
  assert.deepEqual(sockets.map(({ url }) => url), ["ws://one:8787/events", "ws://two:8787/events"]);
  for (const { events } of sockets) {
    events.open();
    events.message(WELCOME, true);
  }
  assert.deepEqual(sockets.map(({ sent }) => JSON.parse(sent[0]!).clusterId), [0, 5]);
  assert.deepEqual(sockets.flatMap(({ closes }) => closes), [], "neither takes the other's place");
  const batch = (cursor: number) => {
    const body = bytes(`{"t":"X","s":1,"op":0,"d":${cursor}}`);
    return encodeBatch(1, [{ shardId: 0, kind: RECORD.DISPATCH, cursor, body }]);
  };
  sockets[0]!.events.message(batch(1), false);
  sockets[0]!.events.closed(1006, "");
  assert.match(lines[0]!, /"unit":"one:8787"/);
  sockets[1]!.events.message(batch(1), false);
  sockets[1]!.events.message(batch(2), false);
  assert.deepEqual(received, [1, 2]);
  await clock.advance(250);
  assert.equal(sockets.length, 3);
  const ended = end();
  await clock.advance(2000);
  await ended;
  await clock.advance(60_000);
  assert.equal(sockets.length, 3);
});

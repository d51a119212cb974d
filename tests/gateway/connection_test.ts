import assert from "node:assert/strict";
import {
  acknowledged,
  beat,
  Connection,
  type Heartbeat,
  newHeartbeat,
} from "../../gateway/connection.ts";
import type { SocketInput } from "../../gateway/session/words.ts";
import { OP } from "../../protocol/discord/opcodes.ts";
import type { Compression } from "../../protocol/worker_message.ts";
import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";
import { fakeSockets } from "../support/fake_sockets.ts";
import { pack } from "./inflate_conformance.ts";

const INTERVAL_MS = 40_000;
const HELLO = { t: null, s: null, op: OP.HELLO, d: { heartbeat_interval: INTERVAL_MS } };
const ACK = { t: null, s: null, op: OP.HEARTBEAT_ACK, d: null };
const EVENT = { t: "TYPING_START", s: 5, op: OP.DISPATCH, d: {} };

function setUp(compression: Compression = "none") {
  const clock = createVirtualClock();
  const { connect, sockets } = fakeSockets();
  const inputs: SocketInput[] = [];
  const notes: string[] = [];
  const dispatches: string[] = [];
  const beats: number[] = [];
  const held: (() => void)[] = [];
  let hold = false;
  let fail = false;
  let seq: number | null = null;
  const world = { clock, connect, random: () => 0.5 };
  const connection = new Connection("wss://gateway.test/?v=10", compression, world, {
    input: (input) => inputs.push(input),
    note: (of, problem) => notes.push(`${of}: ${problem}`),
    dispatch({ s, t }, payload) {
      if (fail) throw new Error("the sink is broken");
      seq = s;
      dispatches.push(`${t} ${s} ${payload.length}`);
    },
    lastSeq: () => seq,
    due: (send) => hold ? held.push(send) : send(),
    answered: (latencyMs) => beats.push(latencyMs),
  });
  const [socket] = sockets;
  const sent = () => socket!.sent.map((text) => JSON.parse(text));
  const kinds = () => inputs.map((input) => input.kind);
  const window = () => connection.window;
  const breakSink = () => fail = true;
  const holdBeats = () => hold = true;
  const told = { inputs, notes, dispatches, beats, held, holdBeats };
  return { clock, connection, socket: socket!, ...told, sent, kinds, window, breakSink };
}

Deno.test("Connection opens the address it is given and tells when it is open", () => {
  const { socket, inputs } = setUp();
  assert.equal(socket.url, "wss://gateway.test/?v=10");
  socket.events.open();
  assert.deepEqual(inputs, [{ kind: "opened" }]);
});

Deno.test("Connection tells why it never opened, or how it ended", () => {
  const failed = setUp();
  failed.socket.events.failed("503");
  assert.deepEqual(failed.inputs, [{ kind: "failed", reason: "503" }]);
  const closed = setUp();
  closed.socket.events.closed(4009, "timed out");
  assert.deepEqual(closed.inputs, [{ kind: "closed", code: 4009 }]);
});

Deno.test("Connection beats first after a random part of the interval, then each interval", async () => {
  const { clock, socket, sent } = setUp();
  socket.say(HELLO);
  await clock.advance(INTERVAL_MS / 2 - 1);
  assert.deepEqual(sent(), []);
  await clock.advance(1);
  assert.deepEqual(sent(), [{ op: OP.HEARTBEAT, d: null }]);
  socket.say(ACK);
  socket.say(EVENT);
  await clock.advance(INTERVAL_MS);
  assert.deepEqual(sent().slice(1), [{ op: OP.HEARTBEAT, d: 5 }]);
});

Deno.test("Connection lets its beat be held back, and sends it once, until the next is due", async () => {
  const { clock, connection, socket, sent, held, holdBeats } = setUp();
  holdBeats();
  socket.say(HELLO);
  await clock.advance(INTERVAL_MS / 2);
  assert.deepEqual([held.length, sent()], [1, []]);
  held[0]!();
  held[0]!();
  assert.deepEqual(sent().map(({ op }) => op), [OP.HEARTBEAT]);
  socket.say({ t: null, s: null, op: OP.HEARTBEAT_ACK });
  await clock.advance(INTERVAL_MS);
  socket.say({ t: null, s: null, op: OP.HEARTBEAT_ACK });
  await clock.advance(INTERVAL_MS);
  held[1]!();
  assert.equal(sent().length, 1, "another one is due");
  connection.close(4900);
  held[2]!();
  assert.equal(sent().length, 1, "it beats no more");
});

Deno.test("Connection measures the round trip of its beats", async () => {
  const { clock, connection, socket, beats } = setUp();
  assert.equal(connection.latencyMs, null);
  socket.say(ACK);
  socket.say(HELLO);
  await clock.advance(INTERVAL_MS / 2 + 37);
  socket.say(ACK);
  assert.equal(connection.latencyMs, 37);
  // Nobody asked for this one.
  socket.say(ACK);
  assert.deepEqual(beats, [37]);
});

Deno.test("Connection calls a peer dead that answers a beat with silence, once", async () => {
  const { clock, socket, kinds, sent } = setUp();
  socket.say(HELLO);
  await clock.advance(INTERVAL_MS * 1.5);
  assert.deepEqual(kinds(), ["hello", "zombie"]);
  await clock.advance(INTERVAL_MS * 5);
  assert.deepEqual(kinds(), ["hello", "zombie"]);
  assert.equal(sent().length, 1);
});

Deno.test("Connection takes any payload as a sign of life, for three beats", async () => {
  const { clock, socket, kinds } = setUp();
  socket.say(HELLO);
  for (let beat = 0; beat < 3; beat++) {
    await clock.advance(INTERVAL_MS);
    socket.say(EVENT);
  }
  assert.deepEqual(kinds(), ["hello"]);
  await clock.advance(INTERVAL_MS);
  assert.deepEqual(kinds(), ["hello", "zombie"]);
});

Deno.test("Connection beats on while it is paused, and holds no silence against the peer", async () => {
  const { clock, connection, socket, kinds, sent, beats } = setUp();
  socket.say(HELLO);
  await clock.advance(INTERVAL_MS / 2);
  connection.pause(true);
  assert.equal(socket.isPaused, true);
  await clock.advance(INTERVAL_MS * 10);
  assert.deepEqual([kinds(), sent().length], [["hello"], 11]);
  connection.pause(false);
  assert.equal(socket.isPaused, false);
  socket.say(ACK);
  assert.deepEqual(beats, [], "its ACK lay there for a while, which is no round trip");
  await clock.advance(INTERVAL_MS + 20);
  socket.say(ACK);
  assert.deepEqual(beats, [20]);
});

Deno.test("Connection gives what waited time to be read after a pause, and no more", async () => {
  const { clock, connection, socket, kinds } = setUp();
  socket.say(HELLO);
  await clock.advance(INTERVAL_MS / 2 + 1);
  connection.pause(true);
  await clock.advance(INTERVAL_MS - 2);
  connection.pause(false);
  await clock.advance(1);
  assert.deepEqual(kinds(), ["hello"], "the ACK may be behind what is read now");
  await clock.advance(INTERVAL_MS);
  assert.deepEqual(kinds(), ["hello", "zombie"]);
});

Deno.test("Connection finds out that the peer is dead although it is paused again and again", async () => {
  const { clock, connection, socket, kinds } = setUp();
  socket.say(HELLO);
  for (let beat = 0; beat < 4; beat++) {
    await clock.advance(INTERVAL_MS / 2);
    for (const isPaused of [true, false]) connection.pause(isPaused);
    await clock.advance(INTERVAL_MS / 2);
  }
  assert.deepEqual(kinds(), ["hello", "zombie"]);
});

Deno.test("Connection reads HELLO though it is paused, and nothing after it", () => {
  const { connection, socket, kinds } = setUp();
  connection.pause(true);
  assert.equal(socket.isPaused, false);
  socket.say(HELLO);
  assert.deepEqual([kinds(), socket.isPaused], [["hello"], true]);
});

Deno.test("Connection answers a heartbeat that Discord asks for, which is no beat of its own", async () => {
  const { clock, socket, sent, kinds } = setUp();
  socket.say(HELLO);
  socket.say(EVENT);
  socket.say({ t: null, s: null, op: OP.HEARTBEAT, d: null });
  assert.deepEqual(sent(), [{ op: OP.HEARTBEAT, d: 5 }]);
  await clock.advance(INTERVAL_MS / 2);
  assert.equal(sent().length, 2);
  assert.deepEqual(kinds(), ["hello"]);
});

Deno.test("Connection has a send window from HELLO on, and notes in it what the session sends", () => {
  const { clock, connection, socket, window } = setUp();
  assert.equal(window(), null);
  socket.say(HELLO);
  connection.send({ op: OP.IDENTIFY, d: {} });
  connection.write("accounted for already");
  let room = 0;
  for (; window()!.waitMs(clock.now()) === 0; room++) window()!.note(clock.now());
  assert.equal(room, 120 - 3 - 3 - 1);
});

Deno.test("Connection does not start anew at a second HELLO, but tells of it", async () => {
  const { clock, connection, socket, kinds, sent } = setUp();
  socket.say(HELLO);
  const { window } = connection;
  socket.say({ ...HELLO, d: { heartbeat_interval: 10 } });
  assert.equal(connection.window, window);
  await clock.advance(INTERVAL_MS / 2);
  assert.equal(sent().length, 1);
  assert.deepEqual(kinds(), ["hello", "hello"]);
});

Deno.test("Connection turns ops 7 and 9 into inputs, and ignores ops that nobody knows", () => {
  const { socket, inputs } = setUp();
  socket.say({ t: null, s: null, op: OP.RECONNECT, d: null });
  socket.say({ t: null, s: null, op: OP.INVALID_SESSION, d: true });
  socket.say({ t: null, s: null, op: OP.INVALID_SESSION, d: false });
  socket.say({ t: null, s: null, op: 99, d: {} });
  assert.deepEqual(inputs, [
    { kind: "reconnect" },
    { kind: "invalid", resumable: true },
    { kind: "invalid", resumable: false },
  ]);
});

Deno.test("Connection hands dispatches on as the bytes that came", () => {
  const { socket, dispatches, inputs } = setUp();
  socket.say(EVENT);
  assert.deepEqual(dispatches, [`TYPING_START 5 ${JSON.stringify(EVENT).length}`]);
  assert.deepEqual(inputs, []);
});

Deno.test("Connection calls what it cannot read corrupt, whoever could not read it", () => {
  const [cut, broken] = [setUp(), setUp()];
  cut.socket.events.message(new TextEncoder().encode('{"t":"X","s":1,"op"'), true);
  broken.breakSink();
  broken.socket.say(EVENT);
  assert.deepEqual([cut.kinds(), broken.kinds()], [["corrupt"], ["corrupt"]]);
  assert.match(JSON.stringify(broken.inputs), /the sink is broken/);
});

Deno.test("Connection takes nothing that comes behind what it could not read", () => {
  const { socket, kinds, dispatches } = setUp();
  socket.events.message(new TextEncoder().encode('{"t":"X","s":1,"op":0,"d":{'), true);
  socket.say(EVENT);
  socket.events.message(new TextEncoder().encode("{"), true);
  assert.deepEqual([kinds(), dispatches], [["corrupt"], []]);
});

Deno.test("Connection beats at the usual interval where HELLO names none that can be kept", async () => {
  const { clock, socket, sent, kinds, notes } = setUp();
  socket.say({ ...HELLO, d: { heartbeat_interval: 1 } });
  assert.deepEqual(kinds(), ["hello"]);
  assert.match(notes.join(), /^HELLO: heartbeat_interval is 1, expected/);
  await clock.advance(41_250);
  assert.equal(sent().length, 1);
});

for (const compression of ["zlib-stream", "zstd-stream"] as const) {
  Deno.test(`Connection inflates ${compression} and tells when it cannot`, async () => {
    const { socket, dispatches, kinds } = setUp(compression);
    for (const message of await pack(compression, [HELLO, EVENT].map((p) => JSON.stringify(p)))) {
      socket.events.message(message, false);
    }
    assert.equal(dispatches.length, 1);
    socket.events.message(Uint8Array.of(7, 7, 7, 7, 0, 0, 0xff, 0xff), false);
    assert.deepEqual(kinds(), ["hello", "corrupt"]);
  });
}

Deno.test("Connection reads text as text, and binary as what it is, whatever was asked for", async () => {
  for (const asked of ["none", "zlib-stream", "zstd-stream"] as const) {
    for (const sent of ["none", "zlib-stream", "zstd-stream"] as const) {
      const { socket, dispatches, kinds } = setUp(asked);
      socket.say(HELLO);
      const texts = [EVENT, { ...EVENT, s: 6 }].map((payload) => JSON.stringify(payload));
      const packed = sent === "none"
        ? texts.map((text) => new TextEncoder().encode(text))
        : await pack(sent, texts);
      for (const message of packed) socket.events.message(message, false);
      assert.deepEqual(dispatches.length, 2, `${sent} where ${asked} was asked for`);
      assert.deepEqual(kinds(), ["hello"]);
    }
  }
});

Deno.test("Connection tells of a stream that cannot be inflated apart from what cannot be read", () => {
  const [stream, payload] = [setUp("zlib-stream"), setUp("zlib-stream")];
  stream.socket.events.message(Uint8Array.of(7, 7, 7, 7, 0, 0, 0xff, 0xff), false);
  payload.socket.events.message(new TextEncoder().encode("{"), true);
  const of = [...stream.inputs, ...payload.inputs].map((it) => it.kind === "corrupt" && it.of);
  assert.deepEqual(of, ["stream", "payload"]);
});

for (const end of ["close", "destroy", "closed"] as const) {
  Deno.test(`Connection beats no more after ${end}`, async () => {
    const { clock, connection, socket, sent, kinds } = setUp("zlib-stream");
    const [hello] = await pack("zlib-stream", [JSON.stringify(HELLO)]);
    socket.events.message(hello!, false);
    if (end === "closed") socket.events.closed(1006, "");
    else if (end === "destroy") connection.destroy();
    else connection.close(4900);
    await clock.advance(INTERVAL_MS * 3);
    assert.deepEqual(sent(), []);
    assert.ok(!kinds().includes("zombie"));
    assert.deepEqual(socket.closes, end === "close" ? [4900] : []);
    assert.equal(socket.destroyed, end === "destroy");
  });
}

Deno.test("Connection can be destroyed after it was closed: the context is freed once", () => {
  const { connection, socket } = setUp("zstd-stream");
  socket.events.closed(1006, "");
  connection.destroy();
  connection.destroy();
  assert.equal(socket.destroyed, true);
});

/** Beats, and says that the connection is well. */
function wellBeat(heartbeat: Heartbeat, nowMs: number): Heartbeat {
  const next = beat(heartbeat, nowMs);
  assert.notEqual(next, "zombie");
  return next as Heartbeat;
}

function heard(heartbeat: Heartbeat): Heartbeat {
  return { ...heartbeat, heard: true };
}

Deno.test("beat() goes on for as long as each beat is answered", () => {
  let heartbeat = newHeartbeat(41_250);
  for (let i = 1; i <= 20; i++) {
    heartbeat = acknowledged(wellBeat(heartbeat, i * 41_250), i * 41_250 + 30);
  }
  assert.equal(heartbeat.unanswered, 0);
  assert.equal(heartbeat.intervalMs, 41_250);
});

Deno.test("beat() calls a connection dead when a beat was met with silence", () => {
  const silent = wellBeat(newHeartbeat(1000), 500);
  assert.equal(beat(silent, 1500), "zombie");
});

Deno.test("beat() waits for an ACK behind a flood of events, but for three beats only", () => {
  let heartbeat = newHeartbeat(1000);
  for (const nowMs of [1000, 2000, 3000]) heartbeat = heard(wellBeat(heartbeat, nowMs));
  assert.equal(heartbeat.unanswered, 3);
  assert.equal(beat(heartbeat, 4000), "zombie");
});

Deno.test("beat() calls a connection dead at the first silence, whatever came before", () => {
  const flooded = heard(wellBeat(newHeartbeat(1000), 1000));
  const silent = wellBeat(flooded, 2000);
  assert.equal(beat(silent, 3000), "zombie");
});

Deno.test("acknowledged() forgives every beat before it", () => {
  let heartbeat = newHeartbeat(1000);
  for (const nowMs of [1000, 2000, 3000]) heartbeat = heard(wellBeat(heartbeat, nowMs));
  heartbeat = acknowledged(heartbeat, 3001);
  assert.equal(wellBeat(heartbeat, 4000).unanswered, 1);
});

Deno.test("acknowledged() measures the round trip of the last beat", () => {
  const first = acknowledged(wellBeat(newHeartbeat(1000), 100), 142);
  assert.equal(first.latencyMs, 42);
  const second = wellBeat(first, 1100);
  assert.equal(second.latencyMs, 42, "the latency stands until the next ACK");
  assert.equal(acknowledged(second, 1107).latencyMs, 7);
});

Deno.test("acknowledged() measures nothing by an ACK that nobody asked for", () => {
  assert.equal(acknowledged(newHeartbeat(1000), 50).latencyMs, null);
  const answered = acknowledged(wellBeat(newHeartbeat(1000), 100), 142);
  assert.equal(acknowledged(answered, 900).latencyMs, 42);
});

Deno.test("a ledger is replaced, never changed", () => {
  const ledger = Object.freeze(newHeartbeat(1000));
  const sent = Object.freeze(wellBeat(ledger, 1));
  acknowledged(sent, 2);
  assert.deepEqual(ledger, {
    intervalMs: 1000,
    sentMs: null,
    unanswered: 0,
    heard: true,
    latencyMs: null,
  });
});

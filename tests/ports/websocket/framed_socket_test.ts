import assert from "node:assert/strict";
import {
  CLOSE_TIMEOUT_MS,
  type FramedEvents,
  FramedSocket,
} from "../../../ports/websocket/framed_socket.ts";
import {
  closePayload,
  frameBound,
  FrameReader,
  OPCODE,
  writeFrame,
} from "../../../ports/websocket/frames.ts";
import { createVirtualClock } from "../../../sim/wire/virtual_clock.ts";

/** A frame of a server, which is what a client reads. */
function frame(opcode: number, data: Uint8Array | string = ""): Uint8Array {
  const payload = typeof data === "string" ? new TextEncoder().encode(data) : data;
  const bytes = new Uint8Array(frameBound(payload.length));
  return bytes.slice(0, writeFrame(bytes, 0, opcode, payload, null));
}

/** A client's end on a stream that takes a write when it is told to. */
function setUp(more: Partial<FramedEvents> = {}) {
  const clock = createVirtualClock();
  const events: string[] = [];
  const writes: { bytes: Uint8Array; taken: () => void }[] = [];
  let destroyed = 0;
  const socket = new FramedSocket(
    {
      write: (bytes, taken) => writes.push({ bytes: bytes.slice(), taken }),
      destroy: () => void destroyed++,
    },
    () => ({
      message: (data, isText) =>
        events.push(`${isText ? "text" : "binary"} ${new TextDecoder().decode(data)}`),
      closed: (code, reason) => events.push(`closed ${code} ${reason}`),
      ...more,
    }),
    { end: "client", clock, maxMessageBytes: 1000 },
  );
  return {
    clock,
    events,
    socket,
    writes,
    isDestroyed: () => destroyed > 0,
    /** What the next write holds, in words; the stream has taken it then. */
    async written(): Promise<string[]> {
      await clock.advance(0);
      const write = writes.shift();
      if (!write) return [];
      const told: string[] = [];
      const reader = new FrameReader({
        message: (data, isText) =>
          told.push(`${isText ? "text" : "binary"} ${new TextDecoder().decode(data)}`),
        ping: () => told.push("ping"),
        close: (code, reason) => told.push(`close ${code} ${reason}`),
      }, { masked: true, maxMessageBytes: 2 ** 30 });
      if ((write.bytes[0]! & 15) === OPCODE.PONG) told.push(`pong of ${write.bytes[1]! & 127}`);
      assert.equal(reader.read(write.bytes), null);
      write.taken();
      return told;
    },
  };
}

Deno.test("what is sent in one turn is one write, in order; bytes are the caller's again", async () => {
  const { socket, written, writes } = setUp();
  const bytes = new TextEncoder().encode("b");
  socket.send("a");
  socket.sendBytes(bytes);
  bytes.fill(0);
  socket.send("c");
  assert.equal(writes.length, 0);
  assert.deepEqual(await written(), ["text a", "binary b", "text c"]);
  assert.deepEqual(await written(), []);
});

Deno.test("what is far too much for one write goes out in several, in order, each let go when it is taken", async () => {
  const { clock, socket, written, writes } = setUp();
  socket.send("first");
  await clock.advance(0);
  const sent = Array.from({ length: 40 }, (_, i) => String(i % 10).repeat(50_000));
  for (const text of sent) socket.send(text);
  const told: string[] = await written();
  let before = socket.bufferedBytes;
  assert.ok(before > 2_000_000);
  while (socket.bufferedBytes > 0) {
    await clock.advance(0);
    assert.ok(writes[0]!.bytes.length <= 256 * 1024, `${writes[0]!.bytes.length} bytes`);
    told.push(...await written());
    assert.ok(socket.bufferedBytes < before);
    before = socket.bufferedBytes;
  }
  assert.deepEqual(told, ["first", ...sent].map((text) => `text ${text}`));
});

Deno.test("taken() resolves when the kernel has everything, and at once where nothing waits", async () => {
  const { clock, socket, written } = setUp();
  await socket.taken();
  socket.send("a");
  await clock.advance(0);
  socket.send("b");
  let isTaken = false;
  void socket.taken().then(() => isTaken = true);
  await written();
  assert.equal(isTaken, false, "b still waits");
  await written();
  await clock.advance(0);
  assert.equal(isTaken, true);
});

Deno.test("while a write is under way, what is sent waits for it and is one write then", async () => {
  const { clock, socket, written, writes } = setUp();
  socket.send("a");
  await clock.advance(0);
  socket.send("b");
  await clock.advance(5);
  socket.send("c");
  await clock.advance(5);
  assert.equal(writes.length, 1);
  assert.deepEqual(await written(), ["text a"]);
  assert.deepEqual(await written(), ["text b", "text c"]);
});

Deno.test("bufferedBytes tells what waits and what is under way, heads included", async () => {
  const { clock, socket, written } = setUp();
  assert.equal(socket.bufferedBytes, 0);
  socket.send("abc");
  assert.equal(socket.bufferedBytes, 9);
  await clock.advance(0);
  socket.send("abc");
  assert.equal(socket.bufferedBytes, 18);
  await written();
  assert.equal(socket.bufferedBytes, 9);
  await written();
  assert.equal(socket.bufferedBytes, 0);
});

Deno.test("a buffer that was written is not used again before the stream has taken it", async () => {
  const clock = createVirtualClock();
  const writes: { bytes: Uint8Array; taken: () => void }[] = [];
  const stream = {
    write: (bytes: Uint8Array, taken: () => void) => void writes.push({ bytes, taken }),
    destroy() {},
  };
  const events = () => ({ message() {}, closed() {} });
  const options = { end: "server", clock, maxMessageBytes: 1000 } as const;
  const [one, two] = [1, 2].map(() => new FramedSocket(stream, events, options)) as [
    FramedSocket,
    FramedSocket,
  ];
  one.send("1".repeat(500));
  await clock.advance(0);
  one.send("2".repeat(500));
  two.send("3".repeat(500));
  await clock.advance(0);
  const texts = writes.map(({ bytes }) => new TextDecoder().decode(bytes.subarray(4)));
  assert.deepEqual(texts, ["1".repeat(500), "3".repeat(500)]);
});

Deno.test("a ping is answered with its data, and not where answers pile up unread", async () => {
  const { clock, socket, written, writes } = setUp();
  socket.receive(frame(OPCODE.PING, "data"));
  assert.deepEqual(await written(), ["pong of 4"]);
  socket.sendBytes(new Uint8Array(2_000_000));
  await clock.advance(0);
  const before = socket.bufferedBytes;
  socket.receive(frame(OPCODE.PING, "data"));
  assert.equal(socket.bufferedBytes, before);
  assert.equal(writes.length, 1);
});

Deno.test("the peer's close frame is answered with its code, then told, then the stream ends", async () => {
  const { events, isDestroyed, socket, written } = setUp();
  socket.send("a");
  socket.receive(frame(OPCODE.CLOSE, closePayload(4008, "too fast")));
  socket.send("b");
  assert.deepEqual(events, []);
  assert.deepEqual(await written(), ["text a", "close 4008 "]);
  assert.deepEqual(events, ["closed 4008 too fast"]);
  assert(isDestroyed());
});

Deno.test("our close frame is sent after what was sent before it, and the peer's answer is told", async () => {
  const { events, isDestroyed, socket, written } = setUp();
  socket.send("a");
  socket.close(4900, "resuming");
  socket.close(1000, "again");
  socket.send("late");
  assert.deepEqual(await written(), ["text a", "close 4900 resuming"]);
  socket.receive(frame(OPCODE.TEXT, "still"));
  assert(!isDestroyed());
  socket.receive(frame(OPCODE.CLOSE, closePayload(4900, "bye")));
  assert.deepEqual(events, ["text still", "closed 4900 bye"]);
  assert(isDestroyed());
});

Deno.test("close frames that cross are one closing", async () => {
  const { events, socket, written } = setUp();
  socket.close(1000, "");
  socket.receive(frame(OPCODE.CLOSE, closePayload(4000, "")));
  assert.deepEqual(events, []);
  assert.deepEqual(await written(), ["close 1000 "]);
  assert.deepEqual(events, ["closed 4000 "]);
});

Deno.test("a peer that does not answer our close frame is given up", async () => {
  const { clock, events, isDestroyed, socket, written } = setUp();
  socket.close(1000, "");
  await written();
  await clock.advance(CLOSE_TIMEOUT_MS - 1);
  assert.deepEqual(events, []);
  await clock.advance(1);
  assert.deepEqual(events, ["closed 1006 "]);
  assert(isDestroyed());
});

Deno.test("a peer that says goodbye and then reads nothing is told of all the same", async () => {
  const { clock, events, socket } = setUp();
  socket.receive(frame(OPCODE.CLOSE, closePayload(4000, "")));
  await clock.advance(CLOSE_TIMEOUT_MS);
  assert.deepEqual(events, ["closed 4000 "]);
});

Deno.test("a wrong frame is told to the peer with its code, and to us as a break", async () => {
  const { events, socket, written } = setUp();
  socket.receive(frame(3, "x"));
  assert.deepEqual(await written(), ["close 1002 opcode 3 is unknown"]);
  assert.deepEqual(events, ["closed 1006 opcode 3 is unknown"]);
  const long = setUp();
  long.socket.receive(frame(OPCODE.TEXT, "x".repeat(1001)));
  assert.match((await long.written())[0]!, /^close 1009 /);
});

Deno.test("a stream that ends is a break, once", () => {
  const { events, socket } = setUp();
  socket.ended("ECONNRESET");
  socket.ended("again");
  socket.receive(frame(OPCODE.TEXT, "late"));
  socket.send("late");
  assert.deepEqual(events, ["closed 1006 ECONNRESET"]);
});

Deno.test("after destroy nothing is told, written or waited for, also from within a message", async () => {
  const heard: string[] = [];
  const { clock, events, isDestroyed, socket, writes } = setUp({
    message(data) {
      heard.push(new TextDecoder().decode(data));
      socket.destroy();
    },
  });
  socket.send("never written");
  const two = new Uint8Array([...frame(OPCODE.TEXT, "1"), ...frame(OPCODE.TEXT, "2")]);
  socket.receive(two);
  socket.ended("late");
  await clock.advance(CLOSE_TIMEOUT_MS);
  assert.deepEqual([heard, events, writes], [["1"], [], []]);
  assert.equal(socket.bufferedBytes, 0);
  assert(isDestroyed());
});

Deno.test("a receiver that throws breaks the connection: what came after it would be lost", () => {
  const { events, isDestroyed, socket } = setUp({
    message() {
      throw new Error("cannot");
    },
  });
  assert.throws(() => socket.receive(frame(OPCODE.TEXT, "x")), /cannot/);
  assert.deepEqual(events, ["closed 1006 a receiver has thrown"]);
  assert(isDestroyed());
});

Deno.test("a mute end answers neither ping nor close frame, and knows the code in the end", async () => {
  const { events, isDestroyed, socket, written } = setUp({ isMute: () => true });
  socket.receive(frame(OPCODE.PING, "x"));
  socket.receive(frame(OPCODE.CLOSE, closePayload(4900, "")));
  assert.deepEqual(await written(), []);
  assert(!isDestroyed());
  socket.ended("");
  assert.deepEqual(events, ["closed 4900 "]);
});

Deno.test("a server's end masks nothing, and wants what comes to be masked", async () => {
  const clock = createVirtualClock();
  const writes: Uint8Array[] = [];
  const closed: string[] = [];
  const socket = new FramedSocket(
    { write: (bytes) => void writes.push(bytes.slice()), destroy() {} },
    () => ({ message() {}, closed: (_code, reason) => closed.push(reason) }),
    { end: "server", clock, maxMessageBytes: 1000 },
  );
  socket.send("ab");
  await clock.advance(0);
  assert.deepEqual(writes, [Uint8Array.of(0x81, 2, 0x61, 0x62)]);
  socket.receive(frame(OPCODE.TEXT, "x"));
  await clock.advance(CLOSE_TIMEOUT_MS);
  assert.deepEqual(closed, ["a frame is not masked"]);
});

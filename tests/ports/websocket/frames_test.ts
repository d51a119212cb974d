import assert from "node:assert/strict";
import fc from "fast-check";
import {
  closePayload,
  frameBound,
  FrameReader,
  NO_CODE,
  OPCODE,
  writeFrame,
} from "../../../ports/websocket/frames.ts";

const { TEXT, BINARY, CONTINUED, CLOSE, PING, PONG } = OPCODE;
const MASK = 0x0102_03fa;
const UNBOUNDED = { maxMessageBytes: 2 ** 40 };

/** A frame as bytes. `set` are bits for the first byte besides: reserved ones. */
function frame(opcode: number, data: Uint8Array | string, { mask = null, final = true, set = 0 }: {
  mask?: number | null;
  final?: boolean;
  set?: number;
} = {}): Uint8Array {
  const payload = typeof data === "string" ? new TextEncoder().encode(data) : data;
  const bytes = new Uint8Array(frameBound(payload.length));
  const end = writeFrame(bytes, 0, opcode, payload, mask);
  bytes[0] = bytes[0]! & (final ? 0xff : 0x7f) | set;
  return bytes.subarray(0, end);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** A reader, and what it has told in words. */
function listening(masked = false, maxMessageBytes = UNBOUNDED.maxMessageBytes) {
  const told: string[] = [];
  const text = (data: Uint8Array) => new TextDecoder().decode(data);
  const reader = new FrameReader({
    message: (data, isText) => told.push(`${isText ? "text" : "binary"} ${text(data)}`),
    ping: (data) => told.push(`ping ${text(data)}`),
    close: (code, reason) => told.push(`close ${code} ${reason}`),
  }, { masked, maxMessageBytes });
  return { reader, told };
}

const lengths = fc.oneof(
  { weight: 6, arbitrary: fc.nat(300) },
  { weight: 1, arbitrary: fc.constantFrom(125, 126, 127, 65_535, 65_536, 150_000) },
);
const messages = fc.array(
  fc.record({
    isText: fc.boolean(),
    fragments: fc.array(lengths, { minLength: 1, maxLength: 4 }),
    pings: fc.array(fc.nat(125), { maxLength: 2 }),
  }),
  { minLength: 1, maxLength: 6 },
);
const filled = (length: number, salt: number) => new Uint8Array(length).map((_, i) => i * 7 + salt);

for (const masked of [false, true]) {
  Deno.test(`any messages in any portions are read as they were, ${masked ? "" : "not "}masked`, () => {
    fc.assert(
      fc.property(
        messages,
        fc.array(fc.integer({ min: 1, max: 200_000 }), { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 0, max: 2 ** 32 - 1 }),
        fc.boolean(),
        (sent, portions, key, tiny) => {
          const mask = masked ? key : null;
          const frames: Uint8Array[] = [];
          const expected: [string, Uint8Array][] = [];
          for (const { isText, fragments, pings } of sent) {
            const parts = fragments.map(filled);
            parts.forEach((part, i) => {
              const opcode = i > 0 ? CONTINUED : isText ? TEXT : BINARY;
              frames.push(frame(opcode, part, { mask, final: i === parts.length - 1 }));
              if (i > 0) return;
              for (const length of pings) {
                const ping = filled(length, 3);
                frames.push(frame(PING, ping, { mask }), frame(PONG, ping, { mask }));
                // A message of one fragment is over before the ping.
                if (parts.length > 1) expected.push(["ping", ping]);
              }
            });
            const whole = joined(parts);
            expected.push([isText ? "text" : "binary", whole]);
            if (parts.length === 1) {
              for (const length of pings) expected.push(["ping", filled(length, 3)]);
            }
          }
          const received: [string, Uint8Array][] = [];
          const reader = new FrameReader({
            message: (data, isText) => received.push([isText ? "text" : "binary", data.slice()]),
            ping: (data) => received.push(["ping", data.slice()]),
            close: () => assert.fail("nobody closed"),
          }, { masked, ...UNBOUNDED });
          const stream = joined(frames);
          for (let at = 0, i = 0; at < stream.length; i++) {
            const size = tiny
              ? portions[i % portions.length]! % 40 + 1
              : portions[i % portions.length]!;
            // A read buffer is used again: what a view of it holds is gone by then.
            const portion = stream.slice(at, at + size);
            assert.equal(reader.read(portion), null);
            portion.fill(0xee);
            at += size;
          }
          assert.deepEqual(received, expected);
        },
      ),
      { numRuns: 60 },
    );
  });
}

Deno.test("a message that lies whole in the bytes is a view of them; one in pieces is copied", () => {
  const views: Uint8Array[] = [];
  const reader = new FrameReader({
    message: (data) => views.push(data),
    ping() {},
    close() {},
  }, { masked: false, ...UNBOUNDED });
  const bytes = joined([frame(BINARY, "whole"), frame(BINARY, "in pieces")]);
  reader.read(bytes.subarray(0, 10));
  const second = bytes.slice(10);
  reader.read(second);
  assert.equal(views[0]!.buffer, bytes.buffer);
  assert.notEqual(views[1]!.buffer, second.buffer);
});

Deno.test("bytes split at every boundary give the same", () => {
  const stream = joined([
    frame(TEXT, "ab", { final: false }),
    frame(PING, "p"),
    frame(CONTINUED, filled(130, 1), { final: false }),
    frame(CONTINUED, ""),
    frame(BINARY, ""),
    frame(CLOSE, closePayload(4008, "too fast")),
  ]);
  const whole = listening();
  whole.reader.read(stream.slice());
  assert.equal(whole.told.length, 4);
  for (let at = 1; at < stream.length; at++) {
    const { reader, told } = listening();
    reader.read(stream.slice(0, at));
    reader.read(stream.slice(at));
    assert.deepEqual(told, whole.told);
  }
});

Deno.test("a message of many small fragments is not moved again with each", () => {
  const { reader, told } = listening();
  const count = 300_000;
  const many = new Uint8Array(count * 3);
  for (let i = 0; i < count; i++) many.set([0, 1, 120], i * 3);
  reader.read(frame(TEXT, "", { final: false }));
  const startMs = performance.now();
  reader.read(many);
  reader.read(frame(CONTINUED, ""));
  // Moving all with each would be 45 GB.
  assert(performance.now() - startMs < 2_000);
  assert.equal(told[0]!.length, count + "text ".length);
});

Deno.test("a head that promises terabytes costs no memory before they come", () => {
  const { reader } = listening();
  assert.equal(reader.read(Uint8Array.of(0x82, 127, 0, 0, 0, 255, 255, 255, 255, 255, 1, 2)), null);
});

const wrong: [string, Uint8Array, number, RegExp][] = [
  ["reserved bits", frame(TEXT, "a", { set: 0x40 }), 1002, /opcode/],
  ["an unknown opcode", frame(3, "a"), 1002, /opcode 3/],
  ["an unknown control opcode", frame(11, "a"), 1002, /opcode 11/],
  ["a mask", frame(TEXT, "a", { mask: MASK }), 1002, /masked/],
  ["a fragmented ping", frame(PING, "a", { final: false }), 1002, /fragmented/],
  ["a long ping", frame(PING, "a".repeat(126)), 1002, /126 bytes/],
  ["half a close code", frame(CLOSE, "a"), 1002, /close code/],
  ["a fragment of nothing", frame(CONTINUED, "a"), 1002, /out of place/],
  [
    "a message within another",
    joined([frame(TEXT, "a", { final: false }), frame(TEXT, "b")]),
    1002,
    /out of place/,
  ],
  ["a long message", frame(TEXT, "a".repeat(101)), 1009, /101 bytes/],
  [
    "long fragments",
    joined([frame(TEXT, "a".repeat(60), { final: false }), frame(CONTINUED, "a".repeat(60))]),
    1009,
    /120 bytes/,
  ],
];
for (const [what, bytes, code, reason] of wrong) {
  Deno.test(`${what} is a problem, and what follows is not read`, () => {
    const { reader, told } = listening(false, 100);
    const problem = reader.read(joined([frame(TEXT, "before"), bytes, frame(TEXT, "after")]));
    assert.equal(problem?.code, code);
    assert.match(problem!.reason, reason);
    assert.equal(reader.read(frame(TEXT, "later")), null);
    assert.deepEqual(told, ["text before"]);
  });
}

Deno.test("a frame of a client that is not masked is a problem", () => {
  assert.match(listening(true).reader.read(frame(TEXT, "a"))!.reason, /not masked/);
});

Deno.test("nothing is read after a close frame, nor after stop() in the middle of a portion", () => {
  const closed = listening();
  closed.reader.read(joined([frame(CLOSE, closePayload(1000, "bye")), frame(TEXT, "late")]));
  assert.deepEqual(closed.told, ["close 1000 bye"]);
  let count = 0;
  const stopped = new FrameReader({
    message() {
      count++;
      stopped.stop();
    },
    ping() {},
    close() {},
  }, { masked: false, ...UNBOUNDED });
  stopped.read(joined([frame(TEXT, "a"), frame(TEXT, "b")]));
  stopped.read(frame(TEXT, "c"));
  assert.equal(count, 1);
});

Deno.test("a close frame has its code, or none; a long reason is cut at a whole character", () => {
  const read = (payload: Uint8Array) => {
    const { reader, told } = listening();
    reader.read(frame(CLOSE, payload));
    return told[0];
  };
  assert.equal(read(closePayload(4900, "bye")), "close 4900 bye");
  assert.equal(read(closePayload(1006, "never sent")), `close ${NO_CODE} `);
  assert.equal(read(closePayload(4000, "é".repeat(100))), `close 4000 ${"é".repeat(61)}`);
});

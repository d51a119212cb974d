import assert from "node:assert/strict";
import fc from "fast-check";
import {
  closeData,
  createFrameReader,
  FRAME,
  frameHeader,
  joined,
} from "../../../sim/wire/ws_frames.ts";

/** A frame as a client sends it: masked. */
function masked(opcode: number, data: Uint8Array, final = true): Uint8Array {
  const header = frameHeader(opcode, data.length);
  if (!final) header[0]! &= 0x7f;
  header[1]! |= 0x80;
  const mask = Uint8Array.of(1, 2, 3, 250);
  return joined([header, mask, data.map((byte, i) => byte ^ mask[i & 3]!)]);
}

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("messages of any length are read, whatever the portions they come in", () => {
  const messages = fc.array(fc.integer({ min: 0, max: 70_000 }), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(messages, fc.integer({ min: 1, max: 5000 }), (lengths, portion) => {
      const sent = lengths.map((length) => new Uint8Array(length).map((_, i) => i));
      const stream = joined(sent.map((data) => masked(FRAME.TEXT, data)));
      const reader = createFrameReader();
      const received = [];
      for (let at = 0; at < stream.length; at += portion) {
        received.push(...reader.read(stream.subarray(at, at + portion)));
      }
      assert.deepEqual(received, sent.map((data) => ({ kind: "message", data })));
    }),
    { numRuns: 20 },
  );
});

Deno.test("fragments are put together, with a ping in between", () => {
  const reader = createFrameReader();
  const received = reader.read(joined([
    masked(FRAME.TEXT, bytes("ab"), false),
    masked(FRAME.PING, bytes("p")),
    masked(FRAME.CONTINUED, bytes("cd")),
    masked(FRAME.PONG, bytes("")),
  ]));
  assert.deepEqual(received, [
    { kind: "ping", data: bytes("p") },
    { kind: "message", data: bytes("abcd") },
  ]);
});

Deno.test("a close frame has its code, or 1005 where it has none", () => {
  const read = (data: Uint8Array) => createFrameReader().read(masked(FRAME.CLOSE, data));
  assert.deepEqual(read(closeData(4900, "bye")), [{ kind: "close", code: 4900 }]);
  assert.deepEqual(read(new Uint8Array()), [{ kind: "close", code: 1005 }]);
  assert.equal(closeData(1005, "").length, 0);
});

Deno.test("a frame that is not masked, or too long, is refused", () => {
  const unmasked = joined([frameHeader(FRAME.TEXT, 2), bytes("ab")]);
  assert.throws(() => createFrameReader().read(unmasked), RangeError);
  const long = frameHeader(FRAME.TEXT, 2 ** 21);
  long[1]! |= 0x80;
  assert.throws(() => createFrameReader().read(long), RangeError);
});

import assert from "node:assert/strict";
import {
  compressionOf,
  createInflater,
  hasSyncInflate,
  inflates,
  payloadEnds,
  streamInflater,
  syncInflater,
} from "../../gateway/inflate.ts";
import { listen, pack, testInflater } from "./inflate_conformance.ts";

testInflater("syncInflater()", syncInflater);

Deno.test("hasSyncInflate() finds that this runtime has the handle, and remembers it", () => {
  assert.equal(hasSyncInflate(), true);
  assert.equal(hasSyncInflate(), true);
});

Deno.test("inflates() finds that this runtime undoes all of them", () => {
  assert.deepEqual(inflates(), { "zlib-stream": true, "zstd-stream": true, none: true });
});

Deno.test("createInflater() hands plain payloads on as they are", () => {
  const payloads: Uint8Array[] = [];
  const inflater = createInflater("none", {
    payload: (bytes) => payloads.push(bytes),
    corrupt: assert.fail,
  });
  const bytes = new TextEncoder().encode('{"op":11}');
  inflater.push(bytes);
  assert.equal(payloads[0], bytes);
  inflater.end();
});

Deno.test("createInflater() is synchronous where the runtime has the handle", async () => {
  for (const compression of ["zlib-stream", "zstd-stream"] as const) {
    const { inflater, heard } = listen(createInflater, compression);
    const [message] = await pack(compression, ["now"]);
    inflater.push(message!);
    assert.deepEqual(heard, ["now"]);
    inflater.end();
  }
});

Deno.test("syncInflater() and streamInflater() give the same, split in the same way", async () => {
  const texts = Array.from({ length: 40 }, (_, i) => `{"s":${i},"d":"${"ab".repeat(i * i)}"}`);
  const messages = await pack("zlib-stream", texts);
  const [sync, stream] = [syncInflater, streamInflater].map((create) =>
    listen(create, "zlib-stream")
  );
  for (const message of messages) {
    const half = message.length >> 1;
    for (const part of [message.subarray(0, half), message.subarray(half)]) {
      sync!.inflater.push(part);
      stream!.inflater.push(part);
    }
  }
  assert.deepEqual(await stream!.until(texts.length), await sync!.until(texts.length));
  assert.deepEqual(sync!.heard, texts);
  sync!.inflater.end();
  stream!.inflater.end();
});

testInflater("streamInflater()", streamInflater);

Deno.test("streamInflater() takes a copy: the bytes of a message are reused by the socket", async () => {
  for (const compression of ["zlib-stream", "zstd-stream"] as const) {
    const { inflater, until } = listen(streamInflater, compression);
    for (const message of await pack(compression, ["first", "second", "third"])) {
      inflater.push(message);
      message.fill(0);
    }
    assert.deepEqual(await until(3), ["first", "second", "third"]);
    inflater.end();
  }
});

const SUFFIX = [0, 0, 0xff, 0xff];

/** What is said of each message in turn. */
function ends(...messages: number[][]): boolean[] {
  const endsPayload = payloadEnds("zlib-stream");
  return messages.map((message) => endsPayload(Uint8Array.from(message)));
}

Deno.test("payloadEnds() finds the suffix of zlib-stream, at the end only", () => {
  assert.deepEqual(ends([1, ...SUFFIX]), [true]);
  assert.deepEqual(ends(SUFFIX), [true]);
  assert.deepEqual(ends([...SUFFIX, 1]), [false]);
  assert.deepEqual(ends([...SUFFIX, 1], SUFFIX), [false, true]);
});

Deno.test("payloadEnds() wants all four bytes of the suffix", () => {
  for (let at = 0; at < 4; at++) {
    const other = SUFFIX.with(at, 0x7f);
    assert.deepEqual(ends(other), [false], `byte ${at} is another`);
  }
  for (const short of [[], [0xff], [0xff, 0xff], [0, 0xff, 0xff]]) {
    assert.deepEqual(ends(short), [false]);
  }
});

Deno.test("payloadEnds() finds a suffix that comes in several messages", () => {
  assert.deepEqual(ends([9, 0], [0, 0xff, 0xff]), [false, true]);
  assert.deepEqual(ends([9, 9, 9, 9, 0, 0, 0xff], [0xff]), [false, true]);
  assert.deepEqual(ends([0], [0], [], [0xff], [0xff]), [false, false, false, false, true]);
});

Deno.test("payloadEnds() does not take one suffix for two", () => {
  assert.deepEqual(ends(SUFFIX, [], [0xff, 0xff], SUFFIX), [true, false, false, true]);
});

Deno.test("payloadEnds() takes every message of another kind as a payload of its own", () => {
  assert.equal(payloadEnds("zstd-stream")(Uint8Array.of(1)), true);
  assert.equal(payloadEnds("none")(Uint8Array.of(1)), true);
});

Deno.test("compressionOf() goes by how a message begins, and else by what was asked for", async () => {
  for (const sent of ["zlib-stream", "zstd-stream"] as const) {
    const [first] = await pack(sent, ['{"op":10}']);
    for (const asked of ["none", "zlib-stream", "zstd-stream"] as const) {
      assert.equal(compressionOf(first!, asked), sent);
      assert.equal(compressionOf(new TextEncoder().encode('{"op":10}'), asked), "none");
      for (const odd of [[], [0x78], [7, 7, 7]]) {
        assert.equal(compressionOf(Uint8Array.from(odd), asked), asked);
      }
    }
  }
});

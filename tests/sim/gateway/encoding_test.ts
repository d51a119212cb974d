import assert from "node:assert/strict";
import { createInflate, createZstdDecompress, inflateSync } from "node:zlib";
import { Buffer } from "node:buffer";
import type { Duplex } from "node:stream";
import { systemClock } from "../../../ports/clock.ts";
import { jsonBody, preparedTail } from "../../../sim/world/body.ts";
import {
  controlFrame,
  corrupted,
  createEncode,
  dispatchFrame,
  type Encode,
  type Frame,
} from "../../../sim/gateway/encoding.ts";

/** A mix of small, repeated, prepared and large payloads. */
function frames(): Frame[] {
  const list: Frame[] = [controlFrame(10, { heartbeat_interval: 41250 })];
  const tail = preparedTail('"content":"prepared ünïcode","flags":0}');
  for (let i = 1; i <= 60; i++) {
    list.push(
      dispatchFrame(
        i * 2,
        "GENERAL",
        jsonBody({ id: String(i), name: "again " + "and again ".repeat(9) }),
        false,
      ),
    );
    if (i % 3 === 0) {
      list.push(dispatchFrame(i * 2 + 1, "FAST", { key: "", head: `{"id":"${i}",`, tail }, false));
    }
  }
  const noise = Array.from({ length: 200_000 }, (_, i) => (i * 2654435761 >>> 0).toString(36)).join(
    "",
  );
  list.push(list[1]!);
  list.push(
    dispatchFrame(500, "LARGE", jsonBody({ noise }), false),
    controlFrame(11, null),
    list[1]!,
  );
  return list;
}

const textOf = ({ head, tail }: Frame) => `${head}${tail.text}}`;

/** What one never-ending decompressor makes of each message; a failure is `undefined`. */
async function decodeEach(stream: Duplex, messages: Uint8Array[]): Promise<(string | undefined)[]> {
  const texts: (string | undefined)[] = [];
  let chunks: Uint8Array[] = [];
  let failed = false;
  stream.on("data", (chunk: Uint8Array) => chunks.push(chunk));
  stream.on("error", () => failed = true);
  for (const message of messages) {
    if (!failed) {
      await new Promise<void>((resolve) => {
        const done = () => {
          stream.off("error", done);
          resolve();
        };
        stream.on("error", done);
        stream.write(message, done);
      });
      // The last output may follow the write's callback.
      await new Promise<void>((resolve) => systemClock.soon(resolve));
    }
    texts.push(failed ? undefined : new TextDecoder().decode(Buffer.concat(chunks)));
    chunks = [];
  }
  stream.destroy();
  return texts;
}

const encodeAll = (encode: Encode) => frames().map((frame) => encode(frame) as Uint8Array);

Deno.test("C7.1 without compression a payload is text", () => {
  const encode = createEncode("none", 6);
  for (const frame of frames()) assert.equal(encode(frame), textOf(frame));
});

Deno.test("C7.1 payload compression is one zlib blob per payload, and text where it is small", () => {
  const encode = createEncode("payload", 6);
  assert.equal(typeof encode(controlFrame(11, null)), "string");
  const large = dispatchFrame(1, "READY", jsonBody({ words: "again ".repeat(100) }), false);
  for (let i = 0; i < 2; i++) {
    assert.equal(inflateSync(encode(large) as Uint8Array).toString(), textOf(large));
  }
});

for (const level of [0, 1, 6, 9]) {
  Deno.test(`C7.1 zlib-stream of level ${level} is one stream in which each message ends with 00 00 FF FF`, async () => {
    const messages = encodeAll(createEncode("zlib-stream", level));
    for (const message of messages) {
      assert.deepEqual([...message.subarray(-4)], [0, 0, 0xff, 0xff]);
    }
    assert.deepEqual(await decodeEach(createInflate(), messages), frames().map(textOf));
    assert.equal((messages[0]![0]! * 256 + messages[0]![1]!) % 31, 0, "a header that zlib accepts");
  });
}

Deno.test("C7.1 zlib-stream has a context: repeated payloads shrink, and a message alone cannot be read", async () => {
  const encode = createEncode("zlib-stream", 6);
  const words = Array.from({ length: 200 }, (_, i) => (i * 2654435761 >>> 0).toString(36)).join();
  const twice = [1, 2].map((s) => dispatchFrame(s, "X", jsonBody({ words }), false));
  const [first, second] = twice.map((frame) => encode(frame) as Uint8Array);
  assert.ok(second!.length < first!.length / 10);
  const header = first!.subarray(0, 2);
  const [, alone] = await decodeEach(createInflate(), [header, second!]);
  assert.notEqual(alone, textOf(twice[1]!));
});

Deno.test("C7.1 zstd-stream is one frame, of which each message is one payload", async () => {
  const messages = encodeAll(createEncode("zstd-stream", 6));
  assert.deepEqual([...messages[0]!.subarray(0, 4)], [0x28, 0xb5, 0x2f, 0xfd]);
  assert.notEqual(messages[1]![0], 0x28);
  assert.deepEqual(await decodeEach(createZstdDecompress(), messages), frames().map(textOf));
});

for (
  const [compression, decoder] of [
    ["zlib-stream", createInflate],
    ["zstd-stream", createZstdDecompress],
  ] as const
) {
  Deno.test(`C7.2 a corrupted ${compression} message cannot be read, at the start or later`, async () => {
    for (const at of [0, 3]) {
      const messages = encodeAll(createEncode(compression, 6)).slice(0, 5);
      messages[at] = corrupted(messages[at]!) as Uint8Array;
      const texts = await decodeEach(decoder(), messages);
      const right = frames().slice(0, 5).map(textOf);
      assert.deepEqual(texts, right.map((text, i) => i < at ? text : undefined));
    }
  });
}

Deno.test("C7.2 a corrupted text is not JSON", () => {
  const text = corrupted(createEncode("none", 6)(controlFrame(11, null))) as string;
  assert.throws(() => JSON.parse(text), SyntaxError);
});

/**
 * What every inflater must do, whichever side of zlib it stands on.
 *
 * @module
 */

import assert from "node:assert/strict";
import zlib from "node:zlib";
import fc from "fast-check";
import type { Inflater, InflaterEvents } from "../../gateway/inflate.ts";
import { MOST_PAYLOAD_BYTES } from "../../gateway/inflate.ts";

/** The compressions that have a context. */
export type Packed = "zlib-stream" | "zstd-stream";
/** Makes the inflater under test. */
export type CreateInflater = (compression: Packed, events: InflaterEvents) => Inflater;

/** One message per text, all of one context, packed by the host's own compressor. */
export async function pack(compression: Packed, texts: readonly string[]): Promise<Uint8Array[]> {
  const isZlib = compression === "zlib-stream";
  const stream = isZlib ? zlib.createDeflate() : zlib.createZstdCompress();
  const flush = isZlib ? zlib.constants.Z_SYNC_FLUSH : zlib.constants.ZSTD_e_flush;
  let parts: Uint8Array[] = [];
  stream.on("data", (part: Uint8Array) => parts.push(part));
  const messages: Uint8Array[] = [];
  for (const text of texts) {
    stream.write(text);
    await new Promise<void>((resolve) => stream.flush(flush, resolve));
    messages.push(await new Blob(parts as Uint8Array<ArrayBuffer>[]).bytes());
    parts = [];
  }
  stream.destroy();
  return messages;
}

/** An inflater whose payloads, and complaints in angle brackets, can be waited for. */
export function listen(create: CreateInflater, compression: Packed) {
  const heard: string[] = [];
  const waiting: { count: number; resolve: () => void }[] = [];
  const hear = (text: string) => {
    heard.push(text);
    for (const { count, resolve } of waiting) if (heard.length >= count) resolve();
  };
  const inflater = create(compression, {
    payload: (bytes) => hear(new TextDecoder().decode(bytes)),
    corrupt: (reason) => hear(`<${reason}>`),
  });
  const until = async (count: number) => {
    await new Promise<void>((resolve) => {
      if (heard.length >= count) resolve();
      else waiting.push({ count, resolve });
    });
    return heard;
  };
  return { inflater, heard, until };
}

/** The sizes at which a buffer of 1 MiB is full, nearly full and overfull. */
const SIZES = [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 2 << 20, (3 << 20) + 7];

const TEXTS = ['{"op":10}', "naïve ✓ ".repeat(100), '{"op":0}', "x".repeat(70_000), '{"op":11}'];

/** Tests one kind of inflater. */
export function testInflater(name: string, create: CreateInflater): void {
  for (const compression of ["zlib-stream", "zstd-stream"] as const) {
    const what = `${name} with ${compression}`;

    Deno.test(`${what} gives every payload whole, in order, through one context`, async () => {
      const { inflater, until } = listen(create, compression);
      for (const message of await pack(compression, TEXTS)) inflater.push(message);
      assert.deepEqual(await until(TEXTS.length), TEXTS);
      inflater.end();
    });

    Deno.test(`${what} gives payloads of any size`, async () => {
      const texts = SIZES.map((size) => "0123456789".repeat(size / 10 + 1).slice(0, size));
      const { inflater, until } = listen(create, compression);
      for (const message of await pack(compression, texts)) inflater.push(message);
      const heard = await until(texts.length);
      assert.deepEqual(heard.map((text) => text.length), SIZES);
      assert.ok(heard.every((text, i) => text === texts[i]));
      inflater.end();
    });

    Deno.test(`${what} says once that a stream is corrupt, and nothing after it`, async () => {
      const { inflater, heard, until } = listen(create, compression);
      const other = listen(create, compression);
      const [first, second] = await pack(compression, ["one", "two"]);
      inflater.push(first!);
      inflater.push(Uint8Array.of(7, 7, 7, 7, 0, 0, 0xff, 0xff));
      inflater.push(second!);
      await until(2);
      // By the time that another context has done as much, this one would have spoken.
      for (const message of [first!, second!]) other.inflater.push(message);
      await other.until(2);
      assert.equal(heard.length, 2, heard.join());
      assert.equal(heard[0], "one");
      assert.match(heard[1]!, /^<.+>$/);
      inflater.end();
      other.inflater.end();
    });

    Deno.test(`${what} gives up on a payload without an end`, async () => {
      const bomb = "\0".repeat(MOST_PAYLOAD_BYTES + 1);
      const { inflater, heard, until } = listen(create, compression);
      const [large, small] = await pack(compression, [bomb, "small"]);
      inflater.push(large!);
      await until(1);
      inflater.push(small!);
      assert.deepEqual(heard, [`<payload over ${MOST_PAYLOAD_BYTES} bytes>`]);
      inflater.end();
    });

    Deno.test(`${what} says nothing after its end, and may be ended twice`, async () => {
      const { inflater, heard } = listen(create, compression);
      const other = listen(create, compression);
      const [message] = await pack(compression, ["late"]);
      inflater.end();
      inflater.end();
      inflater.push(message!);
      other.inflater.push(message!);
      await other.until(1);
      assert.deepEqual(heard, []);
      other.inflater.end();
    });

    Deno.test(`${what} can be ended by who takes its payload`, async () => {
      const ended: string[] = [];
      const { promise, resolve } = Promise.withResolvers<void>();
      const inflater = create(compression, {
        payload(bytes) {
          ended.push(new TextDecoder().decode(bytes));
          inflater.end();
          resolve();
        },
        corrupt: (reason) => void ended.push(reason),
      });
      for (const message of await pack(compression, ["last", "never"])) inflater.push(message);
      await promise;
      assert.deepEqual(ended, ["last"]);
    });

    Deno.test(`${what} keeps interleaved contexts apart`, async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(fc.nat(3), { minLength: 8, maxLength: 40 }), async (order) => {
          const contexts = [0, 1, 2, 3].map((id) => {
            const texts = order.filter((other) => other === id)
              .map((_, i) => `${id}/${i} `.repeat(50 * id * id + 1));
            return { texts, ...listen(create, compression) };
          });
          const packed = await Promise.all(contexts.map(({ texts }) => pack(compression, texts)));
          for (const id of order) contexts[id]!.inflater.push(packed[id]!.shift()!);
          for (const { texts, until, inflater } of contexts) {
            assert.deepEqual(await until(texts.length), texts);
            inflater.end();
          }
        }),
        { numRuns: 20 },
      );
    });
  }

  Deno.test(`${name} puts a zlib-stream together that was split at any byte`, async () => {
    const texts = ['{"op":10,"d":{}}', "second ".repeat(30), "third"];
    const bytes = await new Blob(await pack("zlib-stream", texts) as Uint8Array<ArrayBuffer>[])
      .bytes();
    // Every payload's end is a message's end; `at` is one more.
    const ends = [...bytes.keys()].filter((at) => endsAt(bytes, at + 1)).map((at) => at + 1);
    for (let at = 1; at < bytes.length; at++) {
      const { inflater, until } = listen(create, "zlib-stream");
      let from = 0;
      for (const to of [...new Set([...ends, at])].sort((a, b) => a - b)) {
        inflater.push(bytes.subarray(from, to));
        from = to;
      }
      assert.deepEqual(await until(texts.length), texts, `split at byte ${at}`);
      inflater.end();
    }
  });
}

function endsAt(bytes: Uint8Array, end: number): boolean {
  return bytes.subarray(Math.max(0, end - 4), end).join() === "0,0,255,255";
}

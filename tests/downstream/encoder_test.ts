import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import zlib from "node:zlib";
import { Encoder } from "../../downstream/encoder.ts";
import type { Compression } from "../../protocol/worker_message.ts";
import { seededRandom } from "../../ports/random.ts";

/** What arrives when these payloads are sent at once. */
async function arrives(
  compression: Compression,
  payloads: readonly (string | Uint8Array)[],
  knownAfter = 1,
): Promise<(string | Uint8Array)[]> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const messages: (string | Uint8Array)[] = [];
  const take = (message: string | Uint8Array) => {
    if (messages.push(message) === payloads.length) resolve();
  };
  const encoder = new Encoder(compression, {
    send: take,
    sendBytes: take,
    failed: (reason) => reject(new Error(reason)),
  });
  payloads.forEach((payload, count) => {
    if (count === knownAfter) {
      encoder.known();
      encoder.deflatePayloads();
    }
    encoder.send(payload);
  });
  await promise;
  encoder.end();
  return messages;
}

/** Small ones, equal ones, and one that no window holds. */
function samplePayloads(): string[] {
  const random = seededRandom(7);
  const noise = Array.from({ length: 40_000 }, () => random().toString(36)).join("");
  const many = Array.from({ length: 200 }, (_, i) => `{"t":"X","s":${i},"op":0,"d":"é"}`);
  return ["{}", ...many, JSON.stringify(noise), "{}", "x".repeat(300_000), ...many];
}

Deno.test("Encoder sends plain payloads as text, at once", () => {
  const sent: (string | Uint8Array)[] = [];
  const sink = {
    send: (text: string) => void sent.push(text),
    sendBytes: (bytes: Uint8Array) => void sent.push(bytes),
    failed: assert.fail,
  };
  const encoder = new Encoder("none", sink);
  encoder.send('{"a":"é"}');
  encoder.send(new TextEncoder().encode('{"b":"é"}'));
  encoder.end();
  encoder.send("{}");
  assert.deepEqual(sent, ['{"a":"é"}', '{"b":"é"}']);
});

Deno.test("Encoder sends zlib-stream: one context, each message complete and in order", async () => {
  const payloads = samplePayloads();
  const messages = await arrives("zlib-stream", payloads);
  for (const message of messages) {
    assert.deepEqual([...message.slice(-4) as Uint8Array], [0, 0, 0xff, 0xff]);
  }
  const inflated = zlib.inflateSync(Buffer.concat(messages as Uint8Array[]), {
    finishFlush: zlib.constants.Z_SYNC_FLUSH,
  });
  assert.equal(inflated.toString(), payloads.join(""));
  // The context is kept: a payload like one before it takes next to nothing.
  assert.ok(messages.at(-1)!.length < 20, `${messages.at(-1)!.length} bytes`);
});

Deno.test("Encoder sends zstd-stream: one message per payload, in order", async () => {
  const payloads = samplePayloads();
  const messages = await arrives("zstd-stream", payloads) as Uint8Array[];
  assert.deepEqual(await unpacked("zstd-stream", messages), payloads);
  assert.ok(messages.at(-1)!.length < 40, `${messages.at(-1)!.length} bytes`);
});

/** What a client reads of a stream, message by message. */
async function unpacked(
  compression: Exclude<Compression, "none">,
  messages: readonly Uint8Array[],
): Promise<string[]> {
  const isZlib = compression === "zlib-stream";
  const stream = isZlib ? zlib.createInflate() : zlib.createZstdDecompress();
  const flush = isZlib ? zlib.constants.Z_SYNC_FLUSH : zlib.constants.ZSTD_e_flush;
  const texts: string[] = [];
  let text = "";
  stream.setEncoding("utf8");
  stream.on("data", (part: string) => text += part);
  for (const message of messages) {
    await new Promise<void>((resolve) => stream.write(message, () => resolve()));
    await new Promise<void>((resolve) => stream.flush(flush, () => resolve()));
    texts.push(text);
    text = "";
  }
  stream.close();
  return texts;
}

for (const compression of ["zlib-stream", "zstd-stream"] as const) {
  Deno.test(`Encoder begins ${compression} without a context, and goes on with one once the client is known`, async () => {
    const payloads = samplePayloads();
    for (const knownAfter of [0, 1, 5, Infinity]) {
      const short = knownAfter === Infinity ? payloads.slice(0, 40) : payloads;
      const messages = await arrives(compression, short, knownAfter) as Uint8Array[];
      assert.deepEqual(await unpacked(compression, messages), short, `known after ${knownAfter}`);
    }
  });

  Deno.test(`A stranger's ${compression} takes next to no memory`, () => {
    const sink = { send: assert.fail, sendBytes() {}, failed: assert.fail };
    const hello = '{"t":null,"s":null,"op":10,"d":{"heartbeat_interval":10000}}';
    const rss = () => Deno.memoryUsage().rss;
    new Encoder(compression, sink).send(hello);
    const before = rss();
    const encoders = Array.from({ length: 500 }, () => new Encoder(compression, sink));
    for (const encoder of encoders) encoder.send(hello);
    const eachKiB = (rss() - before) / 500 / 1024;
    assert.ok(eachKiB < 64, `${eachKiB.toFixed()} KiB each`);
  });
}

Deno.test("Encoder deflates payloads one by one where IDENTIFY asked for it, the small ones not, in order", async () => {
  const payloads = samplePayloads();
  const messages = await arrives("none", payloads);
  const read = messages.map((message) =>
    typeof message === "string" ? message : zlib.inflateSync(message).toString()
  );
  assert.deepEqual(read, payloads);
  const binary = messages.filter((message) => typeof message !== "string");
  assert.equal(binary.length, payloads.filter(({ length }) => length >= 1024).length);
});

Deno.test("Encoder knows the last event that went to the socket: a compressed one that waits has not", async () => {
  const over = Promise.withResolvers<void>();
  // The second is handed over to a sink that does not take it any more.
  let taken = 0;
  const sendBytes = () => {
    if (++taken < 2) return;
    packed.end();
    over.resolve();
  };
  const sink = { send() {}, sendBytes, failed: assert.fail };
  const plain = new Encoder("none", sink);
  plain.send("{}", 7);
  plain.send("{}");
  assert.equal(plain.sent, 7);
  const packed = new Encoder("zlib-stream", sink);
  packed.known();
  packed.send("{}", 8);
  packed.send("{}", 9);
  assert.equal(packed.sent, 0);
  await over.promise;
  assert.equal(packed.sent, 8);
});

Deno.test("Encoder sends nothing more after its end", async () => {
  const sent: unknown[] = [];
  const sink = {
    send: assert.fail,
    sendBytes: (b: unknown) => void sent.push(b),
    failed: assert.fail,
  };
  const encoder = new Encoder("zlib-stream", sink);
  encoder.known();
  encoder.send("{}");
  encoder.end();
  encoder.end();
  encoder.send("{}");
  // Another stream's whole work is long enough for what would still come.
  await arrives("zlib-stream", samplePayloads());
  assert.deepEqual(sent, []);
});

for (const compression of ["none", "zlib-stream"] as const) {
  Deno.test(`Encoder says when the sink has everything: ${compression}`, async () => {
    let came = 0;
    const take = () => void came++;
    const encoder = new Encoder(compression, { send: take, sendBytes: take, failed: assert.fail });
    await encoder.handed();
    for (let i = 0; i < 3; i++) encoder.send("{}", i + 5);
    await encoder.handed();
    assert.deepEqual([came, encoder.sent], [3, 7]);
    encoder.end();
  });
}

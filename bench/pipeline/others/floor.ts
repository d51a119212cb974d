/**
 * The least that a unit can do on this machine, in one thread: receive each event, inflate it, copy it
 * into a batch and write the batch to another process. Nothing is parsed, kept, numbered or
 * acknowledged, and a connection that breaks stays broken.
 *
 * @module
 */

import zlib from "node:zlib";
import { answerQuestions } from "../../program.ts";
import type { Compression } from "../party.ts";
import type { WorldAddress } from "../world.ts";

/** The one question to the floor; answered when every shard has identified. */
export interface FloorQuestion {
  readonly world: WorldAddress;
  readonly shards: number;
  readonly intents: number;
  readonly compression: Compression;
  /** Where batches go: each event with its length in 4 bytes before it. */
  readonly port: number;
}

const READ_BYTES = 64 * 1024;
const BATCH_BYTES = 1024 * 1024;
const OUT = new Uint8Array(1 << 20);
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Payloads as they come, inflated; each is to be read before the next. */
type Take = (payload: Uint8Array) => void;

async function start(question: FloorQuestion): Promise<void> {
  const out = await Deno.connect({ hostname: "127.0.0.1", port: question.port });
  out.setNoDelay(true);
  const take = batchesTo(out);
  for (let shardId = 0; shardId < question.shards; shardId++) await shard(shardId, question, take);
}

/** Copies payloads into batches, which are written once a turn of the event loop. */
function batchesTo(out: Deno.TcpConn): Take {
  let batch = new Uint8Array(BATCH_BYTES);
  let spare = new Uint8Array(BATCH_BYTES);
  let size = 0;
  let isDue = false;
  async function flush(): Promise<void> {
    while (size > 0) {
      const full = batch.subarray(0, size);
      [batch, spare, size] = [spare, batch, 0];
      for (let at = 0; at < full.length;) at += await out.write(full.subarray(at));
    }
    isDue = false;
  }
  return (payload) => {
    if (size + 4 + payload.length > batch.length) batch = larger(batch);
    batch[size] = payload.length;
    batch[size + 1] = payload.length >> 8;
    batch[size + 2] = payload.length >> 16;
    batch[size + 3] = payload.length >> 24;
    batch.set(payload, size + 4);
    size += 4 + payload.length;
    if (isDue) return;
    isDue = true;
    setImmediate(flush);
  };
}

/** Resolves when the shard has identified; goes on reading until the connection ends. */
async function shard(shardId: number, question: FloorQuestion, take: Take): Promise<void> {
  const { world, shards, intents, compression } = question;
  const { hostname, port } = new URL(world.gatewayUrl);
  const conn = await Deno.connect({ hostname, port: Number(port) });
  conn.setNoDelay(true);
  const ask = compression === "none" ? "" : `&compress=${compression}`;
  await conn.write(encoder.encode(
    `GET /?v=10&encoding=json${ask} HTTP/1.1\r\nhost: ${hostname}:${port}\r\n` +
      "upgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-version: 13\r\n" +
      `sec-websocket-key: ${btoa(String(shardId).padStart(16, "0"))}\r\n\r\n`,
  ));
  const identified = Promise.withResolvers<void>();
  const inflate = compression === "none" ? (bytes: Uint8Array) => bytes : inflater();
  const identify = async (hello: Uint8Array) => {
    const { d } = JSON.parse(decoder.decode(hello)) as { d: { heartbeat_interval: number } };
    setInterval(() => conn.write(masked({ op: 1, d: null })), d.heartbeat_interval);
    const properties = { os: "linux", browser: "floor", device: "floor" };
    const shard = [shardId, shards];
    await conn.write(masked({ op: 2, d: { token: world.token, intents, properties, shard } }));
    identified.resolve();
  };
  let isFirst = true;
  readFrames(conn, (message) => {
    const payload = inflate(message);
    if (!isFirst) return take(payload);
    isFirst = false;
    void identify(payload);
  }).catch(identified.reject);
  await identified.promise;
}

/** Gives every message of a server that masks nothing and splits nothing; reads its answer first. */
async function readFrames(conn: Deno.TcpConn, message: Take): Promise<void> {
  let buffer = new Uint8Array(READ_BYTES);
  let end = 0;
  let isOpen = false;
  for (;;) {
    const count = await conn.read(buffer.subarray(end));
    if (count === null) throw new Error("Cannot go on: the connection ended");
    end += count;
    let at = 0;
    if (!isOpen) {
      const head = decoder.decode(buffer.subarray(0, end)).indexOf("\r\n\r\n");
      if (head < 0) continue;
      isOpen = true;
      at = head + 4;
    }
    for (let frame = frameAt(buffer, at, end); frame; frame = frameAt(buffer, at, end)) {
      message(buffer.subarray(frame.from, frame.to));
      at = frame.to;
    }
    const rest = buffer.subarray(at, end);
    if (rest.length === buffer.length) buffer = larger(buffer);
    else buffer.set(rest);
    end = rest.length;
  }
}

function larger(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const twice = new Uint8Array(bytes.length * 2);
  twice.set(bytes);
  return twice;
}

/** Where the data of the frame that begins at `at` lies, once all of it is there. */
function frameAt(bytes: Uint8Array, at: number, end: number) {
  if (end - at < 2) return undefined;
  const short = bytes[at + 1]!;
  const from = at + (short < 126 ? 2 : short === 126 ? 4 : 10);
  if (from > end) return undefined;
  let length = short;
  if (short >= 126) {
    length = 0;
    for (let i = at + 2; i < from; i++) length = length * 256 + bytes[i]!;
  }
  return from + length > end ? undefined : { from, to: from + length };
}

/** As `gateway/inflate.ts` does it; every message is a whole payload. */
function inflater(): (bytes: Uint8Array) => Uint8Array {
  const stream = zlib.createInflate({ chunkSize: 64 }) as unknown as {
    readonly _handle: { writeSync(flush: number, ...rest: unknown[]): void };
    readonly _writeState: Uint32Array;
  };
  return (bytes) => {
    const flush = zlib.constants.Z_SYNC_FLUSH;
    stream._handle.writeSync(flush, bytes, 0, bytes.length, OUT, 0, OUT.length);
    return OUT.subarray(0, OUT.length - stream._writeState[0]!);
  };
}

/** A client's text frame with a mask of zeros, which leaves the data as it is. */
function masked(payload: unknown): Uint8Array {
  const data = encoder.encode(JSON.stringify(payload));
  const header = data.length < 126
    ? [0x81, 0x80 | data.length]
    : [0x81, 0xfe, data.length >> 8, data.length & 255];
  return Uint8Array.from([...header, 0, 0, 0, 0, ...data]);
}

if (import.meta.main) await answerQuestions(start);

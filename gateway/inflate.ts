/**
 * Transport compression, undone: WebSocket messages in, whole payloads out, in order. One context
 * per connection, shared with nothing.
 * See [Discord Docs/Transport Compression](https://discord.com/developers/docs/events/gateway#transport-compression).
 *
 * Uses zlib's synchronous handle, which is at the speed of C and needs a third of the memory of the
 * public stream. The handle is not public API: {@linkcode hasSyncInflate} tries it once at start,
 * and the public stream stands in where it does not work.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import zlib from "node:zlib";
import { messageOf } from "../protocol/errors.ts";
import type { Compression } from "../protocol/worker_message.ts";

/** Takes WebSocket messages, gives payloads. */
export interface Inflater {
  /** One WebSocket message, whole. */
  push(bytes: Uint8Array): void;
  /** Frees the context. Nothing comes out any more. */
  end(): void;
}

/** What comes out of an inflater. */
export interface InflaterEvents {
  /** One payload, whole. The bytes are the receiver's for the length of the call only. */
  payload(bytes: Uint8Array): void;
  /** The stream cannot be read any further: the connection has to be replaced. */
  corrupt(reason: string): void;
}

/**
 * A payload that grows beyond this is an attack or a bug; Discord's largest are a few MiB. With what a
 * batch may hold besides it still fits into a message of the event link: Deno's server takes 64 MiB.
 */
export const MOST_PAYLOAD_BYTES = 32 * 1024 * 1024;

/**
 * How a connection is compressed whose first binary message this is: as its beginning says, and where that
 * says nothing, as was `asked` for.
 *
 * @example
 * ```ts
 * import { compressionOf } from "./inflate.ts";
 * console.assert(compressionOf(new TextEncoder().encode('{"op":10}'), "zlib-stream") === "none");
 * ```
 */
export function compressionOf(bytes: Uint8Array, asked: Compression): Compression {
  const [first = 0, second = 0] = bytes;
  if (ZSTD_MAGIC.every((byte, i) => bytes[i] === byte)) return "zstd-stream";
  // RFC 1950: method 8, and a check of both bytes.
  if ((first & 0x0f) === 8 && (first << 8 | second) % 31 === 0) return "zlib-stream";
  return first === OPEN_BRACE ? "none" : asked;
}

const ZSTD_MAGIC = [0x28, 0xb5, 0x2f, 0xfd];
const OPEN_BRACE = 0x7b;

/** An inflater for one connection, the fastest that this runtime has. */
export function createInflater(compression: Compression, events: InflaterEvents): Inflater {
  if (compression === "none") return { push: (bytes) => events.payload(bytes), end() {} };
  return hasSyncInflate() ? syncInflater(compression, events) : streamInflater(compression, events);
}

/** Inflates on the private synchronous handle. */
export function syncInflater(
  compression: Exclude<Compression, "none">,
  events: InflaterEvents,
): Inflater {
  const stream = openContext(compression);
  const handle = stream._handle;
  const endsPayload = payloadEnds(compression);
  const output = new Output(events);
  let failure: string | undefined;
  handle.onerror = (message) => failure = message;
  // The stream destroys itself with an error of its own; the handle has told us already.
  stream.on("error", () => {});

  function inflate(bytes: Uint8Array, whole: boolean): void {
    let from = 0;
    let left = bytes.length;
    do {
      write(bytes, from, left);
      if (failure !== undefined) return output.fail(failure);
      const [outLeft, inLeft] = stream._writeState as unknown as [number, number];
      const out = OUT.subarray(0, OUT.length - outLeft);
      from += left - inLeft;
      left = inLeft;
      const more = outLeft === 0;
      if (whole && !more && output.size === 0) return events.payload(out);
      if (out.length > 0) output.add(out.slice());
      if (output.isOver) return;
      if (!more) break;
    } while (true);
    if (whole) output.payload();
  }

  /** zlib reports a failure to `onerror`, zstd throws it. */
  function write(bytes: Uint8Array, from: number, length: number): void {
    try {
      handle.writeSync(SYNC_FLUSH, bytes, from, length, OUT, 0, OUT.length);
    } catch (error) {
      failure = messageOf(error);
    }
  }

  return {
    push(bytes) {
      // Deno ends the whole process over a write to a zstd handle that is closed.
      if (!output.isOver) inflate(bytes, endsPayload(bytes));
    },
    end() {
      output.isOver = true;
      stream.close();
    },
  };
}

/**
 * Inflates on the public stream: slower and larger, but on documented API only. Payloads come out later,
 * in order. Deno runs the callbacks of several writes in one tick out of step with their output, so one
 * write is under way at a time.
 */
export function streamInflater(
  compression: Exclude<Compression, "none">,
  events: InflaterEvents,
): Inflater {
  const stream = compression === "zlib-stream" ? zlib.createInflate() : zlib.createZstdDecompress();
  const endsPayload = payloadEnds(compression);
  const output = new Output(events);
  const waiting: Uint8Array[] = [];
  let writing = false;
  stream.on("data", (part: Uint8Array) => output.add(part));
  stream.on("error", (error: Error) => output.fail(messageOf(error)));

  function next(): void {
    const bytes = waiting.shift();
    if (output.isOver || bytes === undefined) return;
    writing = true;
    stream.write(bytes, () => {
      // The output of this write is announced after its callback: let it arrive first.
      stream.flush(SYNC_FLUSH, () => {
        writing = false;
        if (output.isOver) return;
        if (endsPayload(bytes)) output.payload();
        next();
      });
    });
  }

  return {
    push(bytes) {
      // A copy: `slice` of a Buffer would be a view.
      waiting.push(new Uint8Array(bytes));
      if (!writing) next();
    },
    end() {
      output.isOver = true;
      stream.close();
    },
  };
}

/** What has come out of one context and is no whole payload yet. */
class Output {
  /** Nothing may come out any more. */
  isOver = false;
  /** Bytes that wait. */
  size = 0;
  readonly #events: InflaterEvents;
  #parts: Uint8Array[] = [];

  constructor(events: InflaterEvents) {
    this.#events = events;
  }

  add(part: Uint8Array): void {
    this.#parts.push(part);
    this.size += part.length;
    if (this.size > MOST_PAYLOAD_BYTES) this.fail(`payload over ${MOST_PAYLOAD_BYTES} bytes`);
  }

  payload(): void {
    const whole = Buffer.concat(this.#parts, this.size);
    this.#parts = [];
    this.size = 0;
    this.#events.payload(whole);
  }

  fail(reason: string): void {
    if (this.isOver) return;
    this.isOver = true;
    this.#events.corrupt(reason);
  }
}

/**
 * Tells of each message in turn whether it ends a payload: zlib-stream has a suffix, which may come
 * in two messages as well; zstd-stream is one to one.
 */
export function payloadEnds(compression: Compression): (bytes: Uint8Array) => boolean {
  if (compression !== "zlib-stream") return () => true;
  let tail = NO_BYTES;
  return (bytes) => {
    for (let at = Math.max(0, bytes.length - 4); at < bytes.length; at++) {
      tail = (tail << 8 | bytes[at]!) >>> 0;
    }
    if (tail !== ZLIB_SUFFIX) return false;
    tail = NO_BYTES;
    return true;
  };
}

/** The last four bytes of what zlib's `Z_SYNC_FLUSH` ends. */
const ZLIB_SUFFIX = 0x0000ffff;
/** No part of the suffix is in it. */
const NO_BYTES = 0xffffffff;

let works: boolean | undefined;

/** Whether the synchronous handle inflates what it should, tried once. */
export function hasSyncInflate(): boolean {
  works ??= selfTest();
  return works;
}

function selfTest(): boolean {
  const packed = zlib.deflateSync(SAMPLE, { finishFlush: SYNC_FLUSH });
  let out = "";
  try {
    const inflater = syncInflater("zlib-stream", {
      payload: (bytes) => out += new TextDecoder().decode(bytes),
      corrupt() {},
    });
    inflater.push(packed.subarray(0, 20));
    inflater.push(packed.subarray(20));
    inflater.end();
  } catch {
    // A runtime without the handle, or with another one: the public stream is used.
    return false;
  }
  return out === SAMPLE;
}

const SAMPLE = "gatehouse ".repeat(100);

/** Whether this runtime undoes each compression at all, be it fast or not. */
export function inflates(): Readonly<Record<Compression, boolean>> {
  const does = (roundTrip: () => Uint8Array) => {
    try {
      return new TextDecoder().decode(roundTrip()) === SAMPLE;
    } catch {
      // It has no such thing.
      return false;
    }
  };
  return {
    "zlib-stream": does(() => zlib.inflateSync(zlib.deflateSync(SAMPLE))),
    "zstd-stream": does(() => zlib.zstdDecompressSync(zlib.zstdCompressSync(SAMPLE))),
    none: true,
  };
}

/** What we use of the private side of a zlib stream. */
interface Context extends zlib.Inflate {
  readonly _handle: {
    onerror: (message: string, errno: number, code: string) => void;
    writeSync(
      flush: number,
      input: Uint8Array,
      inputOffset: number,
      inputLength: number,
      output: Uint8Array,
      outputOffset: number,
      outputLength: number,
    ): void;
  };
  /** `[bytes of output left, bytes of input left]`, written by `writeSync`. */
  readonly _writeState: Uint32Array;
}

function openContext(compression: Exclude<Compression, "none">): Context {
  const options = { chunkSize: 64 };
  return (compression === "zlib-stream"
    ? zlib.createInflate(options)
    : zlib.createZstdDecompress(options)) as unknown as Context;
}

const SYNC_FLUSH = zlib.constants.Z_SYNC_FLUSH;

/** Output of every context of this worker: a payload is read before the next one is inflated. */
const OUT = new Uint8Array(1 << 20);

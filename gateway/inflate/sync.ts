/**
 * Transport compression, undone: WebSocket messages in, whole payloads out, in order. One context
 * per connection, shared with nothing.
 * See [Discord Docs/Transport Compression](https://discord.com/developers/docs/events/gateway#transport-compression).
 *
 * Uses zlib's synchronous handle, which is at the speed of C and needs a third of the memory of the
 * public stream. The handle is not public API: {@linkcode hasSyncInflate} tries it once at start,
 * and `inflate_stream.ts` stands in where it does not work.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import zlib from "node:zlib";
import { messageOf } from "../../protocol/errors.ts";
import type { Compression } from "../../protocol/worker_message.ts";
import { type Inflater, type InflaterEvents, MOST_PAYLOAD_BYTES, payloadEnds } from "./inflater.ts";
import { streamInflater } from "./stream.ts";

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
  let failure: string | undefined;
  let over = false;
  let parts: Uint8Array[] = [];
  let size = 0;
  handle.onerror = (message) => failure = message;
  // The stream destroys itself with an error of its own; the handle has told us already.
  stream.on("error", () => {});

  function inflate(bytes: Uint8Array, whole: boolean): void {
    let from = 0;
    let left = bytes.length;
    do {
      write(bytes, from, left);
      if (failure !== undefined) return fail(failure);
      const [outLeft, inLeft] = stream._writeState as unknown as [number, number];
      const out = OUT.subarray(0, OUT.length - outLeft);
      from += left - inLeft;
      left = inLeft;
      const more = outLeft === 0;
      if (whole && !more && size === 0) return events.payload(out);
      if (out.length > 0) keep(out);
      if (size > MOST_PAYLOAD_BYTES) {
        return fail(`payload over ${MOST_PAYLOAD_BYTES} bytes`);
      }
      if (!more) break;
    } while (true);
    if (whole) flush();
  }

  /** zlib reports a failure to `onerror`, zstd throws it. */
  function write(bytes: Uint8Array, from: number, length: number): void {
    try {
      handle.writeSync(SYNC_FLUSH, bytes, from, length, OUT, 0, OUT.length);
    } catch (error) {
      failure = messageOf(error);
    }
  }

  function fail(reason: string): void {
    over = true;
    events.corrupt(reason);
  }

  function keep(out: Uint8Array): void {
    parts.push(out.slice());
    size += out.length;
  }

  function flush(): void {
    const payload = Buffer.concat(parts, size);
    parts = [];
    size = 0;
    events.payload(payload);
  }

  return {
    push(bytes) {
      // Deno ends the whole process over a write to a zstd handle that is closed.
      if (!over) inflate(bytes, endsPayload(bytes));
    },
    end() {
      over = true;
      stream.close();
    },
  };
}

let works: boolean | undefined;

/** Whether the synchronous handle inflates what it should, tried once. */
export function hasSyncInflate(): boolean {
  works ??= selfTest();
  return works;
}

function selfTest(): boolean {
  const text = "gatehouse ".repeat(100);
  const packed = zlib.deflateSync(text, { finishFlush: SYNC_FLUSH });
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
  return out === text;
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

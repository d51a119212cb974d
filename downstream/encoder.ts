/**
 * What we send on `/gateway`, as the client asked for it: text, `zlib-stream` or `zstd-stream`. One
 * context per connection, flushed after each payload, one message per payload. See
 * [Discord Docs/Transport Compression](https://discord.com/developers/docs/events/gateway#transport-compression).
 *
 * @module
 */

import { Buffer } from "node:buffer";
import zlib from "node:zlib";
import type { Compression } from "../protocol/worker_message.ts";

/** Where encoded payloads go. */
export interface EncoderSink {
  send(text: string): void;
  sendBytes(bytes: Uint8Array<ArrayBuffer>): void;
  /** The stream cannot go on; nothing comes any more. */
  failed(reason: string): void;
}

/** Sends the payloads of one connection, in order. */
export interface Encoder {
  /** Sends a payload, as text or as UTF-8 bytes; the bytes are read later and must not change. */
  send(payload: string | Uint8Array): void;
  /** Sends nothing more and frees the context. */
  end(): void;
}

/** An encoder for a new connection. Compressed payloads go out a little later, plain ones at once. */
export function createEncoder(compression: Compression, sink: EncoderSink): Encoder {
  return compression === "none" ? plain(sink) : compressed(compression, sink);
}

function plain(sink: EncoderSink): Encoder {
  const decoder = new TextDecoder();
  let over = false;
  return {
    send(payload) {
      if (!over) sink.send(typeof payload === "string" ? payload : decoder.decode(payload));
    },
    end() {
      over = true;
    },
  };
}

/** Windows as large as those that Discord's own streams have been seen with: 256 KiB. */
const ZSTD_WINDOW_LOG = 18;

function compressed(compression: "zlib-stream" | "zstd-stream", sink: EncoderSink): Encoder {
  const { stream, flush } = openStream(compression);
  const waiting: (string | Uint8Array)[] = [];
  let writing = false;
  let over = false;
  let parts: Uint8Array[] = [];

  stream.on("data", (part: Uint8Array) => parts.push(part));
  stream.on("error", (error: Error) => {
    if (!over) sink.failed(error.message);
    over = true;
  });

  function next(): void {
    const payload = waiting.shift();
    if (over || payload === undefined) return;
    writing = true;
    // One write at a time: Deno calls back for several in one tick before their output is told apart.
    stream.write(payload, () => {
      stream.flush(flush, () => {
        writing = false;
        if (over) return;
        const message = new Uint8Array(Buffer.concat(parts));
        parts = [];
        sink.sendBytes(message);
        next();
      });
    });
  }

  return {
    send(payload) {
      if (over) return;
      waiting.push(payload);
      if (!writing) next();
    },
    end() {
      over = true;
      waiting.length = 0;
      stream.close();
    },
  };
}

function openStream(
  compression: "zlib-stream" | "zstd-stream",
): { stream: zlib.Deflate | zlib.ZstdCompress; flush: number } {
  if (compression === "zlib-stream") {
    return { stream: zlib.createDeflate(), flush: zlib.constants.Z_SYNC_FLUSH };
  }
  const params = { [zlib.constants.ZSTD_c_windowLog]: ZSTD_WINDOW_LOG };
  return { stream: zlib.createZstdCompress({ params }), flush: zlib.constants.ZSTD_e_flush };
}

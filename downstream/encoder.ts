/**
 * What we send on `/gateway`, as the client asked for it: text, `zlib-stream` or `zstd-stream`. One
 * context per connection, flushed after each payload, one message per payload. See
 * [Discord Docs/Transport Compression](https://discord.com/developers/docs/events/gateway#transport-compression).
 *
 * @module
 */

import { Buffer } from "node:buffer";
import zlib from "node:zlib";
import { messageOf } from "../protocol/errors.ts";
import type { Compression } from "../protocol/worker_message.ts";
import type { DownstreamSocket } from "./world.ts";

/** Where encoded payloads go. */
export interface EncoderSink extends Pick<DownstreamSocket, "send" | "sendBytes"> {
  /** The stream cannot go on; nothing comes any more. */
  failed(reason: string): void;
}

/** Windows as large as those that Discord's own streams have been seen with: 256 KiB. */
const ZSTD_WINDOW_LOG = 18;

const decoder = new TextDecoder();

/** Sends the payloads of a new connection, in order: compressed ones a little later, plain ones at once. */
export class Encoder {
  /** The number of the last event that the sink has taken; 0 before the first. */
  sent = 0;
  readonly #sink: EncoderSink;
  /** `null`: as text. */
  readonly #packer: Packer | null;
  readonly #waiting: Waiting[] = [];
  #parts: Uint8Array[] = [];
  #isWriting = false;
  #isOver = false;
  /** To be told when nothing waits. */
  readonly #idle: (() => void)[] = [];

  constructor(compression: Compression, sink: EncoderSink) {
    this.#sink = sink;
    this.#packer = compression === "none" ? null : openPacker(compression);
    this.#packer?.stream.on("data", (part: Uint8Array) => this.#parts.push(part));
    this.#packer?.stream.on("error", (error: Error) => {
      if (!this.#isOver) sink.failed(messageOf(error));
      this.#isOver = true;
    });
  }

  /**
   * Sends a payload, as text or as UTF-8 bytes; the bytes are read later and must not change.
   *
   * @param s Number of the event that it is; 0: it is none.
   */
  send(payload: string | Uint8Array, s = 0): void {
    if (this.#isOver) return;
    if (this.#packer) {
      this.#waiting.push({ payload, s });
      if (!this.#isWriting) this.#next(this.#packer);
      return;
    }
    this.#sink.send(typeof payload === "string" ? payload : decoder.decode(payload));
    this.#handed(s);
  }

  /** Resolves when the sink has all that was sent before; never once it is over. */
  handed(): Promise<void> {
    if (!this.#isWriting && this.#waiting.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /** Sends nothing more and frees the context. */
  end(): void {
    this.#isOver = true;
    this.#waiting.length = 0;
    this.#packer?.stream.close();
  }

  #next(packer: Packer): void {
    const next = this.#waiting.shift();
    if (this.#isOver) return;
    if (next === undefined) return this.#idle.splice(0).forEach((tell) => tell());
    const { payload, s } = next;
    this.#isWriting = true;
    // One write at a time: Deno calls back for several in one tick before their output is told apart.
    packer.stream.write(payload, () => {
      packer.stream.flush(packer.flush, () => {
        this.#isWriting = false;
        if (this.#isOver) return;
        const message = new Uint8Array(Buffer.concat(this.#parts));
        this.#parts = [];
        this.#sink.sendBytes(message);
        this.#handed(s);
        this.#next(packer);
      });
    });
  }

  /** A sink that does not take a payload ends us. */
  #handed(s: number): void {
    if (!this.#isOver && s > this.sent) this.sent = s;
  }
}

interface Waiting {
  readonly payload: string | Uint8Array;
  readonly s: number;
}

interface Packer {
  readonly stream: zlib.Deflate | zlib.ZstdCompress;
  readonly flush: number;
}

function openPacker(compression: "zlib-stream" | "zstd-stream"): Packer {
  if (compression === "zlib-stream") {
    return { stream: zlib.createDeflate(), flush: zlib.constants.Z_SYNC_FLUSH };
  }
  const params = { [zlib.constants.ZSTD_c_windowLog]: ZSTD_WINDOW_LOG };
  return { stream: zlib.createZstdCompress({ params }), flush: zlib.constants.ZSTD_e_flush };
}

/**
 * What we send on `/gateway`, as the client asked for it: text, `zlib-stream` or `zstd-stream`. One
 * context per connection, flushed after each payload, one message per payload. A context is large
 * (250 and 850 KiB): who has not shown the secret gets the beginning of such a stream, put together by
 * hand, which the context goes on with. Where IDENTIFY asked for compression, and the address did not,
 * each larger payload is deflated by itself. See
 * [Discord Docs/Encoding and Compression](https://discord.com/developers/docs/events/gateway#encoding-and-compression).
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

/** Payloads of which deflating one by itself saves something. */
const WORTH_DEFLATING_BYTES = 1_024;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Sends the payloads of a new connection, in order: compressed ones a little later, plain ones at once. */
export class Encoder {
  /** The number of the last event that the sink has taken; 0 before the first. */
  sent = 0;
  readonly #sink: EncoderSink;
  readonly #format: StreamFormat | null;
  /** The context of the stream, once the client is known. */
  #context: Context | null = null;
  #deflates = false;
  readonly #waiting: Waiting[] = [];
  /** Told when nothing waits. */
  readonly #idle: (() => void)[] = [];
  #parts: Uint8Array[] = [];
  #isWriting = false;
  #isOver = false;

  constructor(compression: Compression, sink: EncoderSink) {
    this.#sink = sink;
    this.#format = compression === "none" ? null : FORMATS[compression];
    if (this.#format) this.#parts.push(this.#format.head);
  }

  /** From now on larger payloads are deflated one by one; not where a stream is spoken. */
  deflatePayloads(): void {
    this.#deflates = !this.#format;
  }

  /** The client has shown the secret, and may cost memory. */
  known(): void {
    if (this.#isOver || this.#context || !this.#format) return;
    let skip = this.#format.skip;
    this.#context = this.#format.open();
    this.#context.on("data", (part: Uint8Array) => {
      this.#parts.push(part.subarray(skip));
      skip = Math.max(0, skip - part.length);
    });
    this.#context.on("error", (error: Error) => this.#fail(error));
  }

  /**
   * Sends a payload, as text or as UTF-8 bytes; the bytes are read later and must not change.
   *
   * @param s Number of the event that it is; 0: it is none.
   */
  send(payload: string | Uint8Array, s = 0): void {
    if (this.#isOver) return;
    if (this.#context || this.#deflates) {
      this.#waiting.push({ payload, s });
      return this.#next();
    }
    if (!this.#format) return this.#sendText(payload, s);
    this.#parts.push(this.#format.byHand(bytesOf(payload)));
    this.#sendParts(s);
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
    this.#context?.close();
  }

  /** One at a time: Deno calls back for several writes in one tick before their output is told apart. */
  #next(): void {
    while (!this.#isWriting && !this.#isOver) {
      const next = this.#waiting.shift();
      if (next === undefined) return this.#idle.splice(0).forEach((tell) => tell());
      if (this.#context) this.#compress(this.#context, next);
      else if (next.payload.length < WORTH_DEFLATING_BYTES) {
        this.#sendText(next.payload, next.s);
      } else this.#deflate(next);
    }
  }

  #compress(context: Context, { payload, s }: Waiting): void {
    this.#isWriting = true;
    context.write(payload, () => context.flush(this.#format!.flush, () => this.#written(s)));
  }

  #deflate({ payload, s }: Waiting): void {
    this.#isWriting = true;
    zlib.deflate(payload, (error, bytes) => {
      if (error) return this.#fail(error);
      this.#parts.push(bytes);
      this.#written(s);
    });
  }

  #written(s: number): void {
    this.#isWriting = false;
    if (this.#isOver) return;
    this.#sendParts(s);
    this.#next();
  }

  #fail(error: Error): void {
    if (!this.#isOver) this.#sink.failed(messageOf(error));
    this.#isOver = true;
  }

  #sendText(payload: string | Uint8Array, s: number): void {
    this.#sink.send(typeof payload === "string" ? payload : decoder.decode(payload));
    this.#handed(s);
  }

  #sendParts(s: number): void {
    const message = new Uint8Array(Buffer.concat(this.#parts));
    this.#parts = [];
    this.#sink.sendBytes(message);
    this.#handed(s);
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

type Context = zlib.DeflateRaw | zlib.ZstdCompress;

/** A stream of which a part is made by hand, and the rest in a context that knows nothing of that part. */
interface StreamFormat {
  /** What the stream begins with. */
  readonly head: Uint8Array;
  /** One payload, on its own. */
  byHand(payload: Uint8Array): Uint8Array;
  open(): Context;
  /** How long the head is that the context's own output begins with. */
  readonly skip: number;
  readonly flush: number;
}

/** Windows as large as those that Discord's own streams have been seen with: 256 KiB. */
const ZSTD_WINDOW_LOG = 18;
/** Magic number, no checksum and no size, the window. */
const ZSTD_HEAD = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x00, (ZSTD_WINDOW_LOG - 10) << 3);

const FORMATS: Readonly<Record<Exclude<Compression, "none">, StreamFormat>> = {
  "zlib-stream": {
    head: Uint8Array.of(0x78, 0x9c),
    byHand: (payload) =>
      zlib.deflateRawSync(payload, { finishFlush: zlib.constants.Z_SYNC_FLUSH, memLevel: 1 }),
    open: () => zlib.createDeflateRaw(),
    skip: 0,
    flush: zlib.constants.Z_SYNC_FLUSH,
  },
  "zstd-stream": {
    head: ZSTD_HEAD,
    byHand: rawBlock,
    open: () =>
      zlib.createZstdCompress({ params: { [zlib.constants.ZSTD_c_windowLog]: ZSTD_WINDOW_LOG } }),
    skip: ZSTD_HEAD.length,
    flush: zlib.constants.ZSTD_e_flush,
  },
};

/** A block of zstd that holds its bytes as they are, and is not the last. What is made so is short. */
function rawBlock(payload: Uint8Array): Uint8Array {
  const size = payload.length << 3;
  return Buffer.concat([Uint8Array.of(size, size >> 8, size >> 16), payload]);
}

function bytesOf(payload: string | Uint8Array): Uint8Array {
  return typeof payload === "string" ? encoder.encode(payload) : payload;
}

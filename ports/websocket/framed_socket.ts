/**
 * A WebSocket after its handshake, either end, over any stream of bytes: messages, answers to pings,
 * the closing handshake. What is sent by one task of the event loop goes out in one write.
 *
 * @module
 */

import type { Cancel, Clock } from "../clock.ts";
import type { Socket, SocketEvents } from "../socket.ts";
import { BROKEN, closePayload, frameBound, FrameReader, OPCODE, writeFrame } from "./frames.ts";

/** What carries the bytes. */
export interface ByteStream {
  /** Writes all of `bytes`; `taken` once the kernel has them, never where the stream broke. */
  write(bytes: Uint8Array, taken: () => void): void;
  /** Ends it at once. Safe to call again. */
  destroy(): void;
}

/** Which end this is. */
export interface FramedOptions {
  readonly end: "client" | "server";
  /**
   * The peer is on this machine: between us stands no proxy that a payload could fool, and frames are
   * masked with 0, which is no work (RFC 6455 §10.3).
   */
  readonly isNear?: boolean;
  readonly clock: Clock;
  /** The largest message that is taken. */
  readonly maxMessageBytes: number;
}

/** What happens to an open socket. */
export interface FramedEvents extends Pick<SocketEvents, "message" | "closed"> {
  /** While it says so, neither pings nor close frames are answered: for a server that plays dead. */
  isMute?(): boolean;
}

/** From our close frame to the end of the connection, whatever the peer does. */
export const CLOSE_TIMEOUT_MS = 1_000;

/** Largest message that is taken by default, as Deno's server does it: a peer must not fill our memory. */
export const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;

/** An open WebSocket. Its owner hands it what the stream brings. */
export class FramedSocket implements Omit<Socket, "pause"> {
  readonly #stream: ByteStream;
  readonly #events: FramedEvents;
  readonly #options: FramedOptions;
  readonly #reader: FrameReader;
  #waiting = new Outgoing();
  #inFlight = 0;
  /** Whether a write is under way, or will be once this task is over. */
  #isWriting = false;
  /** Whether our close frame is on its way: nothing is sent after it. */
  #hasClosed = false;
  /** What to tell when it is over: the peer's close frame, where one came. */
  #last: { readonly code: number; readonly reason: string } | null = null;
  #over = false;
  /** To be told when the kernel has everything. */
  readonly #idle: (() => void)[] = [];
  #cancelTimeout: Cancel = () => {};

  constructor(
    stream: ByteStream,
    events: (socket: FramedSocket) => FramedEvents,
    options: FramedOptions,
  ) {
    this.#stream = stream;
    this.#options = options;
    this.#reader = new FrameReader({
      message: (data, isText) => this.#events.message(data, isText),
      ping: (data) => this.#pinged(data),
      close: (code, reason) => this.#peerCloses(code, reason),
    }, { masked: options.end === "server", maxMessageBytes: options.maxMessageBytes });
    this.#events = events(this);
  }

  get bufferedBytes(): number {
    return this.#waiting.length + this.#inFlight;
  }

  send(text: string): void {
    this.#frame(OPCODE.TEXT, encoder.encode(text));
  }

  /** The bytes are copied: they are the caller's again when it returns. */
  sendBytes(bytes: Uint8Array): void {
    this.#frame(OPCODE.BINARY, bytes);
  }

  /** Resolves when the kernel has everything that was sent before; never where the socket is over. */
  taken(): Promise<void> {
    if (!this.#isWriting) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /** Asks the peer for a sign of life. */
  ping(): void {
    this.#frame(OPCODE.PING, new Uint8Array());
  }

  close(code: number, reason: string): void {
    if (this.#over || this.#hasClosed) return;
    this.#frame(OPCODE.CLOSE, closePayload(code, reason));
    this.#hasClosed = true;
    this.#cancelTimeout = this.#options.clock.after(CLOSE_TIMEOUT_MS, () => this.ended(""));
  }

  destroy(): void {
    this.#over = true;
    this.#reader.stop();
    this.#cancelTimeout();
    this.#waiting = new Outgoing();
    this.#inFlight = 0;
    this.#stream.destroy();
  }

  /**
   * Takes what the stream has brought. Frames are unmasked where they lie.
   *
   * @throws What a receiver of a message throws; the connection is broken by it, because what came
   * after that message is lost.
   */
  receive(bytes: Uint8Array): void {
    if (this.#over) return;
    try {
      const problem = this.#reader.read(bytes);
      if (!problem) return;
      this.#last = { code: BROKEN, reason: problem.reason };
      this.#answerClose(problem.code, problem.reason);
    } catch (error) {
      this.ended("a receiver has thrown");
      throw error;
    }
  }

  /** The stream has ended or must end, for the reason given. */
  ended(reason: string): void {
    if (this.#over) return;
    const last = this.#last ?? { code: BROKEN, reason };
    this.destroy();
    this.#events.closed(last.code, last.reason);
  }

  #pinged(data: Uint8Array): void {
    // A peer that pings without end and reads nothing gets no answer.
    if (this.bufferedBytes > MOST_PONG_BYTES || this.#events.isMute?.()) return;
    this.#frame(OPCODE.PONG, data);
  }

  #peerCloses(code: number, reason: string): void {
    this.#last = { code, reason };
    if (!this.#events.isMute?.()) this.#answerClose(code, "");
  }

  /** Says goodbye unless it is said; it is over as soon as that is written. */
  #answerClose(code: number, reason: string): void {
    this.close(code, reason);
    if (!this.#isWriting) this.ended("");
  }

  #frame(opcode: number, payload: Uint8Array): void {
    if (this.#over || this.#hasClosed) return;
    this.#waiting.add(opcode, payload, this.#mask());
    if (this.#isWriting) return;
    this.#isWriting = true;
    // Never from within receive(): a write may make a stream read, into the buffer that is being read.
    queueMicrotask(() => this.#over || this.#write());
  }

  #mask(): number | null {
    const { end, isNear } = this.#options;
    if (end === "server") return null;
    return isNear ? 0 : nextMask();
  }

  #write(): void {
    const bytes = this.#waiting.take();
    this.#inFlight = bytes.length;
    this.#stream.write(bytes, () => {
      keepSpare(bytes);
      if (this.#over) return;
      this.#inFlight = 0;
      if (this.#waiting.length > 0) return this.#write();
      this.#isWriting = false;
      for (const tell of this.#idle.splice(0)) tell();
      if (this.#hasClosed && this.#last) this.ended("");
    });
  }
}

const encoder = new TextEncoder();
const MOST_PONG_BYTES = 1024 * 1024;
const LEAST_BUFFER_BYTES = 256;
const MOST_SPARE_BYTES = 256 * 1024;

/** A buffer that was written and is kept for the next, whichever socket of this thread has one. */
let spare = new Uint8Array();

function keepSpare({ buffer }: Uint8Array): void {
  if (buffer.byteLength > MOST_SPARE_BYTES || buffer.byteLength <= spare.length) return;
  spare = new Uint8Array(buffer as ArrayBuffer);
}

/**
 * Frames that wait, one after the other in one buffer; in several where they are many, so that what is
 * written is let go while the rest waits.
 */
class Outgoing {
  /** Of all of them. */
  length = 0;
  readonly #full: Uint8Array[] = [];
  #bytes = new Uint8Array();
  #used = 0;

  add(opcode: number, payload: Uint8Array, mask: number | null): void {
    const bound = frameBound(payload.length);
    if (this.#used > 0 && this.#used + bound > MOST_SPARE_BYTES) this.#full.push(this.#last());
    if (this.#used + bound > this.#bytes.length) this.#grow(this.#used + bound);
    const end = writeFrame(this.#bytes, this.#used, opcode, payload, mask);
    this.length += end - this.#used;
    this.#used = end;
  }

  /** Those that are to be written next. */
  take(): Uint8Array {
    const taken = this.#full.shift() ?? this.#last();
    this.length -= taken.length;
    return taken;
  }

  /** The last buffer; the next frame begins anew. */
  #last(): Uint8Array {
    const bytes = this.#bytes.subarray(0, this.#used);
    this.#bytes = new Uint8Array();
    this.#used = 0;
    return bytes;
  }

  #grow(needed: number): void {
    const before = this.#bytes.subarray(0, this.#used);
    if (needed <= spare.length) {
      this.#bytes = spare;
      spare = new Uint8Array();
    } else this.#bytes = new Uint8Array(Math.max(needed, 2 * before.length, LEAST_BUFFER_BYTES));
    this.#bytes.set(before);
  }
}

const masks = new Uint32Array(256);
let masksUsed = masks.length;

/** Must not be guessed (RFC 6455 §10.3). */
function nextMask(): number {
  if (masksUsed === masks.length) {
    crypto.getRandomValues(masks);
    masksUsed = 0;
  }
  return masks[masksUsed++]!;
}

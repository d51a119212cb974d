/**
 * Payloads as they go over the socket: plain text, `zlib-stream` or `zstd-stream`. One encoder per
 * connection, because both streams share one context for the connection's whole life. See
 * [Discord Docs/Transport Compression](https://discord.com/developers/docs/events/gateway#transport-compression).
 *
 * Everything is synchronous, so that virtual time stays exact.
 *
 * @module
 */

import { constants, deflateRawSync, deflateSync } from "node:zlib";
import type { Body, Tail } from "../world/body.ts";
import { Deflate } from "./deflate.ts";

/** Ways to compress what the server sends. `payload` is the one asked for in IDENTIFY. */
export type Compression = "none" | "payload" | "zlib-stream" | "zstd-stream";

/** A payload before encoding; its JSON is `head + tail.text + "}"`. */
export interface Frame {
  readonly head: string;
  readonly tail: Tail;
}

/** Turns each payload into one message: text, or bytes for a binary message. */
export type Encode = (frame: Frame) => string | Uint8Array;

/** A payload that is not a dispatch: `t` and `s` are null. The keys are in Discord's order. */
export function controlFrame(op: number, d: unknown): Frame {
  return { head: `{"t":null,"s":null,"op":${op},"d":${JSON.stringify(d)}`, tail: EMPTY };
}

/** A dispatch. `bare` leaves out what needs the MESSAGE_CONTENT intent. */
export function dispatchFrame(s: number, t: string, body: Body, bare: boolean): Frame {
  return {
    head: `{"t":"${t}","s":${s},"op":0,"d":${body.head}`,
    tail: (bare ? body.bareTail : undefined) ?? body.tail,
  };
}

/** An encoder for a new connection. `level` is zlib's, 0 to 9. */
export function createEncode(compression: Compression, level: number): Encode {
  switch (compression) {
    case "none":
      return textOf;
    case "payload":
      return (frame) => {
        const text = textOf(frame);
        return text.length < WORTH_COMPRESSING ? text : deflateSync(text, { level });
      };
    case "zlib-stream":
      return zlibStream(level);
    case "zstd-stream":
      return zstdStream();
  }
}

/** The message made unreadable for sure: a reserved block type, or JSON that is cut short, as one sees. */
export function corrupted(message: string | Uint8Array): string | Uint8Array {
  if (typeof message === "string") return message.slice(0, message.length >> 1).replace(/}+$/, "");
  const bytes = message.slice();
  bytes[0] = 0x07;
  return bytes;
}

const EMPTY: Tail = { text: "" };
const WORTH_COMPRESSING = 256;
const LARGE_BYTES = 32_768;
const encoder = new TextEncoder();

function textOf({ head, tail }: Frame): string {
  return `${head}${tail.text}}`;
}

/**
 * One zlib stream made of pieces that each end at a byte boundary: a general payload refers to what
 * was sent before it, a large one is the host's own work, and a prepared one is put together from a
 * stored block and its deflated tail.
 */
function zlibStream(level: number): Encode {
  const deflate = new Deflate();
  let start: Uint8Array = Uint8Array.of(0x78, headerFlags(level));
  return (frame) => {
    const header = start;
    start = NOTHING;
    const { deflated } = frame.tail;
    if (deflated && frame.head.length < MOST_HEAD_CHARS) {
      deflate.forget();
      return preparedPiece(header, frame.head, deflated);
    }
    const text = encoder.encode(textOf(frame));
    if (text.length < LARGE_BYTES) return concat([header, deflate.piece(text)]);
    deflate.forget();
    const finishFlush = constants.Z_SYNC_FLUSH;
    return concat([header, deflateRawSync(text, { level, finishFlush })]);
  };
}

const NOTHING = new Uint8Array();

/** The second byte of a zlib header, which tells the level (78 01, 78 5E, 78 9C, 78 DA). */
function headerFlags(level: number): number {
  return level < 2 ? 0x01 : level < 6 ? 0x5e : level === 6 ? 0x9c : 0xda;
}

/** A stored block with the head, then the deflated tail, in one allocation: the fast path. */
function preparedPiece(header: Uint8Array, head: string, deflated: Uint8Array): Uint8Array {
  const { written } = encoder.encodeInto(head, scratch);
  const start = header.length + STORED_HEADER_BYTES;
  const piece = new Uint8Array(start + written + deflated.length);
  piece.set(header);
  piece[header.length + 1] = written;
  piece[header.length + 2] = written >> 8;
  piece[header.length + 3] = ~written;
  piece[header.length + 4] = ~written >> 8;
  for (let i = 0; i < written; i++) piece[start + i] = scratch[i]!;
  piece.set(deflated, start + written);
  return piece;
}

const STORED_HEADER_BYTES = 5;
/** Heads are some hundred bytes, an envelope and a few ids; one that is longer takes the general way. */
const MOST_HEAD_CHARS = 1024;
const scratch = new Uint8Array(3 * MOST_HEAD_CHARS);

/** The magic number, no content size or checksum, a window of 256 KiB. */
const ZSTD_START = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x40);
const ZSTD_MOST_PER_BLOCK = 131_072;

/**
 * One zstd frame that never ends, of raw blocks: valid for every decoder and the same each time, yet
 * not smaller than the text. The host offers no synchronous compressor that keeps its context.
 */
function zstdStream(): Encode {
  let start: Uint8Array = ZSTD_START;
  return (frame) => {
    const text = encoder.encode(textOf(frame));
    const blocks = Math.ceil(text.length / ZSTD_MOST_PER_BLOCK);
    const message = new Uint8Array(start.length + blocks * 3 + text.length);
    message.set(start);
    let to = start.length;
    start = NOTHING;
    for (let at = 0; at < text.length; at += ZSTD_MOST_PER_BLOCK) {
      const size = Math.min(ZSTD_MOST_PER_BLOCK, text.length - at);
      message[to++] = size << 3;
      message[to++] = size >> 5;
      message[to++] = size >> 13;
      message.set(size === text.length ? text : text.subarray(at, at + size), to);
      to += size;
    }
    return message;
  };
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

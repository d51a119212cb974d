/**
 * What the two inflaters have in common.
 *
 * @module
 */

import type { Compression } from "../../protocol/worker_message.ts";

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

/** A payload that grows beyond this is an attack or a bug; Discord's largest are a few MiB. */
export const MOST_PAYLOAD_BYTES = 64 * 1024 * 1024;

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

/**
 * What the two inflaters have in common.
 *
 * @module
 */

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

/** A payload that grows beyond this is an attack or a bug; Discord's largest are a few MiB. */
export const MOST_PAYLOAD_BYTES = 64 * 1024 * 1024;

/** Whether a message ends a payload: zlib-stream has a suffix, zstd-stream is one to one. */
export function endsPayload(compression: Compression, bytes: Uint8Array): boolean {
  if (compression !== "zlib-stream") return true;
  const at = bytes.length - 4;
  return at >= 0 && bytes[at] === 0 && bytes[at + 1] === 0 && bytes[at + 2] === 0xff &&
    bytes[at + 3] === 0xff;
}

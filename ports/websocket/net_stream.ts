/**
 * The bytes of a WebSocket over a socket of `node:net` or `node:tls`.
 *
 * @module
 */

import type net from "node:net";
import type { ByteStream } from "./framed_socket.ts";

/** What writes to it, and ends it. */
export function asByteStream(stream: net.Socket): ByteStream {
  return {
    write: (bytes, taken) => void stream.write(bytes, (error) => error || taken()),
    destroy: () => void stream.destroy(),
  };
}

/**
 * {@linkcode Connect} on the runtime's own WebSocket: nothing to load, which is why a cluster's
 * process uses it. Not for the gateway: where a peer is silent its `close()` never ends, and a
 * destroyed socket lives on, unheard, until the connection breaks by itself.
 *
 * @module
 */

import { deadSocket } from "./dead_socket.ts";
import type { Connect, Socket, SocketEvents } from "./socket.ts";

/** Opens the runtime's own WebSocket. */
export const nativeConnect: Connect = (url, events, options = {}) => {
  try {
    return adapt(new WebSocket(url, { headers: { ...options.headers } }), events);
  } catch (error) {
    return deadSocket(events, error);
  }
};

function adapt(socket: WebSocket, events: SocketEvents): Socket {
  const encoder = new TextEncoder();
  let opened = false;
  let over = false;
  let failure = "closed before it opened";
  socket.binaryType = "arraybuffer";
  socket.onopen = () => {
    opened = true;
    if (!over) events.open();
  };
  socket.onmessage = ({ data }) => {
    if (over) return;
    if (typeof data === "string") events.message(encoder.encode(data), true);
    else events.message(new Uint8Array(data), false);
  };
  socket.onerror = (event) => {
    if (event instanceof ErrorEvent && event.message) failure = event.message;
  };
  socket.onclose = ({ code, reason }) => {
    if (over) return;
    over = true;
    // The runtime says 0 where the line was cut.
    if (opened) events.closed(code || 1006, reason);
    else events.failed(failure);
  };
  const isOpen = () => socket.readyState === WebSocket.OPEN;
  return {
    send: (text) => void (isOpen() && socket.send(text)),
    sendBytes: (bytes) => void (isOpen() && socket.send(bytes as Uint8Array<ArrayBuffer>)),
    close: (code, reason) => socket.close(code, reason),
    destroy() {
      over = true;
      socket.close();
    },
    get bufferedBytes() {
      return socket.bufferedAmount;
    },
  };
}

/**
 * {@linkcode Connect} on `npm:ws`: its `terminate()` ends a connection whose peer is silent (Deno's
 * own `close()` waits for ever), and it turns Nagle's delay off.
 *
 * @module
 */

import { loadWs, type RawData, type WsSocket } from "../deps.ts";
import { deadSocket } from "./dead_socket.ts";
import type { Connect, SocketEvents } from "./socket.ts";

/** Loads `ws` and gives the port. Load once, before the first connection. */
export async function wsConnect(): Promise<Connect> {
  const { WebSocket } = await loadWs();
  return (url, events, options = {}) => {
    try {
      return adapt(
        new WebSocket(url, { ...OPTIONS, headers: { ...options.headers } }) as unknown as WsSocket,
        events,
      );
    } catch (error) {
      return deadSocket(events, error);
    }
  };
}

function adapt(socket: WsSocket, events: SocketEvents): ReturnType<Connect> {
  let opened = false;
  let over = false;
  let failure = "closed before it opened";
  socket.on("open", () => {
    if (over) return;
    opened = true;
    events.open();
  });
  socket.on("message", (data: RawData, isBinary: boolean) => {
    if (!over) events.message(data as Uint8Array, !isBinary);
  });
  socket.on("error", (error: Error) => {
    failure = error.message || String((error as { code?: unknown }).code ?? "unknown error");
  });
  socket.on("close", (code: number, reason: Uint8Array) => {
    if (over) return;
    over = true;
    if (opened) events.closed(code, new TextDecoder().decode(reason));
    else events.failed(failure);
  });
  return {
    send: (text) => void (socket.readyState === OPEN && socket.send(text)),
    sendBytes: (bytes) => void (socket.readyState === OPEN && socket.send(bytes)),
    close: (code, reason) => socket.close(code, reason),
    destroy() {
      over = true;
      socket.terminate();
    },
    get bufferedBytes() {
      return socket.bufferedAmount;
    },
  };
}

const OPEN = 1;

const OPTIONS = {
  perMessageDeflate: false,
  maxPayload: 0,
  skipUTF8Validation: true,
  // A peer that said goodbye and leaves the line open would be waited for 30 s.
  closeTimeout: 1_000,
};

/**
 * A {@linkcode Connect} whose peer is the test: every socket that was opened, what was sent on it,
 * and its events to call.
 *
 * @module
 */

import type { Connect, SocketEvents } from "../../ports/socket.ts";

/** A socket that was opened. */
export interface FakeSocket {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>> | undefined;
  readonly events: SocketEvents;
  /** Texts that were sent, in order. */
  readonly sent: string[];
  readonly sentBytes: Uint8Array[];
  /** Codes that it was closed with. */
  readonly closes: number[];
  destroyed: boolean;
  isPaused: boolean;
  /** The peer sends a payload. */
  say(payload: unknown): void;
}

/** Sockets to nowhere. */
export function fakeSockets(): { connect: Connect; sockets: FakeSocket[] } {
  const sockets: FakeSocket[] = [];
  const connect: Connect = (url, events, options) => {
    const socket: FakeSocket = {
      url,
      headers: options?.headers,
      events,
      sent: [],
      sentBytes: [],
      closes: [],
      destroyed: false,
      isPaused: false,
      say: (payload) => events.message(new TextEncoder().encode(JSON.stringify(payload)), true),
    };
    sockets.push(socket);
    return {
      send: (text) => void socket.sent.push(text),
      sendBytes: (bytes) => void socket.sentBytes.push(bytes),
      close: (code) => void socket.closes.push(code),
      destroy: () => void (socket.destroyed = true),
      pause: (isPaused) => void (socket.isPaused = isPaused),
      bufferedBytes: 0,
    };
  };
  return { connect, sockets };
}

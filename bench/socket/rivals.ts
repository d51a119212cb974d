/**
 * What `ports/websocket/client.ts` is measured against: the same port on `npm:ws` and on the runtime's
 * own WebSocket, no better than a benchmark needs.
 *
 * @module
 */

import type { Connect } from "../../ports/socket.ts";
import { webSocketConnect } from "../../ports/websocket/client.ts";
import { WebSocket as NpmWebSocket } from "npm:ws@8.23.0";
import type { WebSocket as NpmSocket } from "npm:@types/ws@8.18.2";

/** By what they are called in the tables; each trusts `ca` and nobody else. */
export const CLIENTS: Readonly<Record<string, (ca: string) => Connect>> = {
  "npm:ws": (ca) => (url, events) => {
    const options = { perMessageDeflate: false, maxPayload: 0, skipUTF8Validation: true, ca };
    const socket = new NpmWebSocket(url, options) as unknown as NpmSocket;
    socket.on("open", events.open);
    socket.on("message", (data, isBinary) => events.message(data as Uint8Array, !isBinary));
    socket.on("error", (error) => events.failed(error.message));
    return {
      send: (text) => socket.send(text),
      sendBytes: (bytes) => socket.send(bytes),
      close: (code, reason) => socket.close(code, reason),
      destroy: () => socket.terminate(),
      pause: (isPaused) => isPaused ? socket.pause() : socket.resume(),
      get bufferedBytes() {
        return socket.bufferedAmount;
      },
    };
  },
  native: (ca) => {
    const client = Deno.createHttpClient({ caCerts: [ca] });
    return (url, events) => {
      const socket = new WebSocket(url, { client } as WebSocketOptions);
      socket.binaryType = "arraybuffer";
      socket.onopen = events.open;
      socket.onmessage = ({ data }) => events.message(new Uint8Array(data), false);
      socket.onerror = () => events.failed("it could not be opened");
      return {
        send: (text) => socket.send(text),
        sendBytes: (bytes) => socket.send(bytes as Uint8Array<ArrayBuffer>),
        close: (code, reason) => socket.close(code, reason),
        destroy: () => socket.close(),
        pause: () => {
          throw new Error("the runtime's own client cannot be paused");
        },
        get bufferedBytes() {
          return socket.bufferedAmount;
        },
      };
    };
  },
  ours: (ca) => webSocketConnect({ ca }),
};

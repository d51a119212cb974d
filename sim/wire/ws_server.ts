/**
 * The gateway on real TCP. The WebSocket server is that of `ports/websocket`, because the host's
 * answers close frames by itself and cannot cut a connection: a frozen or a cut one must be real.
 *
 * @module
 */

import type { Clock } from "../../ports/clock.ts";
import { acceptWebSocket, type Admit } from "../../ports/websocket/accept.ts";
import type { Gateway } from "../gateway/gateway.ts";

/** What the server works with. */
export interface WsServerParts {
  readonly clock: Clock;
  readonly gateway: Gateway;
  /** A client that lets this many bytes pile up is cut off. */
  readonly maxBufferedBytes: number;
}

/** A client that sends a larger message is cut off; the gateway refuses far smaller ones. */
const MAX_MESSAGE_BYTES = 1 << 20;

/** Serves a listener until it is closed; what is open is in `open`. */
export async function serveWebSockets(
  listener: Deno.TcpListener,
  baseUrl: string,
  parts: WsServerParts,
  open: Set<Deno.TcpConn>,
): Promise<void> {
  const { clock } = parts;
  const admit = admission(baseUrl, parts);
  for await (const conn of listener) {
    open.add(conn);
    acceptWebSocket(conn, admit, { clock, maxMessageBytes: MAX_MESSAGE_BYTES })
      .finally(() => open.delete(conn));
  }
}

const REFUSALS = { "refuse": 0, "http 503": 503, "silence": "silence" } as const;

function admission(baseUrl: string, { gateway, maxBufferedBytes }: WsServerParts): Admit {
  return ({ path }) => {
    if (!URL.canParse(path, baseUrl)) return 400;
    const url = new URL(path, baseUrl);
    const admission = gateway.admit(url);
    if (admission !== "accept") return REFUSALS[admission];
    return (socket) => {
      const link = gateway.accept(url, {
        send(message) {
          if (typeof message === "string") socket.send(message);
          else socket.sendBytes(message);
          if (socket.bufferedBytes > maxBufferedBytes) socket.destroy();
        },
        close: (code, reason) => socket.close(code, reason),
        destroy: () => socket.destroy(),
        get isHeldUp() {
          return socket.bufferedBytes > 0;
        },
      });
      return {
        message: (data) => link.receive(data),
        closed(code) {
          link.closed(code);
          // A frozen one has only noted the code.
          link.closed(1006);
        },
        isMute: () => link.frozen,
      };
    };
  };
}

/**
 * A library's WebSocket at `/` or `/gateway`, handed to the gateway for consumers.
 *
 * @module
 */

import type { DownstreamEvents } from "../../downstream/gateway.ts";
import type { Consumers } from "../../unit/consumers/consumers.ts";

/** A client that answers no ping for so long is gone. */
const IDLE_TIMEOUT_S = 30;
/** More than this is never under way to a client that reads: it is closed, and may resume. */
const MOST_BUFFERED_BYTES = 64 * 1024 * 1024;
/** Discord's "unknown error": the client reconnects and resumes. */
const TOO_SLOW = 4000;

/**
 * Upgrades a request and hands the socket to the gateway for consumers.
 *
 * @param url Our address as the client reaches it.
 */
export function acceptConsumer(
  request: Request,
  consumers: Pick<Consumers, "accept">,
  url: string,
): Response {
  if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
    return Response.json({ error: "expected a WebSocket upgrade" }, {
      status: 426,
      headers: { upgrade: "websocket" },
    });
  }
  const query = new URL(request.url).searchParams;
  const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: IDLE_TIMEOUT_S });
  let client: DownstreamEvents | undefined;
  const isOpen = () => socket.readyState === WebSocket.OPEN;
  const send = (data: string | Uint8Array<ArrayBuffer>) => {
    if (!isOpen()) return;
    if (socket.bufferedAmount > MOST_BUFFERED_BYTES) socket.close(TOO_SLOW, "You read too slowly.");
    else socket.send(data);
  };
  socket.onopen = () => {
    const close = (code: number, reason: string) => void (isOpen() && socket.close(code, reason));
    client = consumers.accept({ send, sendBytes: send, close }, query, url);
  };
  socket.onmessage = ({ data }) => typeof data === "string" ? client?.text(data) : client?.binary();
  socket.onclose = ({ code }) => client?.closed(code);
  // A close follows, which is what matters; without a listener the error would end the process.
  socket.onerror = () => {};
  return response;
}

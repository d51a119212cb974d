/**
 * A consumer's WebSocket at `/events`, handed to the links.
 *
 * @module
 */

import type { LinkEvents, Links } from "../../link/links.ts";

/** A consumer that answers no ping for so long is gone. */
const IDLE_TIMEOUT_S = 30;

/** Upgrades a request and hands the socket to the links. */
export function acceptLink(request: Request, links: Pick<Links, "accept">): Response {
  if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
    return Response.json({ error: "expected a WebSocket upgrade" }, {
      status: 426,
      headers: { upgrade: "websocket" },
    });
  }
  const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: IDLE_TIMEOUT_S });
  let link: LinkEvents | undefined;
  const isOpen = () => socket.readyState === WebSocket.OPEN;
  socket.onopen = () => {
    link = links.accept({
      send: (text) => void (isOpen() && socket.send(text)),
      sendBytes: (bytes) => void (isOpen() && socket.send(bytes)),
      close: (code, reason) => void (isOpen() && socket.close(code, reason)),
    });
  };
  socket.onmessage = ({ data }) => {
    // Binary frames have no meaning in this direction; an empty text is refused with a reason.
    link?.text(typeof data === "string" ? data : "");
  };
  socket.onclose = () => link?.closed();
  // A close follows, which is what matters; without a listener the error would end the process.
  socket.onerror = () => {};
  return response;
}

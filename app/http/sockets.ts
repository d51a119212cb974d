/**
 * The WebSockets that are opened to us: a library's at `/` or `/gateway`, handed to the gateway for
 * consumers, and a consumer's at `/events`, handed to the links.
 *
 * @module
 */

import type { DownstreamEvents } from "../../downstream/gateway.ts";
import type { LinkEvents, Links } from "../../link/links.ts";
import type { PeerKey } from "../../protocol/peer.ts";
import type { Consumers } from "../../unit/consumers.ts";

/** A client that answers no ping for so long is gone. */
const IDLE_TIMEOUT_S = 30;
/** No close frame came. */
const BROKEN = 1006;
/** More than this is never under way to a library that reads: it is closed, and may resume. */
const MOST_BUFFERED_BYTES = 64 * 1024 * 1024;

/**
 * Upgrades a request and hands the socket to the gateway for consumers.
 *
 * @param url Our address as the client reaches it.
 * @param idleTimeoutS A client that answers no ping for so long is gone; default 30.
 */
export function acceptConsumer(
  request: Request,
  consumers: Pick<Consumers, "accept">,
  url: string,
  idleTimeoutS: number = IDLE_TIMEOUT_S,
): Response {
  const query = new URL(request.url).searchParams;
  let client: DownstreamEvents | undefined;
  return upgrade(request, idleTimeoutS, (socket, isOpen, close) => {
    const send = (data: string | Uint8Array<ArrayBuffer>) => {
      if (!isOpen()) return;
      if (socket.bufferedAmount > MOST_BUFFERED_BYTES) client?.failed("You read too slowly.");
      else socket.send(data);
    };
    socket.onopen = () => client = consumers.accept({ send, sendBytes: send, close }, query, url);
    socket.onmessage = ({ data }) =>
      typeof data === "string" ? client?.text(data) : client?.binary();
    // Deno has a code of its own for one that broke: 0, or 1001 for one that answers no ping.
    socket.onclose = ({ code, wasClean }) => client?.closed(wasClean ? code : BROKEN);
  });
}

/**
 * Upgrades a request and hands the socket to the links.
 *
 * @param peer Who this has proved to be; `undefined`: whom it says, of those that the links know.
 */
export function acceptLink(
  request: Request,
  links: Pick<Links, "accept">,
  peer?: PeerKey,
): Response {
  let link: LinkEvents | undefined;
  return upgrade(request, IDLE_TIMEOUT_S, (socket, isOpen, close) => {
    const send = (data: string | Uint8Array<ArrayBuffer>) => void (isOpen() && socket.send(data));
    socket.onopen = () => link = links.accept({ send, sendBytes: send, close }, peer, false);
    // Binary frames have no meaning in this direction; an empty text is refused with a reason.
    socket.onmessage = ({ data }) => link?.text(typeof data === "string" ? data : "");
    socket.onclose = () => link?.closed();
  });
}

/** Gives the socket of a request, where it asks for one, to who listens to it. */
function upgrade(
  request: Request,
  idleTimeout: number,
  listen: (
    socket: WebSocket,
    isOpen: () => boolean,
    close: (code: number, reason: string) => void,
  ) => void,
): Response {
  if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
    return Response.json({ error: "expected a WebSocket upgrade" }, {
      status: 426,
      headers: { upgrade: "websocket" },
    });
  }
  const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout });
  const isOpen = () => socket.readyState === WebSocket.OPEN;
  listen(socket, isOpen, (code, reason) => void (isOpen() && socket.close(code, reason)));
  // A close follows, which is what matters; without a listener the error would end the process.
  socket.onerror = () => {};
  return response;
}

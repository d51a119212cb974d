/**
 * The WebSockets that are opened to us: a library's at `/` or `/gateway`, handed to the gateway for
 * consumers, and a consumer's at `/events`, handed to the links.
 *
 * @module
 */

import type { DownstreamEvents } from "../../downstream/gateway.ts";
import { LINK_CLOSE } from "../../protocol/event_frame.ts";
import { type AcceptedSocket, upgradeWebSocket } from "../../ports/http_server/upgrade.ts";
import type { LinkEvents, Links } from "../../link/links.ts";
import type { PeerKey } from "../../protocol/peer.ts";
import type { Consumers } from "../../unit/consumers.ts";
import type { Words } from "./words.ts";

/**
 * More than this is never under way to a peer that reads: its credit is less. Who lets so much pile up is
 * closed.
 */
export const MOST_BUFFERED_BYTES = 32 * 1024 * 1024;
/** A library's commands are far smaller, and refused above 4096 bytes; what is larger is not even read. */
const MOST_COMMAND_BYTES = 64 * 1024;
/** Discord's HELLO comes as much later than its 101. Seyfert never reads one that comes together with it. */
const HELLO_AFTER_MS = 25;
/** Calls of a cluster carry values of the bot's. */
const MOST_CALL_BYTES = 32 * 1024 * 1024;

/** How long a client may be silent before it is asked for a sign of life; default 15 s. */
export interface AcceptOptions {
  readonly idleMs?: number;
  /** How settings are called, where that is not by their variables. */
  readonly words?: Words;
}

/**
 * Upgrades a request and hands the socket to the gateway for consumers.
 *
 * @param url Our address as the client reaches it.
 */
export function acceptConsumer(
  request: Request,
  consumers: Pick<Consumers, "accept">,
  url: string,
  options: AcceptOptions = {},
): Response {
  const query = new URL(request.url).searchParams;
  return upgradeWebSocket(
    request,
    { ...options, maxMessageBytes: MOST_COMMAND_BYTES, firstAfterMs: HELLO_AFTER_MS },
    (socket) => {
      const close = (code: number, reason: string) =>
        socket.close(code, options.words?.ofText(reason) ?? reason);
      const failed = (reason: string) => client.failed(reason);
      const send = bounded(socket, () => failed("You read too slowly."));
      const known = () => socket.known();
      const taken = () => socket.taken();
      const client: DownstreamEvents = consumers.accept(
        { ...send, close, known, taken },
        query,
        url,
      );
      return {
        message: (data, isText) => isText ? client.text(decoder.decode(data)) : client.binary(data),
        closed: (code) => client.closed(code),
      };
    },
  );
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
  options: AcceptOptions = {},
): Response {
  return upgradeWebSocket(request, { ...options, maxMessageBytes: MOST_CALL_BYTES }, (socket) => {
    // Whoever may ask for this route has shown who it is.
    socket.known();
    const close = (code: number, reason: string) => socket.close(code, reason);
    const send = bounded(socket, () => close(LINK_CLOSE.GOING_AWAY, "you read too slowly"));
    const link: LinkEvents = links.accept({ ...send, close }, peer, false);
    return {
      // Binary frames have no meaning in this direction; an empty text is refused with a reason.
      message: (data, isText) => link.text(isText ? decoder.decode(data) : ""),
      closed: () => link.closed(),
    };
  });
}

const decoder = new TextDecoder();

/** What sends as long as the peer reads. */
function bounded(socket: AcceptedSocket, tooSlow: () => void) {
  const reads = () => {
    if (socket.bufferedBytes <= MOST_BUFFERED_BYTES) return true;
    tooSlow();
    return false;
  };
  return {
    send: (text: string) => void (reads() && socket.send(text)),
    sendBytes: (bytes: Uint8Array) => void (reads() && socket.sendBytes(bytes)),
  };
}

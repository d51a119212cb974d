/**
 * A consumer that is dialled: one HTTP port on which a unit opens the event link. The newest link
 * wins; a peer that falls silent is noticed by the server's pings.
 *
 * @module
 */

import { createHash, timingSafeEqual } from "node:crypto";
import { GatehouseError } from "../protocol/errors.ts";
import { LINK_CLOSE } from "../protocol/event_frame.ts";
import type { Log } from "../ports/log.ts";
import type { EventConsumer } from "./consumer.ts";

/** What serving a link needs. */
export interface ServeLinkOptions {
  readonly hostname: string;
  /** 0 takes any that is free. */
  readonly port: number;
  /** What the unit must send as `Authorization`: its `EVENT_HANDLER_SECRET_KEY`. */
  readonly secretKey: string;
  readonly consumer: EventConsumer;
  readonly log: Log;
}

/** A port that listens for a unit. */
export interface LinkServer {
  readonly port: number;
  /** Says goodbye to the unit and closes the port. */
  stop(): Promise<void>;
}

/**
 * Listens for a unit.
 *
 * @throws {GatehouseError} `bad_config` when the secret is empty.
 */
export function serveLink(options: ServeLinkOptions): LinkServer {
  const { hostname, port, secretKey, consumer, log } = options;
  if (secretKey === "") {
    throw new GatehouseError("bad_config", "caller", "Cannot serve events: secretKey is empty");
  }
  const sockets = new Set<WebSocket>();
  const server = Deno.serve({ hostname, port, onListen() {} }, (request) => {
    if (!sameSecret(request.headers.get("authorization") ?? "", secretKey)) {
      log.warn("event link is refused", { reason: "wrong secret key" });
      return new Response("Unauthorized", { status: 401 });
    }
    if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
      return new Response("Upgrade to WebSocket", { status: 426 });
    }
    const { socket, response } = Deno.upgradeWebSocket(request);
    sockets.add(socket);
    attach(socket, consumer, log, () => sockets.delete(socket));
    return response;
  });
  return {
    port: server.addr.port,
    async stop() {
      for (const socket of sockets) close(socket, LINK_CLOSE.GOING_AWAY, "going away");
      await server.shutdown();
    },
  };
}

function attach(socket: WebSocket, consumer: EventConsumer, log: Log, onEnd: () => void): void {
  socket.binaryType = "arraybuffer";
  socket.onopen = () => {
    const link = consumer.attach({
      send: (text) => socket.readyState === WebSocket.OPEN && socket.send(text),
      close: (code, reason) => close(socket, code, reason),
    });
    socket.onmessage = ({ data }) => {
      if (typeof data === "string") link.text(data);
      else link.batch(new Uint8Array(data));
    };
    socket.onclose = ({ code, reason }) => {
      link.closed();
      onEnd();
      log.warn("event link is down", { reason: `closed with ${code}${reason && `: ${reason}`}` });
    };
  };
  socket.onerror = (event) => {
    log.warn("event link failed", { reason: event instanceof ErrorEvent ? event.message : "" });
    onEnd();
  };
}

function close(socket: WebSocket, code: number, reason: string): void {
  if (socket.readyState <= WebSocket.OPEN) socket.close(code, reason);
}

/** Compares in a time that tells nothing about where the texts differ. */
function sameSecret(given: string, wanted: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}

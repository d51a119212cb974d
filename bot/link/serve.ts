/**
 * A consumer that is dialled: one HTTP port on which a unit opens the event link. The newest link
 * wins; a peer that falls silent is noticed by the server's pings.
 *
 * @module
 */

import { createHash, timingSafeEqual } from "node:crypto";
import { GatehouseError, messageOf } from "../../protocol/errors.ts";
import { LINK_CLOSE, WORKER_HEADER } from "../../protocol/event_frame.ts";
import { within } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import type { World } from "../../ports/world.ts";
import type { ConsumerLink, EventConsumer } from "./consumer.ts";

/** From our close frame to the unit's. */
const CLOSE_DEADLINE_MS = 2_000;

/** What serving a link needs. */
export interface ServeLinkOptions extends Pick<World, "clock" | "log"> {
  readonly hostname: string;
  /** 0 takes any that is free. */
  readonly port: number;
  /** What the unit must send as `Authorization`: its `EVENT_HANDLER_SECRET_KEY`. */
  readonly secretKey: string;
  readonly consumer: EventConsumer;
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
  const { hostname, port, secretKey, consumer, clock, log } = options;
  if (secretKey === "") {
    throw new GatehouseError("bad_config", "caller", "Cannot serve events: secretKey is empty");
  }
  const sockets = new Map<WebSocket, Promise<void>>();
  const server = Deno.serve({ hostname, port, onListen() {} }, (request) => {
    if (!sameSecret(request.headers.get("authorization") ?? "", secretKey)) {
      log.warn("event link is refused", { reason: "wrong secret key" });
      return new Response("Unauthorized", { status: 401 });
    }
    if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
      return new Response("Upgrade to WebSocket", { status: 426 });
    }
    // A request that was upgraded has no headers any more.
    const worker = workerOf(request);
    const { socket, response } = Deno.upgradeWebSocket(request);
    const closed = attach(socket, worker, consumer, log).finally(() => sockets.delete(socket));
    sockets.set(socket, closed);
    return response;
  });
  return {
    port: server.addr.port,
    async stop() {
      for (const socket of sockets.keys()) close(socket, LINK_CLOSE.GOING_AWAY, "going away");
      await within(clock, CLOSE_DEADLINE_MS, Promise.all(sockets.values()));
      await server.shutdown();
    },
  };
}

/** Which worker of the unit dials; `null`: the unit itself. */
function workerOf(request: Request): number | null {
  const worker = request.headers.get(WORKER_HEADER);
  return worker !== null && /^\d{1,9}$/.test(worker) ? Number(worker) : null;
}

/** Resolves when the socket is closed. */
function attach(
  socket: WebSocket,
  worker: number | null,
  consumer: EventConsumer,
  log: Log,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let link: ConsumerLink | undefined;
  socket.binaryType = "arraybuffer";
  socket.onopen = () => {
    link = consumer.attach({
      send: (text) => socket.readyState === WebSocket.OPEN && socket.send(text),
      close: (code, reason) => close(socket, code, reason),
    }, worker);
  };
  socket.onmessage = ({ data }) => {
    if (typeof data === "string") link?.text(data);
    else link?.batch(new Uint8Array(data));
  };
  socket.onerror = (event) => {
    const { error, message } = event as Partial<ErrorEvent>;
    log.warn("event link failed", { reason: error ? messageOf(error) : message });
  };
  socket.onclose = ({ code, reason }) => {
    link?.closed();
    const level = code === LINK_CLOSE.GOING_AWAY ? "info" : "warn";
    log[level]("event link is down", { reason: `closed with ${code}${reason && `: ${reason}`}` });
    resolve();
  };
  return promise;
}

function close(socket: WebSocket, code: number, reason: string): void {
  if (socket.readyState <= WebSocket.OPEN) socket.close(code, reason);
}

/** Compares in a time that tells nothing about where the texts differ. */
function sameSecret(given: string, wanted: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}

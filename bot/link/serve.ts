/**
 * A consumer that is dialled: one HTTP port on which units open their event links. The newest link of each
 * wins; a peer that falls silent is noticed by the server's pings.
 *
 * @module
 */

import { createHash, timingSafeEqual } from "node:crypto";
import { GatehouseError } from "../../protocol/errors.ts";
import { LINK_CLOSE, UNIT_HEADER, WORKER_HEADER } from "../../protocol/event_frame.ts";
import { UNIT_NAME } from "../../protocol/fleet.ts";
import { acceptAll } from "../../ports/websocket/accept_all.ts";
import { within } from "../../ports/clock.ts";
import { RANK, type Seat, Seats } from "../../ports/http_server/seats.ts";
import type { Log } from "../../ports/log.ts";
import type { Socket } from "../../ports/socket.ts";
import { acceptWebSocket, type Admit } from "../../ports/websocket/accept.ts";
import type { FramedEvents } from "../../ports/websocket/framed_socket.ts";
import type { World } from "../../ports/world.ts";
import type { Dialler } from "./acks.ts";
import type { EventConsumer } from "./consumer.ts";

/** From our close frame to the unit's. */
const CLOSE_DEADLINE_MS = 2_000;
/** A unit that is silent for so long is asked for a sign of life, and has as long again. */
const IDLE_MS = 15_000;
/** What is read at a time: a batch of events is seldom larger. */
const READ_BYTES = 64 * 1024;
/**
 * A unit has a link for each of its workers, twice as many while it reshards, and one of its own; a fleet has many
 * units.
 */
const CROWD = { most: 4_096, mostOfOne: 256 };

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
  const links = new Map<Closable, Promise<void>>();
  const seats = new Seats(CROWD);
  const listener = Deno.listen({ hostname, port });
  const admitTo = (seat: Seat): Admit => ({ headers }) => {
    if (!sameSecret(headers.get("authorization") ?? "", secretKey)) {
      log.warn("event link is refused", { reason: "wrong secret key" });
      return 401;
    }
    seat.move(RANK.KNOWN);
    return (socket) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      links.set(socket, promise);
      return attach(socket, diallerOf(headers), consumer, log, () => {
        links.delete(socket);
        resolve();
      });
    };
  };
  const accepting = acceptAll(listener, { clock, log, seats }, async (conn, seat) => {
    await acceptWebSocket(conn, admitTo(seat!), { clock, idleMs: IDLE_MS, readBytes: READ_BYTES });
  });
  return {
    port: listener.addr.port,
    async stop() {
      listener.close();
      for (const socket of links.keys()) socket.close(LINK_CLOSE.GOING_AWAY, "going away");
      await within(clock, CLOSE_DEADLINE_MS, Promise.all(links.values()));
      seats.clear();
      await accepting;
    },
  };
}

type Closable = Pick<Socket, "close">;

/** Which unit dials, and which worker of it. */
function diallerOf(headers: ReadonlyMap<string, string>): Dialler {
  const unit = headers.get(UNIT_HEADER) ?? "";
  const worker = headers.get(WORKER_HEADER) ?? "";
  return {
    unit: UNIT_NAME.test(unit) ? unit : null,
    worker: /^\d{1,9}$/.test(worker) ? Number(worker) : null,
  };
}

/** Joins a socket with the consumer. */
function attach(
  socket: Omit<Socket, "pause">,
  from: Dialler,
  consumer: EventConsumer,
  log: Log,
  over: () => void,
): FramedEvents {
  const link = consumer.attach({
    send: (text) => socket.send(text),
    close: (code, reason) => socket.close(code, reason),
  }, from);
  return {
    message: (data, isText) => isText ? link.text(decoder.decode(data)) : link.batch(data),
    closed(code, reason) {
      link.closed();
      const isOrderly = link.isEnding || code === LINK_CLOSE.GOING_AWAY;
      const level = isOrderly ? "info" : "warn";
      log[level]("event link is down", { reason: `closed with ${code}${reason && `: ${reason}`}` });
      over();
    },
  };
}

const decoder = new TextDecoder();

/** Compares in a time that tells nothing about where the texts differ. */
function sameSecret(given: string, wanted: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}

/**
 * The server's end of a WebSocket, asked for by a request of {@linkcode serveHttp}. It can be ended
 * whatever its peer does, which the runtime's own cannot: that one waits for the peer for ever.
 *
 * @module
 */

import type net from "node:net";
import { messageOf } from "../../protocol/errors.ts";
import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import type { Socket } from "../socket.ts";
import { type FramedEvents, FramedSocket } from "../websocket/framed_socket.ts";
import { acceptance } from "../websocket/handshake.ts";
import { asByteStream } from "../websocket/net_stream.ts";
import { watchSilence } from "../websocket/silence.ts";
import { RANK, type Seat } from "./seats.ts";

/** A WebSocket that was opened to us. */
export interface AcceptedSocket extends Omit<Socket, "pause"> {
  /** Its client has said who it is: it keeps its place when there is no room for others. */
  known(): void;
  /** Resolves when the kernel has everything that was sent before; never where the socket is over. */
  taken(): Promise<void>;
}

/** How it is kept. */
export interface UpgradeOptions {
  /** A peer that is silent for so long is asked for a sign of life, and has as long again. Default 15 s. */
  readonly idleMs?: number;
  /** A peer that sends a larger message is refused with 1009. */
  readonly maxMessageBytes: number;
  /**
   * What is sent waits until so long after our answer to the request: some clients throw away what comes
   * in one piece with it. Default 0.
   */
  readonly firstAfterMs?: number;
}

/** Who listens to a socket that opens. */
export type TakeSocket = (socket: AcceptedSocket) => FramedEvents;

const IDLE_MS = 15_000;

interface Upgrade {
  readonly take: TakeSocket;
  readonly options: UpgradeOptions;
}

/** Requests that ask for a WebSocket, and what came of it. */
const asked = new WeakMap<Request, Upgrade | null>();

/**
 * Takes the WebSocket that a request asks for. What it gives is to be the request's answer: 426 where the
 * request asks for none; else the socket is open as soon as it is returned, and `take` is called.
 */
export function upgradeWebSocket(
  request: Request,
  options: UpgradeOptions,
  take: TakeSocket,
): Response {
  if (asked.has(request)) {
    asked.set(request, { take, options });
    return new Response(null);
  }
  return Response.json({ error: "expected a WebSocket upgrade" }, {
    status: 426,
    headers: { upgrade: "websocket" },
  });
}

/** A connection whose request asks for a WebSocket. */
export interface Asking {
  readonly stream: net.Socket;
  /** What came after the request. */
  readonly rest: Uint8Array;
  readonly key: string;
  readonly seat: Seat;
  readonly clock: Clock;
  readonly log: Log;
}

/** Notes that a request asks for a WebSocket, before it is handed on. */
export function asks(request: Request): void {
  asked.set(request, null);
}

/** Opens the socket that was taken; `false` where none was. */
export function openTaken(request: Request, asking: Asking): boolean {
  const upgrade = asked.get(request);
  asked.delete(request);
  if (!upgrade) return false;
  open(upgrade, asking);
  return true;
}

function open({ take, options }: Upgrade, { stream, rest, key, seat, clock, log }: Asking): void {
  const { idleMs = IDLE_MS, maxMessageBytes, firstAfterMs = 0 } = options;
  let failure = "";
  seat.move(RANK.STRANGER);
  stream.setNoDelay(true);
  stream.write(acceptance(key));
  if (firstAfterMs > 0) {
    stream.cork();
    clock.after(firstAfterMs, () => stream.uncork());
  }
  const events = (socket: FramedSocket) =>
    take(Object.assign(socket, { known: () => seat.move(RANK.KNOWN) }));
  const socket = new FramedSocket(asByteStream(stream), events, {
    end: "server",
    clock,
    maxMessageBytes,
  });
  const watch = watchSilence(clock, socket, idleMs);
  const receive = (bytes: Uint8Array) => {
    watch.heard();
    try {
      socket.receive(bytes);
    } catch (error) {
      // That socket is closed by it; the others go on.
      log.error("a message could not be dealt with", { error: messageOf(error) });
    }
  };
  stream.on("data", receive);
  stream.on("error", (error: Error) => failure = messageOf(error));
  stream.on("end", () => stream.destroy());
  stream.on("close", () => {
    watch.stop();
    socket.ended(failure);
  });
  if (stream.destroyed) socket.ended("");
  else if (rest.length > 0) receive(rest);
}

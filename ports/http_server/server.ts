/**
 * A port that speaks HTTP/1.1 and WebSocket, on `node:http`: its connections are counted, have deadlines
 * and can be ended, which those of `Deno.serve` cannot (docs/decisions.md).
 *
 * @module
 */

import { lookup } from "node:dns/promises";
import http from "node:http";
import net from "node:net";
import { messageOf } from "../../protocol/errors.ts";
import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import { answer } from "./answer.ts";
import { openTelemetry } from "../telemetry/telemetry.ts";
import { untold } from "./own_spans.ts";
import { toRequest } from "./request.ts";
import { revive } from "./revive.ts";
import { RANK, type Seat, type Seats } from "./seats.ts";
import { asks, openTaken } from "./upgrade.ts";

/** From the connection to the head of its first request, and from a request's first byte to its head's last. */
export const HEAD_DEADLINE_MS = 10_000;
/** From a request's first byte to its last: a slow upload is one, too. */
const REQUEST_DEADLINE_MS = 300_000;
/** How long a connection may wait for its next request: longer than clients do. */
const IDLE_MS = 120_000;
/** What is under way when the port is closed has so long. */
const STOP_DEADLINE_MS = 5_000;
const CHECK_MS = 1_000;
/** For somebody who still sends its body when it has its answer. */
const LINGER_MS = 1_000;
/** A client that comes to the port is taken within this time. */
const VISIT_MS = 1_000;
const MOST_HEAD_BYTES = 16 * 1024;
const BACKLOG = 511;

/** What a port is opened with. */
export interface HttpServerOptions {
  readonly hostname: string;
  /** 0 takes any that is free. */
  readonly port: number;
  /**
   * Descriptor of a socket that listens already, held open by who started us: whoever comes while nobody
   * takes connections waits in it. Default: we listen ourselves.
   */
  readonly fd?: number | null;
  readonly clock: Clock;
  readonly log: Log;
  /** Who may be connected. */
  readonly seats: Seats;
  readonly handle: HandleRequest;
}

/** Answers a request; `peer` is the IP address of the connection's other end. */
export type HandleRequest = (request: Request, peer: string) => Response | Promise<Response>;

/** A port, open. */
export interface HttpServer {
  /** Address that it listens on. */
  readonly hostname: string;
  readonly port: number;
  /** Takes no more connections; those that are here go on. Safe to call again. */
  leave(): void;
  /** Listens no more; what is under way may end, for 5 s at most. */
  stop(): Promise<void>;
}

/**
 * Opens a port.
 *
 * @throws {Error} With the `code` of `node:net` where the address cannot be listened on, or
 * `Deno.errors.NotCapable` where the program lacks the permission.
 */
export async function serveHttp(options: HttpServerOptions): Promise<HttpServer> {
  const { hostname, clock, log, seats } = options;
  let taken = 0;
  const create = () => createServer(options, () => taken++);
  let server = await listening(create(), options);
  const { port, address } = server.address() as net.AddressInfo;
  let ended: Promise<void> | null = null;
  const cancelWatch = revive({
    clock,
    log,
    taken: () => taken,
    visit: () => visit(clock, hostname, port, () => taken),
    async reopen() {
      if (typeof options.fd === "number") {
        throw new Error("its socket is another's: restart the unit");
      }
      server.close();
      server = await listening(create(), { hostname, port });
    },
  });
  const leave = () => {
    cancelWatch();
    return ended ??= closed(server);
  };
  return {
    hostname: address,
    port,
    leave: () => void leave(),
    async stop() {
      const ended = leave();
      seats.clear(RANK.BUSY);
      const cancel = clock.after(STOP_DEADLINE_MS, () => seats.clear());
      await ended;
      cancel();
    },
  };
}

function createServer(options: HttpServerOptions, taken: () => void): http.Server {
  const { clock, seats } = options;
  const seatOf = new WeakMap<net.Socket, Seat>();
  const server = http.createServer(LIMITS);
  if (openTelemetry() !== null) server.on("close", untold(server));
  server.on("connection", (stream: net.Socket) => {
    taken();
    const seat = seats.take(stream.remoteAddress ?? "", () => stream.destroy());
    if (!seat) return void stream.destroy();
    seatOf.set(stream, seat);
    const endIfSilent = () => void (seat.rank === RANK.HALF_OPEN && stream.destroy());
    const cancel = clock.after(HEAD_DEADLINE_MS, endIfSilent);
    stream.on("error", () => {});
    stream.on("close", () => {
      cancel();
      seat.leave();
    });
  });
  server.on("request", async (message: http.IncomingMessage, out: http.ServerResponse) => {
    const seat = seatOf.get(message.socket);
    seat?.move(RANK.BUSY);
    const gone = new AbortController();
    out.on("close", () => {
      if (!out.writableFinished) gone.abort();
      seat?.move(RANK.IDLE);
    });
    const { remoteAddress } = message.socket;
    const response = await respond(toRequest(message, gone.signal), remoteAddress, options);
    if (!message.complete || !server.listening) out.shouldKeepAlive = false;
    await answer(out, response, clock);
    if (!message.complete) linger(message, clock);
  });
  server.on("upgrade", async (message: http.IncomingMessage, stream: net.Socket, rest) => {
    const seat = seatOf.get(stream);
    if (!seat) return void stream.destroy();
    // It may wait for the unit to start, and nobody knows who it is.
    seat.move(RANK.STRANGER);
    const request = toRequest(message, new AbortController().signal);
    const key = message.headers["sec-websocket-key"] ?? "";
    const isProper = key !== "" && message.headers["sec-websocket-version"] === "13";
    if (isProper && request instanceof Request) asks(request);
    const response = await respond(request, stream.remoteAddress, options);
    const asking = { ...options, stream, rest, key, seat };
    if (request instanceof Request && openTaken(request, asking)) return;
    const out = new http.ServerResponse(message);
    out.shouldKeepAlive = false;
    out.assignSocket(stream);
    out.on("finish", () => stream.destroySoon());
    await answer(out, response, clock);
  });
  return server;
}

const LIMITS: http.ServerOptions & { shouldUpgradeCallback(asked: http.IncomingMessage): boolean } =
  {
    headersTimeout: HEAD_DEADLINE_MS,
    requestTimeout: REQUEST_DEADLINE_MS,
    keepAliveTimeout: IDLE_MS,
    connectionsCheckingInterval: CHECK_MS,
    maxHeaderSize: MOST_HEAD_BYTES,
    noDelay: true,
    // Who asks for another protocol is answered as if it had not.
    shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() === "websocket",
  };

async function respond(
  request: Request | number,
  peer: string | undefined,
  { handle, log }: HttpServerOptions,
): Promise<Response> {
  if (typeof request === "number") return new Response(null, { status: request });
  try {
    return await handle(request, peer ?? "");
  } catch (error) {
    log.error("request failed", { error: messageOf(error) });
    return new Response(null, { status: 500 });
  }
}

/**
 * Who has its answer and still sends its body is not cut off at once, which might cost it the answer; what
 * it sends is thrown away.
 */
function linger(message: http.IncomingMessage, clock: Clock): void {
  message.removeAllListeners("data");
  message.resume();
  const cancel = clock.after(LINGER_MS, () => void message.socket.destroy());
  message.socket.once("close", cancel);
}

async function listening(
  server: http.Server,
  { hostname: host, port, fd }: Pick<HttpServerOptions, "hostname" | "port" | "fd">,
): Promise<http.Server> {
  const at = typeof fd === "number" ? { fd } : await allowed(host, port);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen({ ...at, backlog: BACKLOG }, resolve);
  await promise;
  server.off("error", reject);
  // Nothing is lost by one: whether connections are taken is looked at.
  server.on("error", () => {});
  return server;
}

/** Where it may not, `node:net` would throw where nobody catches it, which ends the whole program. */
async function allowed(name: string, port: number): Promise<{ host: string; port: number }> {
  const host = net.isIP(name) === 0 ? (await lookup(name)).address : name;
  const place = `${net.isIPv6(host) ? `[${host}]` : host}:${port}`;
  const { state } = await Deno.permissions.query({ name: "net", host: place });
  if (state === "granted") return { host, port };
  throw new Deno.errors.NotCapable(`this program lacks --allow-net=${place}`);
}

function closed(server: http.Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

/** Comes to the port as a client. */
async function visit(
  clock: Clock,
  host: string,
  port: number,
  taken: () => number,
): Promise<"taken" | "not taken" | null> {
  // A program of one's own may lack it, and is not to be asked for it.
  const permission = { name: "net", host: `${bracketed(host)}:${port}` } as const;
  if (Deno.permissions.querySync(permission).state !== "granted") return null;
  const before = taken();
  const { promise, resolve } = Promise.withResolvers<"taken" | "not taken" | null>();
  const client = net.connect({ host, port });
  client.on(
    "error",
    ({ code }: Error & { code?: string }) => resolve(code === "ECONNREFUSED" ? "not taken" : null),
  );
  const cancel = clock.after(VISIT_MS, () => resolve(taken() > before ? "taken" : "not taken"));
  const verdict = await promise;
  cancel();
  client.destroy();
  return verdict;
}

function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

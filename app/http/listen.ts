/**
 * Opens an HTTP port, or says in words why it cannot be opened, and by which names it is reached.
 *
 * @module
 */

import { isIPv6 } from "node:net";
import type { Clock } from "../../ports/clock.ts";
import { descriptorsLeft } from "../../ports/http_server/descriptors.ts";
import { type HandleRequest, serveHttp } from "../../ports/http_server/server.ts";
import { Seats } from "../../ports/http_server/seats.ts";
import type { Log } from "../../ports/log.ts";
import { GatehouseError, messageOf } from "../../protocol/errors.ts";
import { isLoopback } from "../../config/config.ts";
import { authorityOf, isOwnName, type OwnPlace } from "../../rest/auth.ts";

/** A port, open. */
export interface OpenPort {
  /** `http://host:port`, as programs on this machine reach it. */
  readonly url: string;
  /** Its connections. */
  readonly seats: Pick<Seats, "size" | "cut">;
  /** Takes no more connections; those that are here go on. Safe to call again. */
  leave(): void;
  stop(): Promise<void>;
}

/** What a port is opened with. */
export interface ListenOptions {
  readonly hostname: string;
  /** 0 takes any that is free. */
  readonly port: number;
  /** Descriptor of a socket that listens there already; default: none. */
  readonly fd?: number | null;
  /** Connections at most; fewer where the process has few descriptors. */
  readonly connections: number;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Opens a port.
 *
 * @throws {GatehouseError} `bad_config` when the address is taken or cannot be listened on.
 */
export async function listen(
  options: ListenOptions,
  handle: HandleRequest,
): Promise<OpenPort> {
  const { hostname, port, fd = null, connections, log } = options;
  const seats = seatsFor(connections, descriptorsLeft(connections * RESERVE), log);
  try {
    const server = await serveHttp({ ...options, seats, handle });
    const misplaced = fd === null ? null : misplacedSocket(server, options);
    if (misplaced !== null) {
      await server.stop();
      throw new Error(misplaced);
    }
    return {
      url: `http://${reachable(hostname)}:${server.port}`,
      seats,
      leave: () => server.leave(),
      stop: () => server.stop(),
    };
  } catch (cause) {
    const address = `LISTEN_HOST:LISTEN_PORT ${hostname}:${port}`;
    const what = fd === null ? address : `the socket of LISTEN_FD ${fd}`;
    const advice = fd === null ? adviceOn(cause) : SOCKET_ADVICE;
    const message = `Cannot listen on ${what}: ${messageOf(cause)}${advice}`;
    throw new GatehouseError("bad_config", "host", message, { hostname, port }, { cause });
  }
}

const SOCKET_ADVICE =
  "; hand over a socket that listens where LISTEN_HOST and LISTEN_PORT say, or unset LISTEN_FD";

/** By its host it was decided whether callers need a secret, by its port who names us. */
function misplacedSocket(
  socket: { readonly hostname: string; readonly port: number },
  { hostname, port }: ListenOptions,
): string | null {
  const isElsewhere = isLoopback(socket.hostname) !== isLoopback(hostname) ||
    (port !== 0 && socket.port !== port);
  if (!isElsewhere) return null;
  const [there, here] = [`${socket.hostname}:${socket.port}`, `${hostname}:${port}`];
  return `it listens on ${there}, expected ${here}`;
}

/** Of the descriptors that are left, one in so many is for connections; the others are for the rest. */
const RESERVE = 2;
/** The share of one address that is not of this machine: one in so many. */
const SHARE = 2;

/**
 * The seats of a port. Half of the descriptors stay for gateway sockets, the way to Discord's API, files
 * and clusters, whatever comes to the port.
 *
 * @param left Descriptors that are left; `null`: nobody knows.
 */
export function seatsFor(connections: number, left: number | null, log: Log): Seats {
  const most = Math.max(1, Math.min(connections, Math.floor((left ?? Infinity) / RESERVE)));
  if (most < connections) {
    const advice = "raise the limit of open files (ulimit -n), or lower LISTEN_CONNECTIONS";
    log.warn("the port holds fewer connections than it may", { wanted: connections, most, advice });
  }
  return new Seats({ most, mostOfOne: Math.ceil(most / SHARE) });
}

/** What to try where an address cannot be listened on. */
export function adviceOn(cause: unknown): string {
  const { code } = cause as { code?: string };
  if (code === "EADDRINUSE") return "; stop what listens there, or set LISTEN_PORT to another";
  if (code === "EACCES") return "; set LISTEN_PORT to 1024 or more";
  // What a program of one's own lacks is told by Deno.
  if (cause instanceof Deno.errors.NotCapable) return "";
  return "; set LISTEN_HOST to an address of this machine";
}

/** An address to dial for one to listen on, as it stands in a URL. */
export function reachable(hostname: string): string {
  if (hostname === "0.0.0.0") return "127.0.0.1";
  if (hostname === "::") return "[::1]";
  return hostname.includes(":") ? `[${hostname}]` : hostname;
}

/** Where programs of this machine reach a port that is open at `url`. */
export function ownPlace(listenHost: string, url: string): OwnPlace {
  const own = isIPv6(listenHost) ? `[${listenHost}]` : listenHost;
  return {
    names: new Set(["127.0.0.1", "localhost", "[::1]", own.toLowerCase()]),
    port: new URL(url).port || "80",
  };
}

/**
 * `host:port` at which a caller reaches us, by its `Host`. One that names us and no port means ours:
 * some clients leave out the port that they take for the usual one. Any other is the caller's way to us,
 * through a server in front.
 */
export function reachedAs(host: string, own: OwnPlace): string {
  const authority = authorityOf(host);
  const isComplete = !isOwnName(authority, own) || authority!.port !== "" || own.port === "80";
  return isComplete ? host : `${host}:${own.port}`;
}

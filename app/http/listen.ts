/**
 * Opens an HTTP port, or says in words why it cannot be opened, and by which names it is reached.
 *
 * @module
 */

import { isIPv6 } from "node:net";
import { GatehouseError, messageOf } from "../../protocol/errors.ts";
import { authorityOf, isOwnName, type OwnPlace } from "../../rest/auth.ts";

/** A port, open. */
export interface OpenPort {
  /** `http://host:port`, as programs on this machine reach it. */
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Opens a port; 0 takes any that is free.
 *
 * @throws {GatehouseError} `bad_config` when the address is taken or cannot be listened on.
 */
export function listen(
  { hostname, port }: { readonly hostname: string; readonly port: number },
  handle: (request: Request) => Response | Promise<Response>,
): OpenPort {
  let server: Deno.HttpServer<Deno.NetAddr>;
  try {
    server = Deno.serve({ hostname, port, onListen() {} }, handle);
  } catch (cause) {
    const address = `LISTEN_HOST:LISTEN_PORT ${hostname}:${port}`;
    const message = `Cannot listen on ${address}: ${messageOf(cause)}${advice(cause)}`;
    throw new GatehouseError("bad_config", "host", message, { hostname, port }, { cause });
  }
  return {
    url: `http://${reachable(hostname)}:${server.addr.port}`,
    stop: () => server.shutdown(),
  };
}

/** What to try. */
function advice(cause: unknown): string {
  const { AddrInUse, NotCapable, PermissionDenied } = Deno.errors;
  if (cause instanceof AddrInUse) return "; stop what listens there, or set LISTEN_PORT to another";
  if (cause instanceof PermissionDenied) return "; set LISTEN_PORT to 1024 or more";
  // What a program of one's own lacks is told by Deno.
  if (cause instanceof NotCapable) return "";
  return "; set LISTEN_HOST to an address of this machine";
}

/** An address to dial for one to listen on. */
function reachable(hostname: string): string {
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

/**
 * The simulator on real sockets, all on one machine: REST on one port, the gateway on a second, the
 * resume host on a third.
 *
 * @module
 */

import type { Clock } from "../../ports/clock.ts";
import type { Gateway } from "../gateway/gateway.ts";
import type { World } from "../world/world.ts";
import { serveWebSockets } from "./ws_server.ts";

/** What is served. */
export interface Served {
  readonly clock: Clock;
  readonly world: World;
  readonly gateway: Gateway;
  readonly rest: (
    request: Request,
    info: { readonly remoteAddress: string },
  ) => Promise<Response>;
}

/** Where it is served; a port of 0 is any free one. */
export interface ServeOptions {
  /** Default `127.0.0.1`. */
  readonly hostname?: string;
  /** REST. Default 0. */
  readonly port?: number;
  /** The gateway. Default 0. */
  readonly gatewayPort?: number;
  /** The resume host. Default 0. */
  readonly resumePort?: number;
  /** A client that lets this many bytes pile up is cut off. Default 64 MiB. */
  readonly maxBufferedBytes?: number;
}

/** A running server. */
export interface SimulatorServer {
  /** For `DISCORD_API_URL`: ends in `/api`. */
  readonly apiUrl: string;
  readonly gatewayUrl: string;
  readonly resumeUrl: string;
  /** Ends every connection and session, and stops listening. */
  close(): Promise<void>;
}

/**
 * Serves a simulator. Its world tells these addresses from then on.
 *
 * @throws {Deno.errors.AddrInUse} When a port is taken.
 */
export function serveSimulator(sim: Served, options: ServeOptions = {}): SimulatorServer {
  const { hostname = "127.0.0.1", port = 0, gatewayPort = 0, resumePort = 0 } = options;
  const parts = {
    clock: sim.clock,
    gateway: sim.gateway,
    maxBufferedBytes: options.maxBufferedBytes ?? 64 * 1024 * 1024,
  };
  const open = new Set<Deno.TcpConn>();
  const listeners = [gatewayPort, resumePort].map((port) => Deno.listen({ hostname, port }));
  const [gatewayUrl, resumeUrl] = listeners.map(({ addr }) => `ws://${hostname}:${addr.port}`) as [
    string,
    string,
  ];
  Object.assign(sim.world.addresses, { gatewayUrl, resumeUrl });
  const serving = [
    serveWebSockets(listeners[0]!, gatewayUrl, parts, open),
    serveWebSockets(listeners[1]!, resumeUrl, parts, open),
  ];
  const http = Deno.serve(
    { hostname, port, onListen() {} },
    (request, { remoteAddr }) => sim.rest(request, { remoteAddress: remoteAddr.hostname }),
  );
  return {
    apiUrl: `http://${hostname}:${http.addr.port}/api`,
    gatewayUrl,
    resumeUrl,
    async close() {
      for (const listener of listeners) listener.close();
      for (const conn of open) conn[Symbol.dispose]();
      // A session that waits to be resumed would keep the process alive for minutes.
      for (const session of sim.gateway.sessions.all()) {
        sim.gateway.sessions.end(session, "server closed");
      }
      await Promise.all([...serving, http.shutdown()]);
    },
  };
}

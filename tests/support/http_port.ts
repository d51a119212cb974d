/**
 * A port as the unit opens it, on 127.0.0.1. Not a test.
 *
 * @module
 */

import type { Clock } from "../../ports/clock.ts";
import { systemClock } from "../../ports/clock.ts";
import { type LogFields, type LogLevel, logTo } from "../../ports/log.ts";
import { Seats } from "../../ports/http_server/seats.ts";
import { serveHttp } from "../../ports/http_server/server.ts";

/** An open port; disposing it closes it. */
export interface HttpPort extends AsyncDisposable {
  readonly port: number;
  /** `http://127.0.0.1:port`. */
  readonly url: string;
  readonly seats: Seats;
  readonly lines: [LogLevel, string, LogFields][];
  leave(): void;
}

/** How it is opened. */
interface PortOptions {
  readonly hostname?: string;
  readonly port?: number;
  readonly most?: number;
  readonly clock?: Clock;
}

/** Opens a port that is answered by `handle`. */
export async function openHttpPort(
  handle: (request: Request) => Response | Promise<Response>,
  { hostname = "127.0.0.1", port = 0, most = 1_000, clock = systemClock }: PortOptions = {},
): Promise<HttpPort> {
  const seats = new Seats({ most, mostOfOne: most });
  const lines: HttpPort["lines"] = [];
  const log = logTo((...line) => lines.push(line));
  const server = await serveHttp({ hostname, port, clock, log, seats, handle });
  return {
    port: server.port,
    url: `http://127.0.0.1:${server.port}`,
    seats,
    lines,
    leave: () => server.leave(),
    [Symbol.asyncDispose]: () => server.stop(),
  };
}

/** A connection to `port` on which these words have been said. */
export async function dial(port: number, words = ""): Promise<Deno.TcpConn> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  if (words !== "") await conn.write(new TextEncoder().encode(words));
  return conn;
}

/** All that comes until the end. */
export async function rest(conn: Deno.TcpConn): Promise<string> {
  let text = "";
  const buffer = new Uint8Array(64 * 1024);
  for (;;) {
    const count = await conn.read(buffer).catch(() => null);
    if (count === null) break;
    text += new TextDecoder("latin1").decode(buffer.subarray(0, count));
  }
  conn[Symbol.dispose]();
  return text;
}

/** What a request is answered with, on a connection of its own. */
export async function ask(port: number, head: string): Promise<string> {
  return await rest(await dial(port, `${head}\r\nConnection: close\r\n\r\n`));
}

/**
 * Takes the connections of a listener, whatever happens to single ones, and when the process is out of
 * descriptors for a while.
 *
 * @module
 */

import { type Clock, sleep } from "../clock.ts";
import { messageOf } from "../../protocol/errors.ts";
import type { Seat, Seats } from "../http_server/seats.ts";
import type { Log } from "../log.ts";

/** After a connection that could not be taken; doubles with each in a row. */
export const FIRST_PAUSE_MS = 100;
/** The longest. */
export const LONGEST_PAUSE_MS = 5_000;

/** What a listener is, as far as it matters. */
export type Accepting = Pick<Deno.TcpListener, "accept">;

/** How connections are taken. */
export interface AcceptAllOptions {
  readonly clock: Clock;
  /** Default: nobody is told. */
  readonly log?: Log;
  /** Who may be connected. Default: everybody. */
  readonly seats?: Seats;
}

/**
 * Serves every connection until the listener is closed; resolves then, never rejects.
 *
 * @param serve Resolves when the connection has ended. What it throws is logged, and ends that one only.
 */
export async function acceptAll(
  listener: Accepting,
  { clock, log, seats }: AcceptAllOptions,
  serve: (conn: Deno.TcpConn, seat: Seat | null) => Promise<void>,
): Promise<void> {
  let pauseMs = FIRST_PAUSE_MS;
  for (;;) {
    try {
      const conn = await listener.accept();
      pauseMs = FIRST_PAUSE_MS;
      const seat = seats?.take(conn.remoteAddr.hostname, () => conn[Symbol.dispose]()) ?? null;
      if (seats && !seat) conn[Symbol.dispose]();
      else void served(conn, seat);
    } catch (error) {
      if (isClosed(error)) return;
      log?.warn("connections cannot be taken now", { error: messageOf(error), againInMs: pauseMs });
      await sleep(clock, pauseMs);
      pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
    }
  }

  async function served(conn: Deno.TcpConn, seat: Seat | null): Promise<void> {
    try {
      await serve(conn, seat);
    } catch (error) {
      log?.error("a connection could not be served", { error: messageOf(error) });
    } finally {
      seat?.leave();
      conn[Symbol.dispose]();
    }
  }
}

function isClosed(error: unknown): boolean {
  return error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted;
}

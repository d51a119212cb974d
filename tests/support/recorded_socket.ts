/**
 * A socket of the port under test, and everything that happened to it.
 *
 * @module
 */

import type { Connect, Socket } from "../../ports/socket.ts";
import type { RawPeer, RawServer, RawServerOptions, Script } from "./raw_websocket_server.ts";

/** Long enough for a machine under load; a case that takes it has failed. */
export const DEADLINE_MS = 5_000;
/** Long enough for an event that must not come. */
export const QUIET_MS = 100;

/** Waits, in real time. */
export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** A socket and everything that happened to it, as texts. */
export interface Recorded {
  readonly events: readonly string[];
  readonly socket: Socket;
  /** Resolves when an event that begins with `start` has come. */
  seen(start: string): Promise<string>;
}

/** Connects and writes down. */
export function record(connect: Connect, url: string, headers?: Record<string, string>): Recorded {
  const events: string[] = [];
  const waiting = new Set<() => void>();
  const say = (event: string) => {
    events.push(event);
    waiting.forEach((check) => check());
  };
  const socket = connect(url, {
    open: () => say("open"),
    message: (data, isText) =>
      say(`${isText ? "message" : "binary"} ${new TextDecoder().decode(data)}`),
    closed: (code, reason) => say(`closed ${code} ${reason}`),
    failed: (reason) => say(`failed ${reason}`),
  }, headers ? { headers } : {});
  return {
    events,
    socket,
    seen: (start) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(
          () => reject(new Error(`no ${start} came, but: ${events.join(", ") || "nothing"}`)),
          DEADLINE_MS,
        );
        const check = () => {
          const found = events.find((event) => event.startsWith(start));
          if (found === undefined) return;
          clearTimeout(timer);
          waiting.delete(check);
          resolve(found);
        };
        waiting.add(check);
        check();
      }),
  };
}

/** Reads until the client says goodbye; then the server ends the connection, as RFC 6455 has it. */
export async function serveClose(peer: RawPeer): Promise<void> {
  for (let got = await peer.read(); got !== null; got = await peer.read()) {
    if (got.opcode === 8) return peer.cut();
  }
}

/** Starts the server that a case plays against. */
export type Serve = (script: Script, options?: RawServerOptions) => RawServer;
/** What every implementation must do, played against a server. */
export type Case = (connect: Connect, serve: Serve) => Promise<void>;

/**
 * The server's end of a WebSocket on a connection that was accepted, which can be told to be mute, to
 * refuse, or to cut.
 *
 * @module
 */

import { messageOf } from "../../protocol/errors.ts";
import type { Clock } from "../clock.ts";
import type { Socket } from "../socket.ts";
import {
  type ByteStream,
  type FramedEvents,
  FramedSocket,
  MAX_MESSAGE_BYTES,
} from "./framed_socket.ts";
import { watchSilence } from "./silence.ts";
import { acceptance, askedKey, HeadReader, refusal } from "./handshake.ts";

/** What a client asks for. */
export interface UpgradeRequest {
  /** Path and query. */
  readonly path: string;
  /** By name in lower case. */
  readonly headers: ReadonlyMap<string, string>;
}

/**
 * Decides about a request: takes the socket, or refuses with a status of HTTP; with 0 the connection
 * is cut without an answer, with `silence` it stays and is never answered.
 */
export type Admit = (
  request: UpgradeRequest,
) => number | "silence" | ((socket: Omit<Socket, "pause">) => FramedEvents);

/** What the server works with. */
export interface ServerOptions {
  readonly clock: Clock;
  /** A client that sends a larger message is refused. */
  readonly maxMessageBytes?: number;
  /**
   * A client that is silent for so long is asked for a sign of life, and is gone where it gives none
   * for as long again. Default: it is never asked.
   */
  readonly idleMs?: number;
  /** Most that is read at a time. Default 16 KiB. */
  readonly readBytes?: number;
}

/** From the connection to the whole request. */
export const REQUEST_DEADLINE_MS = 10_000;

/**
 * Serves a connection until it has ended; one that breaks is told as `closed`.
 *
 * @throws What `admit` or a receiver of a message throws.
 */
export async function acceptWebSocket(
  conn: Deno.TcpConn,
  admit: Admit,
  options: ServerOptions,
): Promise<void> {
  const { clock, maxMessageBytes = MAX_MESSAGE_BYTES } = options;
  try {
    const asked = await readRequest(conn, clock);
    if (!asked) return;
    const { key, request, rest } = asked;
    const take = key === null ? UPGRADE_REQUIRED : admit(request);
    if (take === 0) return;
    if (take === "silence") return await ended(conn);
    if (typeof take === "number") return void await wrote(conn, refusal(take));
    if (!await wrote(conn, acceptance(key!))) return;
    const socket = new FramedSocket(asByteStream(conn), take, {
      end: "server",
      clock,
      maxMessageBytes,
    });
    socket.receive(rest);
    await serve(conn, socket, options);
  } finally {
    end(conn);
  }
}

/** The peer has had enough. */
async function ended(conn: Deno.TcpConn): Promise<void> {
  const buffer = new Uint8Array(READ_BYTES);
  while (await conn.read(buffer).catch(() => null) !== null);
}

const UPGRADE_REQUIRED = 426;
const READ_BYTES = 16 * 1024;

interface Asked {
  readonly request: UpgradeRequest;
  /** `null`: it is no request for a WebSocket. */
  readonly key: string | null;
  /** What came after the request. */
  readonly rest: Uint8Array;
}

async function readRequest(conn: Deno.TcpConn, clock: Clock): Promise<Asked | null> {
  const reader = new HeadReader();
  const buffer = new Uint8Array(READ_BYTES);
  const cancelDeadline = clock.after(REQUEST_DEADLINE_MS, () => end(conn));
  try {
    conn.setNoDelay(true);
    for (;;) {
      const count = await conn.read(buffer);
      if (count === null) return null;
      const got = reader.read(buffer.subarray(0, count));
      if (!got) continue;
      const path = got.head.start.split(" ")[1] ?? "/";
      return {
        request: { path, headers: got.head.headers },
        key: askedKey(got.head),
        rest: got.rest,
      };
    }
  } catch {
    // Gone, too slow, or no HTTP: there is nobody to answer.
    return null;
  } finally {
    cancelDeadline();
  }
}

/** Hands on what comes, until the connection ends. */
async function serve(conn: Deno.TcpConn, socket: FramedSocket, options: ServerOptions) {
  const { clock, idleMs, readBytes = READ_BYTES } = options;
  const buffer = new Uint8Array(readBytes);
  const watch = idleMs === undefined ? null : watchSilence(clock, socket, idleMs);
  try {
    for (;;) {
      const count = await conn.read(buffer).catch(messageOf);
      if (typeof count !== "number") return socket.ended(count ?? "");
      watch?.heard();
      socket.receive(buffer.subarray(0, count));
    }
  } finally {
    watch?.stop();
  }
}

function asByteStream(conn: Deno.TcpConn): ByteStream {
  return {
    // Where it did not go through, the reading side ends and tells.
    write: async (bytes, taken) => await wrote(conn, bytes) ? taken() : end(conn),
    destroy: () => end(conn),
  };
}

/** Writes everything; `false` where the connection is gone. */
async function wrote(conn: Deno.TcpConn, bytes: Uint8Array): Promise<boolean> {
  try {
    for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
    return true;
  } catch {
    return false;
  }
}

/** Ends a connection; one that has ended already is left alone, which `close()` does not do. */
function end(conn: Deno.TcpConn): void {
  conn[Symbol.dispose]();
}

/**
 * The gateway on real TCP. The WebSocket server is our own, because the host's answers close frames
 * by itself and cannot cut a connection: a frozen or a cut one must be real. What is sent in one turn
 * of the event loop goes out in one write.
 *
 * @module
 */

import { createHash } from "node:crypto";
import type { Cancel, Clock } from "../../ports/clock.ts";
import type { Gateway, Link } from "../gateway/gateway.ts";
import type { Peer } from "../gateway/outgoing.ts";
import { closeData, createFrameReader, FRAME, frameHeader, joined } from "./ws_frames.ts";

/** What the server works with. */
export interface WsServerParts {
  readonly clock: Clock;
  readonly gateway: Gateway;
  /** A client that lets this many bytes pile up is cut off. */
  readonly maxBufferedBytes: number;
}

/** Serves a listener until it is closed; resolves when every connection has ended. */
export async function serveWebSockets(
  listener: Deno.TcpListener,
  baseUrl: string,
  parts: WsServerParts,
  open: Set<Deno.TcpConn>,
): Promise<void> {
  for await (const conn of listener) {
    open.add(conn);
    // A connection that breaks is a client's affair; it ends and the others go on.
    serveOne(conn, baseUrl, parts).catch(() => {}).finally(() => {
      open.delete(conn);
      endQuietly(conn);
    });
  }
}

async function serveOne(conn: Deno.TcpConn, baseUrl: string, parts: WsServerParts): Promise<void> {
  conn.setNoDelay(true);
  const head = await readHead(conn);
  if (!head) return;
  const url = new URL(head.path, baseUrl);
  const admission = head.key ? parts.gateway.admit(url) : "http 426";
  if (admission === "refuse") return;
  if (admission !== "accept") return await writeAll(conn, latin1(REFUSALS[admission]));
  await writeAll(conn, latin1(switching(head.key!)));
  const wire = new Wire(conn, parts);
  const link = parts.gateway.accept(url, wire);
  await wire.serve(link, head.rest);
}

const REFUSALS = {
  "http 426": "HTTP/1.1 426 Upgrade Required\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
  "http 503": "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
};

/** How long a client may take to answer a close frame. */
const CLOSE_ANSWER_MS = 2000;

/** One connection's bytes: frames in, batched frames out. */
class Wire implements Peer {
  readonly #conn: Deno.TcpConn;
  readonly #parts: WsServerParts;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #writing = false;
  #closeSent = false;
  #closeSeen = false;
  #over = false;
  #giveUp: Cancel | null = null;

  constructor(conn: Deno.TcpConn, parts: WsServerParts) {
    this.#conn = conn;
    this.#parts = parts;
  }

  /** Reads until the connection ends, which the link is told of. */
  async serve(link: Link, first: Uint8Array): Promise<void> {
    const reader = createFrameReader();
    const buffer = new Uint8Array(16_384);
    try {
      let bytes: Uint8Array | null = first;
      while (bytes && !this.#over) {
        for (const received of reader.read(bytes)) {
          if (received.kind === "message") link.receive(received.data);
          else if (received.kind === "close") this.#clientCloses(link, received.code);
          else if (!link.frozen) this.#frame(FRAME.PONG, received.data);
        }
        const count = await this.#conn.read(buffer);
        bytes = count === null ? null : buffer.subarray(0, count);
      }
    } finally {
      this.destroy();
      link.closed(1006);
    }
  }

  send(message: string | Uint8Array): void {
    if (typeof message === "string") this.#frame(FRAME.TEXT, new TextEncoder().encode(message));
    else this.#frame(FRAME.BINARY, message);
  }

  close(code: number, reason: string): void {
    if (this.#closeSent) return;
    this.#frame(FRAME.CLOSE, closeData(code, reason));
    this.#closeSent = true;
    if (this.#closeSeen) return;
    this.#giveUp = this.#parts.clock.after(CLOSE_ANSWER_MS, () => this.destroy());
  }

  destroy(): void {
    this.#over = true;
    this.#giveUp?.();
    endQuietly(this.#conn);
  }

  #clientCloses(link: Link, code: number): void {
    this.#closeSeen = true;
    link.closed(code);
    if (this.#closeSent && !this.#writing) this.destroy();
  }

  #frame(opcode: number, data: Uint8Array): void {
    if (this.#over || this.#closeSent) return;
    this.#waiting.push(frameHeader(opcode, data.length), data);
    this.#waitingBytes += data.length;
    if (this.#waitingBytes > this.#parts.maxBufferedBytes) return this.destroy();
    if (this.#writing) return;
    this.#writing = true;
    this.#parts.clock.soon(() => this.#flush());
  }

  async #flush(): Promise<void> {
    try {
      while (this.#waiting.length > 0 && !this.#over) {
        const batch = joined(this.#waiting);
        this.#waiting = [];
        this.#waitingBytes = 0;
        await writeAll(this.#conn, batch);
      }
      this.#writing = false;
      if (this.#closeSent && this.#closeSeen) this.destroy();
    } catch {
      // The client is gone; the reading side finds out too and tells the link.
      this.destroy();
    }
  }
}

interface Head {
  readonly path: string;
  /** `Sec-WebSocket-Key`, where it asks for a WebSocket. */
  readonly key: string | undefined;
  /** What came after the head. */
  readonly rest: Uint8Array;
}

const MOST_HEAD_BYTES = 16_384;

async function readHead(conn: Deno.TcpConn): Promise<Head | undefined> {
  const buffer = new Uint8Array(MOST_HEAD_BYTES);
  let length = 0;
  while (length < MOST_HEAD_BYTES) {
    const count = await conn.read(buffer.subarray(length));
    if (count === null) return undefined;
    length += count;
    const text = new TextDecoder("latin1").decode(buffer.subarray(0, length));
    const end = text.indexOf("\r\n\r\n");
    if (end < 0) continue;
    const path = text.slice(0, text.indexOf("\r\n")).split(" ")[1] ?? "/";
    const key = /\r\nsec-websocket-key:\s*(\S+)/i.exec(text.slice(0, end))?.[1];
    return { path, key, rest: buffer.slice(end + 4, length) };
  }
  return undefined;
}

function switching(key: string): string {
  const guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  const accept = createHash("sha1").update(key + guid).digest("base64");
  return "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n" +
    `sec-websocket-accept: ${accept}\r\n\r\n`;
}

function latin1(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

async function writeAll(conn: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  let at = 0;
  while (at < bytes.length) at += await conn.write(bytes.subarray(at));
}

/** Closes a connection that may have been closed already. */
export function endQuietly(conn: Deno.TcpConn): void {
  try {
    conn.close();
  } catch {
    // Closed already: the host has no way to ask.
  }
}

/**
 * The opening handshake of a WebSocket (RFC 6455 §4), HTTP/1.1 in bytes: asked by a client, answered
 * by a server. No sockets, no extensions, no subprotocols.
 *
 * @module
 */

import { createHash } from "node:crypto";

/** Head of an HTTP message. */
export interface Head {
  /** The first line. */
  readonly start: string;
  /** By name in lower case; what occurs twice is joined with `, `. */
  readonly headers: ReadonlyMap<string, string>;
}

/** Reads a head that comes in any portions. */
export class HeadReader {
  #bytes = new Uint8Array();

  /**
   * The head and what came after it; `null` while it is not all here.
   *
   * @throws {RangeError} When it is longer than any handshake is.
   */
  read(bytes: Uint8Array): { head: Head; rest: Uint8Array } | null {
    const joined = new Uint8Array(this.#bytes.length + bytes.length);
    joined.set(this.#bytes);
    joined.set(bytes, this.#bytes.length);
    this.#bytes = joined;
    const text = new TextDecoder("latin1").decode(joined.subarray(0, MOST_HEAD_BYTES));
    const end = text.indexOf("\r\n\r\n");
    if (end >= 0) return { head: parseHead(text.slice(0, end)), rest: joined.subarray(end + 4) };
    if (joined.length < MOST_HEAD_BYTES) return null;
    throw new RangeError(`Cannot read HTTP head: found no end in ${MOST_HEAD_BYTES} bytes`);
  }
}

/** A key as a client sends it: 16 random bytes. */
export function handshakeKey(): string {
  return btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16))));
}

/**
 * What a client asks with.
 *
 * @throws {TypeError} When a header cannot be sent as it is.
 */
export function handshakeRequest(
  url: URL,
  key: string,
  headers: Readonly<Record<string, string>>,
): Uint8Array {
  const lines = Object.entries({
    host: url.host,
    upgrade: "websocket",
    connection: "Upgrade",
    "sec-websocket-key": key,
    "sec-websocket-version": "13",
    ...headers,
  }).map(([name, value]) => {
    // The value may be a secret, so it is not told.
    if (!/^[\w-]+$/.test(name) || /[^\t\x20-\x7e\x80-\xff]/.test(value)) {
      throw new TypeError(
        `Cannot send header ${JSON.stringify(name)}: it has a character too many`,
      );
    }
    return `${name}: ${value}\r\n`;
  });
  return latin1(`GET ${url.pathname}${url.search} HTTP/1.1\r\n${lines.join("")}\r\n`);
}

/** Why the answer opens no WebSocket; `null` where it does. */
export function answerProblem({ start, headers }: Head, key: string): string | null {
  const status = /^HTTP\/1\.[01] (\d{3})\b/.exec(start)?.[1];
  if (status === undefined) return "the answer is not HTTP/1.1";
  if (status !== "101") return `unexpected answer: status ${status}`;
  if (!isUpgrade(headers)) return "the answer upgrades to something else";
  if (headers.get("sec-websocket-accept") !== acceptOf(key)) return "the answer is not to our key";
  if (headers.has("sec-websocket-extensions") || headers.has("sec-websocket-protocol")) {
    return "the answer has what was not asked for";
  }
  return null;
}

/** The key of a client that asks for a WebSocket; `null` for any other request. */
export function askedKey({ start, headers }: Head): string | null {
  if (!/^GET \S+ HTTP\/1\.1$/.test(start) || !isUpgrade(headers)) return null;
  if (headers.get("sec-websocket-version") !== "13") return null;
  return headers.get("sec-websocket-key") ?? null;
}

/** What a server answers when it takes the connection. */
export function acceptance(key: string): Uint8Array {
  return latin1(
    "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n" +
      `sec-websocket-accept: ${acceptOf(key)}\r\n\r\n`,
  );
}

/** What a server answers when it does not. */
export function refusal(status: number): Uint8Array {
  return latin1(`HTTP/1.1 ${status} Refused\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`);
}

const MOST_HEAD_BYTES = 16 * 1024;

function parseHead(text: string): Head {
  const [start = "", ...lines] = text.split("\r\n");
  const headers = new Map<string, string>();
  for (const line of lines) {
    const at = line.indexOf(":");
    const name = line.slice(0, at).toLowerCase();
    const value = line.slice(at + 1).trim();
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return { start, headers };
}

function isUpgrade(headers: ReadonlyMap<string, string>): boolean {
  return headers.get("upgrade")?.toLowerCase() === "websocket" &&
    /(^|[\s,])upgrade($|[\s,])/i.test(headers.get("connection") ?? "");
}

function acceptOf(key: string): string {
  return createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
}

/** One byte per character. */
function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

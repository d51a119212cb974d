/**
 * A WebSocket server made by hand on TCP, so that a test can do what a good server never does:
 * fall silent, cut the line in the middle of a frame, answer with another status.
 *
 * @module
 */

import { TEST_CERTIFICATE, TEST_KEY } from "./test_certificate.ts";

/** A frame as the client sent it, unmasked. */
export interface Frame {
  readonly opcode: number;
  readonly payload: Uint8Array;
}

/** The server's end of one connection. */
export interface RawPeer {
  /** The request's head. */
  readonly head: string;
  /** Writes any bytes. */
  write(bytes: Uint8Array): Promise<void>;
  /** The next frame; `null` once the client has ended the connection. */
  read(): Promise<Frame | null>;
  /** Sends nothing any more, and reads on or not. */
  end(): Promise<void>;
  /** Ends the connection without a close frame. */
  cut(): void;
}

/** What the server does with a connection after the handshake. */
export type Script = (peer: RawPeer) => Promise<void> | void;

/** A server on 127.0.0.1. */
export interface RawServer extends AsyncDisposable {
  readonly url: string;
}

/** One frame of the server: final, not masked. */
export function frame(opcode: number, payload: string | Uint8Array): Uint8Array {
  const bytes = typeof payload === "string" ? new TextEncoder().encode(payload) : payload;
  const { length } = bytes;
  const size = length < 126
    ? [length]
    : length < 65_536
    ? [126, length >> 8, length & 255]
    : [127, 0, 0, 0, 0, length >>> 24, (length >> 16) & 255, (length >> 8) & 255, length & 255];
  return Uint8Array.from([0x80 | opcode, ...size, ...bytes]);
}

/** A close frame. */
export function closeFrame(code: number, reason: string): Uint8Array {
  const text = new TextEncoder().encode(reason);
  return frame(8, Uint8Array.from([code >> 8, code & 255, ...text]));
}

/** How it is served. */
export interface RawServerOptions {
  /** Any other than 101 refuses the handshake. */
  readonly status?: number;
  /** Bytes that leave in one write with the answer to the handshake. */
  readonly first?: Uint8Array;
  /** What is answered instead, whatever the request. */
  readonly raw?: string;
  /** Over TLS, as `localhost`; `true`: with the certificate of the tests for that name. */
  readonly tls?: boolean | { readonly certificate: string; readonly key: string };
}

/** Serves every connection with `script`. */
export function rawWebSocketServer(script: Script, options: RawServerOptions = {}): RawServer {
  const address = { hostname: "127.0.0.1", port: 0 };
  const { certificate, key } = typeof options.tls === "object" ? options.tls : OURS;
  const listener: Deno.Listener<Deno.Conn> = options.tls
    ? Deno.listenTls({ ...address, cert: certificate, key })
    : Deno.listen(address);
  const connections = new Set<Deno.Conn>();
  const served = (async () => {
    for await (const connection of listener) {
      connections.add(connection);
      serve(connection, script, options).catch(() => cut(connection));
    }
  })();
  const { port } = listener.addr as Deno.NetAddr;
  return {
    url: options.tls ? `wss://localhost:${port}` : `ws://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      listener.close();
      connections.forEach(cut);
      await served;
    },
  };
}

const OURS = { certificate: TEST_CERTIFICATE, key: TEST_KEY };

async function serve(
  connection: Deno.Conn,
  script: Script,
  { status = 101, first = new Uint8Array(), raw }: RawServerOptions,
): Promise<void> {
  const input = new Input(connection);
  const head = await input.head();
  const key = /sec-websocket-key: *(\S+)/i.exec(head)?.[1] ?? "";
  const answer = raw ??
    (status === 101
      ? `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Accept: ${await acceptOf(key)}\r\n\r\n`
      : `HTTP/1.1 ${status} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
  await write(connection, Uint8Array.from([...new TextEncoder().encode(answer), ...first]));
  if (status !== 101) return cut(connection);
  await script({
    head,
    write: (bytes) => write(connection, bytes),
    read: () => input.frame(),
    end: () => connection.closeWrite(),
    cut: () => cut(connection),
  });
}

async function acceptOf(key: string): Promise<string> {
  const text = new TextEncoder().encode(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-1", text));
  return btoa(String.fromCharCode(...digest));
}

async function write(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
}

function cut(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}

/** Reads a request's head and frames from one connection. */
class Input {
  #bytes = new Uint8Array(0);
  readonly #connection: Deno.Conn;

  constructor(connection: Deno.Conn) {
    this.#connection = connection;
  }

  async head(): Promise<string> {
    for (;;) {
      const text = new TextDecoder("latin1").decode(this.#bytes);
      const end = text.indexOf("\r\n\r\n");
      if (end >= 0) {
        this.#bytes = this.#bytes.slice(end + 4);
        return text.slice(0, end);
      }
      if (!await this.#more()) throw new Error("the client ended the connection in its request");
    }
  }

  async frame(): Promise<Frame | null> {
    const head = await this.#take(2);
    if (head === null) return null;
    let length = head[1]! & 127;
    if (length > 125) {
      const size = await this.#take(length === 126 ? 2 : 8);
      length = Number(size!.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n));
    }
    const mask = await this.#take(4);
    const payload = await this.#take(length);
    if (mask === null || payload === null) return null;
    return { opcode: head[0]! & 15, payload: payload.map((byte, i) => byte ^ mask[i % 4]!) };
  }

  async #take(count: number): Promise<Uint8Array | null> {
    while (this.#bytes.length < count) if (!await this.#more()) return null;
    const taken = this.#bytes.slice(0, count);
    this.#bytes = this.#bytes.slice(count);
    return taken;
  }

  async #more(): Promise<boolean> {
    const buffer = new Uint8Array(65_536);
    const count = await this.#connection.read(buffer).catch(() => null);
    if (count === null) return false;
    const joined = new Uint8Array(this.#bytes.length + count);
    joined.set(this.#bytes);
    joined.set(buffer.subarray(0, count), this.#bytes.length);
    this.#bytes = joined;
    return true;
  }
}

/**
 * An HTTP server made by hand on TCP, so that a test sees every byte of a request and can answer as
 * no good server does.
 *
 * @module
 */

/** The server's end of one connection. */
export interface HttpPeer {
  /** The head of the next request, without the empty line; `null` once the client has left. */
  head(): Promise<string | null>;
  /** So many bytes of a body, or fewer where the client leaves. */
  bytes(count: number): Promise<Uint8Array>;
  /** The next chunk of a chunked body; empty at its end. */
  chunk(): Promise<string>;
  write(data: string | Uint8Array): Promise<void>;
  /** Closes the connection; with bytes left that nobody has read, the client sees a reset. */
  cut(): void;
}

/** A server on 127.0.0.1. */
export interface RawHttpServer extends AsyncDisposable {
  readonly url: URL;
  /** How many connections have been opened so far. */
  readonly opened: number;
}

/** An answer with a body of text. */
export function answer(body = "", head = "HTTP/1.1 200 OK"): string {
  return `${head}\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
}

/** Serves every connection with `script`; `index` counts them. What it throws ends the connection. */
export function rawHttpServer(
  script: (peer: HttpPeer, index: number) => Promise<void>,
): RawHttpServer {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const connections = new Set<Deno.TcpConn>();
  const scripts: Promise<void>[] = [];
  const served = (async () => {
    for await (const connection of listener) {
      const peer = peerOf(connection);
      scripts.push(script(peer, connections.size).catch(peer.cut));
      connections.add(connection);
    }
  })();
  return {
    url: new URL(`http://127.0.0.1:${listener.addr.port}`),
    get opened() {
      return connections.size;
    },
    async [Symbol.asyncDispose]() {
      listener.close();
      connections.forEach(cut);
      await Promise.all([served, ...scripts]);
    },
  };
}

/** A server that answers every request, whatever its body, with what `answering` gives for its head. */
export function answeringServer(
  answering: (head: string, body: Uint8Array) => string | Uint8Array,
): RawHttpServer {
  return rawHttpServer(async (peer) => {
    for (let head = await peer.head(); head !== null; head = await peer.head()) {
      const length = Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? 0);
      await peer.write(answering(head, await peer.bytes(length)));
    }
  });
}

function cut(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}

function peerOf(connection: Deno.TcpConn): HttpPeer {
  let held = new Uint8Array(0);
  const more = async () => {
    const buffer = new Uint8Array(65_536);
    const count = await connection.read(buffer).catch(() => null);
    if (count === null) return false;
    held = Uint8Array.from([...held, ...buffer.subarray(0, count)]);
    return true;
  };
  const take = (count: number) => {
    const taken = held.slice(0, count);
    held = held.slice(count);
    return taken;
  };
  const bytes = async (count: number) => {
    while (held.length < count) if (!await more()) break;
    return take(count);
  };
  const upTo = async (mark: string) => {
    for (;;) {
      const at = new TextDecoder("ascii").decode(held).indexOf(mark);
      if (at >= 0) return latin1(take(at + mark.length)).slice(0, -mark.length);
      if (!await more()) return null;
    }
  };
  return {
    head: () => upTo("\r\n\r\n"),
    bytes,
    async chunk() {
      // The end of a chunk may come only with the next one.
      const line = await upTo("\r\n") || await upTo("\r\n");
      return latin1(await bytes(parseInt(line ?? "0", 16)));
    },
    async write(data) {
      const whole = typeof data === "string"
        ? Uint8Array.from(data, (char) => char.charCodeAt(0))
        : data;
      for (let at = 0; at < whole.length;) at += await connection.write(whole.subarray(at));
    },
    cut: () => cut(connection),
  };
}

/** One character a byte. */
export function latin1(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}

/**
 * Stands between the unit and Discord's gateway, and may say what Discord never would.
 *
 * @module
 */

/** A relay of bytes. */
export interface Relay {
  /** Where it stands in for the gateway. */
  readonly url: string;
  /**
   * On each connection of now the gateway falls silent, and this comes instead, piece by piece, until the
   * client closes or so many bytes are taken. Gives how many were, of all connections together.
   */
  speak(
    pieces: (connection: number) => Iterable<Uint8Array<ArrayBuffer>>,
    mostBytes: number,
  ): Promise<number>;
  close(): void;
}

interface Pair {
  readonly client: Deno.TcpConn;
  readonly gateway: Deno.TcpConn;
  isSilent: boolean;
}

/** A relay to a port of this machine. */
export function relayTo(port: number): Relay {
  const hostname = "127.0.0.1";
  const listener = Deno.listen({ hostname, port: 0 });
  const open = new Set<Pair>();

  async function serve(): Promise<void> {
    for await (const client of listener) {
      const pair = { client, gateway: await Deno.connect({ hostname, port }), isSilent: false };
      open.add(pair);
      const end = () => (open.delete(pair), close(client), close(pair.gateway));
      pump(client, pair.gateway, () => true).finally(end);
      pump(pair.gateway, client, () => !pair.isSilent).finally(end);
    }
  }
  serve();

  return {
    url: `ws://${hostname}:${listener.addr.port}`,
    async speak(pieces, mostBytes) {
      const taken = [...open].map(async (pair, connection) => {
        pair.isSilent = true;
        let bytes = 0;
        try {
          for (const piece of pieces(connection)) {
            if (bytes >= mostBytes) break;
            await writeAll(pair.client, piece);
            bytes += piece.length;
          }
        } catch {
          // The client has closed, which is what it should do.
        }
        return bytes;
      });
      return (await Promise.all(taken)).reduce((sum, bytes) => sum + bytes, 0);
    },
    close() {
      listener.close();
      for (const { client, gateway } of open) [client, gateway].forEach(close);
    },
  };
}

async function pump(from: Deno.TcpConn, to: Deno.TcpConn, passes: () => boolean): Promise<void> {
  const buffer = new Uint8Array(64 * 1024);
  try {
    for (let count; (count = await from.read(buffer)) !== null;) {
      if (passes()) await writeAll(to, buffer.subarray(0, count));
    }
  } catch {
    // Either end broke: both are closed.
  }
}

async function writeAll(to: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await to.write(bytes.subarray(at));
}

function close(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch {
    // It is closed already.
  }
}

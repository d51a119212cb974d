/**
 * A server that ends TLS in front of a unit, as a load balancer does: `https://localhost` at a port of
 * its own, with the test's certificate.
 *
 * @module
 */

import { TEST_CERTIFICATE, TEST_KEY } from "./test_certificate.ts";

/** A front that listens. */
export interface TlsFront {
  readonly port: number;
  close(): void;
}

/** Passes what comes on to this port of the machine; where nobody listens, it ends the connection. */
export function tlsFront(target: number): TlsFront {
  const listener = Deno.listenTls({
    hostname: "127.0.0.1",
    port: 0,
    cert: TEST_CERTIFICATE,
    key: TEST_KEY,
  });
  const open = new Set<Deno.Conn>();
  const drop = (connection: Deno.Conn) => {
    if (!open.delete(connection)) return;
    try {
      connection.close();
    } catch (error) {
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
  };
  const pass = async (from: Deno.Conn, to: Deno.Conn) => {
    // Whatever ends one direction ends the connection.
    await from.readable.pipeTo(to.writable).catch(() => {});
    drop(from);
    drop(to);
  };
  const join = async (client: Deno.Conn) => {
    open.add(client);
    const unit = await Deno.connect({ hostname: "127.0.0.1", port: target }).catch(() => null);
    if (!unit) return drop(client);
    open.add(unit);
    void pass(client, unit);
    void pass(unit, client);
  };
  const serve = async () => {
    for await (const client of listener) void join(client);
  };
  void serve();
  return {
    port: (listener.addr as Deno.NetAddr).port,
    close() {
      listener.close();
      for (const connection of [...open]) drop(connection);
    },
  };
}

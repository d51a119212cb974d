/**
 * A TCP proxy before a unit, as a load balancer would be: it can cut every connection at any byte,
 * and holds new ones back while there is no unit.
 *
 * @module
 */

/** A proxy that listens. */
export interface CuttingProxy {
  readonly port: number;
  /** Passes connections on to this port from now on; `null`: they wait. */
  target(port: number | null): void;
  /** Cuts every connection; gives how many there were. */
  cut(): number;
  close(): void;
}

/**
 * Opens a proxy on a port of its own.
 *
 * @param heard Called with all that passes, either way. Default: nobody listens.
 */
export function cuttingProxy(heard?: (bytes: Uint8Array) => void): CuttingProxy {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Deno.TcpConn>();
  let upstream = Promise.withResolvers<number>();
  const serve = async () => {
    for await (const client of listener) {
      open.add(client);
      void upstream.promise.then((port) => join(client, port));
    }
  };
  const join = async (client: Deno.TcpConn, port: number) => {
    const unit = await Deno.connect({ hostname: "127.0.0.1", port }).catch(() => null);
    if (!unit || !open.has(client)) return drop(client);
    open.add(unit);
    void pass(client, unit);
    void pass(unit, client);
  };
  const pass = async (from: Deno.TcpConn, to: Deno.TcpConn) => {
    // Whatever ends one direction ends the connection: that is what is tested.
    const passing = heard
      ? from.readable.pipeThrough(
        new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
          transform(bytes, passed) {
            heard(bytes);
            passed.enqueue(bytes);
          },
        }),
      )
      : from.readable;
    await passing.pipeTo(to.writable).catch(() => {});
    drop(from);
    drop(to);
  };
  const drop = (connection: Deno.TcpConn | null) => {
    if (!connection || !open.delete(connection)) return;
    try {
      connection.close();
    } catch (error) {
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
  };
  const cut = () => {
    const count = open.size;
    for (const connection of [...open]) drop(connection);
    return count;
  };
  void serve();
  return {
    port: (listener.addr as Deno.NetAddr).port,
    target(port) {
      if (port === null) upstream = Promise.withResolvers();
      else upstream.resolve(port);
    },
    cut,
    close() {
      listener.close();
      cut();
    },
  };
}

/**
 * The library's way over TCP and TLS, without its one hole: it lets go of sockets with nobody listening for their
 * errors, and a reset that comes after that would end the whole process.
 *
 * @module
 */

import {
  type ConnectionOptions,
  loadNats,
  loadNatsTransport,
  type NatsConnection,
} from "../../deps.ts";

/** As much of Node's socket as is guarded. */
interface Emitter {
  on(event: "error", listener: () => void): unknown;
  removeAllListeners(event?: string): unknown;
}

/**
 * Connects as the library's own `connect` does.
 *
 * @throws What that throws.
 */
export async function connectGuarded(options: ConnectionOptions): Promise<NatsConnection> {
  const { NatsConnectionImpl, setTransportFactory } = await loadNats();
  const { NodeTransport } = await loadNatsTransport();
  class Guarded extends NodeTransport {
    override async dial(...server: Parameters<InstanceType<typeof NodeTransport>["dial"]>) {
      return guarded(await super.dial(...server));
    }
    override async startTLS() {
      return guarded(await super.startTLS());
    }
  }
  setTransportFactory({ factory: () => new Guarded() });
  return await NatsConnectionImpl.connect(options);
}

/** Whoever takes all listeners away leaves one: what goes wrong after that is nobody's business. */
function guarded<Socket extends Emitter>(socket: Socket): Socket {
  const removeAll = socket.removeAllListeners.bind(socket);
  const listen = () => void socket.on("error", () => {});
  socket.removeAllListeners = (...event: [string?]) => {
    removeAll(...event);
    listen();
    return socket;
  };
  listen();
  return socket;
}

/**
 * {@linkcode HttpClient} on `npm:undici`: HTTP/1.1, as many connections as there are requests at a
 * time. `fetch` would decompress bodies, stall for 38 ms on one that comes after the headers, and not
 * say whether a request has left.
 *
 * @module
 */

import type { Socket } from "node:net";
import { loadUndici } from "../../deps.ts";
import { type HttpClient, HttpError } from "./client.ts";
import { Exchange } from "./exchange.ts";

type Undici = Awaited<ReturnType<typeof loadUndici>>;
type Client = InstanceType<Undici["Client"]>;
type Connector = ReturnType<Undici["buildConnector"]>;

/** What may differ from the defaults. */
export interface UndiciClientOptions {
  /** How long a connection may take to open, TLS included; 10 s. Accurate to a second. */
  readonly connectMs?: number;
  /** How long the body of an answer may be silent before it fails; 30 s. Accurate to a second. */
  readonly idleBodyMs?: number;
  /** An authority to trust that is none of the usual ones: its certificate, in PEM. */
  readonly ca?: string;
}

/**
 * How long a connection waits for its next request. One that the server closes at the moment we
 * write to it costs a request whose fate is unknown, so it is well below what servers grant without
 * saying so: load balancers 60 s, nginx 75 s, Cloudflare (before Discord) 400 s. Those that grant
 * less (Node 5 s) announce it in a header, and undici stays 2 s below that.
 */
const KEEP_ALIVE_MS = 15_000;

/** Far above what any server sends: an answer must not fail over its headers. */
const MAX_HEADER_BYTES = 256 * 1024;

/** Loads `undici` and gives a client of `origin`, of which scheme, host and port count. */
export async function undiciClient(
  origin: URL,
  options: UndiciClientOptions = {},
): Promise<HttpClient> {
  const undici = await loadUndici();
  const { ca, connectMs = 10_000, idleBodyMs = 30_000 } = options;
  const connector = undici.buildConnector({ timeout: connectMs, ...(ca && { ca }) });
  const connections = new Connections(connector, (connect) =>
    new undici.Client(origin.origin, {
      connect,
      pipelining: 1,
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
      // The caller's signal is the deadline.
      headersTimeout: 0,
      bodyTimeout: idleBodyMs,
      strictContentLength: true,
    }));
  return {
    send: (request) =>
      new Promise((resolve, reject) => {
        request.signal.throwIfAborted();
        if (connections.closed) throw new HttpError("the client is closed", false);
        connections.carry(new Exchange(request, resolve, reject));
      }),
    close: () => connections.close(),
  };
}

/**
 * All connections to one server: clients of undici's, each of one connection at a time that it opens
 * when it is needed. One that is free is used again, the latest first, so that those that are not needed
 * any more run out. undici's own pool takes a connection for busy until some time after its answer: of
 * requests one after the other, each would open or take another one.
 */
class Connections {
  closed = false;
  readonly #connector: Connector;
  readonly #open: (connect: Connector) => Client;
  /** Each with its socket, once it has one. */
  readonly #all = new Map<Client, Socket | undefined>();
  readonly #free: Client[] = [];

  constructor(connector: Connector, open: (connect: Connector) => Client) {
    this.#connector = connector;
    this.#open = open;
  }

  /** Carries out an exchange that nothing has carried out yet. */
  carry(exchange: Exchange): void {
    const client = this.#free.pop() ?? this.#add();
    exchange.onEnd = (whole) => {
      if (whole) this.#free.push(client);
      // Later: undici is in the middle of telling us.
      else queueMicrotask(() => this.#drop(client));
    };
    client.dispatch(exchange.options, exchange);
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.all([...this.#all.keys()].map((client) => this.#drop(client)));
  }

  #add(): Client {
    const client = this.#open((options, callback) => {
      // Its type does not tell that it gives the socket.
      this.#all.set(client, this.#connector(options, callback) as unknown as Socket);
    });
    this.#all.set(client, undefined);
    client.on("disconnect", () => {
      const at = this.#free.indexOf(client);
      if (at < 0) return;
      this.#free.splice(at, 1);
      this.#all.delete(client);
    });
    return client;
  }

  /** Ends one at once, with what is under way. */
  async #drop(client: Client): Promise<void> {
    const socket = this.#all.get(client);
    this.#all.delete(client);
    const destroyed = client.destroy();
    // A socket that is being opened undici would leave alone.
    socket?.destroy(new Error("destroyed"));
    await destroyed;
  }
}

/**
 * {@linkcode Connect} with frames of our own over the runtime's `node:net` and `node:tls`, which read
 * into one buffer for all sockets of a thread: the cheapest way on Deno to receive, in time and memory
 * (`bench/socket_bench.ts`).
 *
 * @module
 */

import net from "node:net";
import tls from "node:tls";
import { messageOf } from "../../protocol/errors.ts";
import { type Clock, systemClock } from "../clock.ts";
import type { Connect, Socket, SocketEvents } from "../socket.ts";
import { FramedSocket, MAX_MESSAGE_BYTES } from "./framed_socket.ts";
import { answerProblem, handshakeKey, handshakeRequest, HeadReader } from "./handshake.ts";
import { asByteStream } from "./net_stream.ts";

/** What may be different from the world's. */
export interface ClientOptions {
  /** Certificate of the one authority to trust; default: those that the runtime trusts. */
  readonly ca?: string;
  readonly clock?: Clock;
  /** A peer that sends a larger message is refused. */
  readonly maxMessageBytes?: number;
}

/** Gives the port. Certificates and host names are always checked. */
export function webSocketConnect(options: ClientOptions = {}): Connect {
  return (address, events, { headers = {} } = {}) =>
    new ClientSocket(address, headers, events, options);
}

/** Addresses of this machine. */
const NEAR = /^(127\.|::1$|::ffff:127\.)/;

/** What is read is handed on at once, so that one buffer does for all sockets of this thread. */
const readBuffer = new Uint8Array(64 * 1024);

class ClientSocket implements Socket {
  readonly #events: SocketEvents;
  readonly #options: ClientOptions;
  /** `null`: the connection could not even be tried. */
  #stream: net.Socket | null = null;
  /** Until it is open. */
  #handshake: { readonly key: string; readonly answer: HeadReader } | null = {
    key: handshakeKey(),
    answer: new HeadReader(),
  };
  /** Once it is open. */
  #framed: FramedSocket | null = null;
  #failure = "closed before it opened";
  #over = false;

  constructor(
    address: string,
    headers: Readonly<Record<string, string>>,
    events: SocketEvents,
    options: ClientOptions,
  ) {
    this.#events = events;
    this.#options = options;
    try {
      this.#dial(new URL(address), headers);
    } catch (error) {
      this.#failure = messageOf(error);
      // Its owner has to have it first.
      queueMicrotask(() => this.#ended());
    }
  }

  #dial(url: URL, headers: Readonly<Record<string, string>>): void {
    if (url.protocol !== "ws:" && url.protocol !== "wss:") {
      throw new TypeError(`Cannot connect: found ${url.protocol}, wanted ws: or wss:`);
    }
    const request = handshakeRequest(url, this.#handshake!.key, headers);
    const stream = this.#stream = dial(url, this.#options.ca, (bytes) => this.#receive(bytes));
    stream.setNoDelay(true);
    // Not before the server has proved who it is: the headers may hold a secret.
    stream.once(url.protocol === "wss:" ? "secureConnect" : "connect", () => stream.write(request));
    stream.on("error", (error: Error) => void (this.#failure = messageOf(error)));
    // By itself it would wait until the peer has read what we wrote, perhaps for ever.
    stream.on("end", () => stream.destroy());
    stream.on("close", () => this.#ended());
  }

  get bufferedBytes(): number {
    return this.#framed?.bufferedBytes ?? 0;
  }

  send(text: string): void {
    this.#framed?.send(text);
  }

  sendBytes(bytes: Uint8Array): void {
    this.#framed?.sendBytes(bytes);
  }

  close(code: number, reason: string): void {
    if (this.#framed) this.#framed.close(code, reason);
    else this.#stream?.destroy();
  }

  destroy(): void {
    this.#over = true;
    (this.#framed ?? this.#stream)?.destroy();
  }

  pause(isPaused: boolean): void {
    if (!this.#framed) return;
    const stream = this.#stream!;
    if (isPaused) {
      stream.pause();
      carrierOf(stream)?.readStop();
    } else {
      carrierOf(stream)?.readStart();
      stream.resume();
    }
  }

  #receive(bytes: Uint8Array): void {
    if (this.#framed) return this.#framed.receive(bytes);
    const rest = this.#over ? null : this.#answered(bytes);
    if (rest) this.#open(rest);
  }

  /** What came after the server's answer; `null` while it has not answered, or not as it must. */
  #answered(bytes: Uint8Array): Uint8Array | null {
    const { answer, key } = this.#handshake!;
    try {
      const got = answer.read(bytes);
      if (!got) return null;
      const problem = answerProblem(got.head, key);
      if (problem === null) return got.rest;
      this.#failure = problem;
    } catch (error) {
      this.#failure = messageOf(error);
    }
    this.#stream!.destroy();
    return null;
  }

  #open(rest: Uint8Array): void {
    const { clock = systemClock, maxMessageBytes = MAX_MESSAGE_BYTES } = this.#options;
    this.#handshake = null;
    this.#failure = "";
    this.#framed = new FramedSocket(asByteStream(this.#stream!), () => this.#events, {
      end: "client",
      isNear: NEAR.test(this.#stream!.remoteAddress ?? ""),
      clock,
      maxMessageBytes,
    });
    this.#events.open();
    this.#framed.receive(rest);
  }

  #ended(): void {
    if (this.#framed) return this.#framed.ended(this.#failure);
    if (this.#over) return;
    this.#over = true;
    this.#events.failed(this.#failure);
  }
}

function dial(url: URL, ca: string | undefined, received: (bytes: Uint8Array) => void): net.Socket {
  const isSecure = url.protocol === "wss:";
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const address = {
    host,
    port: Number(url.port) || (isSecure ? 443 : 80),
    onread: {
      buffer: readBuffer,
      callback(count: number, buffer: Uint8Array): boolean {
        received(buffer.subarray(0, count));
        return true;
      },
    },
  };
  if (!isSecure) return net.connect(address);
  return tls.connect({
    ...address,
    ...(net.isIP(host) === 0 ? { servername: host } : {}),
    ...(ca === undefined ? {} : { ca }),
    ALPNProtocols: ["http/1.1"],
    // Whatever the environment says.
    rejectUnauthorized: true,
  });
}

/** What TLS reads from; `undefined` where there is none. */
interface Carrier {
  readStop(): void;
  readStart(): void;
}

/**
 * Deno's TLS goes on reading while its socket is paused, into memory that has no bound, and has no
 * public way to be held up; the name is the same in Node. The suite of all sockets checks what it does.
 */
function carrierOf(stream: net.Socket): Carrier | undefined {
  return (stream as unknown as { _handle?: { _parent?: Carrier } | null })._handle?._parent;
}

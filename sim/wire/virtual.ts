/**
 * {@linkcode Connect} to a simulator in the same thread: sockets without a network, for tests in
 * virtual time.
 *
 * @module
 */

import type { Clock } from "../../ports/clock.ts";
import type { Random } from "../../ports/random.ts";
import type { Connect, Socket, SocketEvents } from "../../ports/socket.ts";
import type { Gateway, Link } from "../gateway/gateway.ts";
import type { World } from "../world/world.ts";

/** What a wire is laid to. */
export interface WireTo {
  readonly clock: Clock;
  readonly random: Random;
  readonly world: World;
  readonly gateway: Gateway;
}

/** What a wire is like. */
export interface WireOptions {
  /** Time of a message one way. Default 5. */
  readonly latencyMs?: number;
  /** Up to this much more, by chance; order is kept. Default 0. */
  readonly jitterMs?: number;
}

/** Opens virtual sockets to the simulator's base and resume addresses; any other host is unknown. */
export function simConnect(to: WireTo, options: WireOptions = {}): Connect {
  return (url, events) => new VirtualSocket(to, options, new URL(url), events);
}

class VirtualSocket implements Socket {
  readonly bufferedBytes = 0;
  readonly #events: SocketEvents;
  /** To the server and back: each keeps its order. */
  readonly #up: (task: () => void) => void;
  readonly #down: (task: () => void) => void;
  #state: "connecting" | "open" | "closing" | "over" = "connecting";
  #link: Link | null = null;
  #isPaused = false;
  /** What has arrived and is not read. */
  #arrived: (() => void)[] = [];

  constructor(to: WireTo, options: WireOptions, url: URL, events: SocketEvents) {
    this.#events = events;
    this.#up = createLane(to, options);
    this.#down = createLane(to, options);
    this.#up(() => this.#reach(to, url));
  }

  send(text: string): void {
    this.#toServer(text);
  }

  sendBytes(bytes: Uint8Array): void {
    this.#toServer(bytes.slice());
  }

  close(code: number, _reason: string): void {
    if (this.#state === "connecting") {
      this.#state = "over";
      this.#up(() => this.#link?.closed(1006));
      this.#down(() => this.#events.failed("closed before it opened"));
    }
    if (this.#state !== "open") return;
    this.#state = "closing";
    this.#up(() => this.#link?.closed(code));
  }

  destroy(): void {
    if (this.#state === "over") return;
    this.#state = "over";
    this.#up(() => this.#link?.closed(1006));
  }

  pause(isPaused: boolean): void {
    this.#isPaused = isPaused;
    this.#down(() => this.#read());
  }

  #arrive(task: () => void): void {
    this.#arrived.push(task);
    this.#read();
  }

  #read(): void {
    while (!this.#isPaused && this.#arrived.length > 0) this.#arrived.shift()!();
  }

  #toServer(message: string | Uint8Array): void {
    if (this.#state === "open") this.#up(() => this.#link?.receive(message));
  }

  /** The attempt has arrived at the server. */
  #reach({ gateway, world }: WireTo, url: URL): void {
    if (this.#state === "over") return;
    const admission = isOurs(world, url) ? gateway.admit(url) : "unknown host";
    if (admission === "silence") return;
    if (admission !== "accept") return this.#down(() => this.#fail(REFUSED[admission]));
    this.#down(() => this.#opened());
    const isHeldUp = () => this.#arrived.length > 0;
    this.#link = gateway.accept(url, {
      send: (message) => this.#down(() => this.#arrive(() => this.#deliver(message))),
      close: (code, reason) => this.#down(() => this.#arrive(() => this.#ended(code, reason))),
      destroy: () => this.#down(() => this.#arrive(() => this.#ended(1006, ""))),
      get isHeldUp() {
        return isHeldUp();
      },
    });
  }

  #opened(): void {
    if (this.#state !== "connecting") return;
    this.#state = "open";
    this.#events.open();
  }

  #deliver(message: string | Uint8Array): void {
    if (this.#state !== "open" && this.#state !== "closing") return;
    if (typeof message === "string") this.#events.message(new TextEncoder().encode(message), true);
    else this.#events.message(message, false);
  }

  #ended(code: number, reason: string): void {
    if (this.#state === "over") return;
    this.#state = "over";
    this.#events.closed(code, reason);
  }

  #fail(reason: string): void {
    if (this.#state === "over") return;
    this.#state = "over";
    this.#events.failed(reason);
  }
}

const REFUSED = {
  "refuse": "connection refused",
  "http 503": "Unexpected server response: 503",
  "unknown host": "no such host",
};

function isOurs({ addresses }: World, url: URL): boolean {
  return [addresses.gatewayUrl, addresses.resumeUrl].some((own) => new URL(own).host === url.host);
}

/** Runs tasks after the wire's time, in order. */
function createLane({ clock, random }: WireTo, options: WireOptions): (task: () => void) => void {
  const { latencyMs = 5, jitterMs = 0 } = options;
  let lastMs = 0;
  return (task) => {
    const dueMs = Math.max(lastMs, clock.now() + latencyMs + random() * jitterMs);
    lastMs = dueMs;
    clock.after(dueMs - clock.now(), task);
  };
}

/**
 * The unit's end of the event link: one link per cluster, whoever dialled. Hands batches of the
 * workers to the consumer and its acknowledgements back. Knows nothing of sockets or workers.
 *
 * A link begins with the consumer's HELLO. A newer link of the same cluster ends the older one, and
 * what belongs to an older link is dropped by its number.
 *
 * @module
 */

import { messageOf } from "../protocol/errors.ts";
import {
  encodeLinkMessage,
  EVENT_LINK_VERSION,
  LINK_CLOSE,
  type LinkHello,
  type LinkMessage,
  parseLinkMessage,
} from "../protocol/event_frame.ts";
import type { LinkCall, LinkReply } from "../protocol/link_call.ts";
import type { Cancel, Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";

/** How long a consumer may take to say HELLO. */
export const LINK_HELLO_DEADLINE_MS = 10_000;
/** What a process sent before it ended is read for so long. */
const LAST_WORDS_MS = 1_000;
/** Most credit that is granted, whatever the consumer asks for: it bounds our memory, not only its. */
export const MOST_WINDOW_BYTES = 16 * 1024 * 1024;

/** The consumer's socket, as the hub needs it. */
export interface LinkSocket {
  send(text: string): void;
  sendBytes(bytes: Uint8Array<ArrayBuffer>): void;
  close(code: number, reason: string): void;
}

/** What the owner of a socket tells the hub. */
export interface LinkEvents {
  text(text: string): void;
  closed(): void;
}

/** What the hub needs. */
export interface HubOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly totalShards: number;
  /** Name of the numbering that cursors belong to. */
  readonly stream: string;
  /** Clusters and services. */
  readonly clusterIds: readonly number[];
  /** Without it, calls are dropped. */
  readonly calls?: CallDesk;
  /** A cluster's link came up with its credit, or went down (`null`). */
  readonly link: (clusterId: number, link: number | null, windowBytes: number) => void;
  readonly acknowledged: (
    clusterId: number,
    link: number,
    cursors: Readonly<Record<string, number>>,
  ) => void;
}

/** Who makes and takes calls of consumers: `link/switchboard.ts`. */
export interface CallDesk {
  up(peer: {
    readonly id: number;
    readonly values: "json" | "clone" | null;
    send(message: LinkCall | LinkReply): void;
  }): void;
  down(id: number, reason: string): void;
  receive(id: number, message: LinkCall | LinkReply): void;
  /** The name of a service; `null` where the number is a cluster's. */
  serviceOf?(id: number): string | null;
}

interface Link {
  readonly number: number;
  readonly windowBytes: number;
  readonly socket: LinkSocket;
}

/** All event links of a unit. */
export class Hub {
  readonly #options: HubOptions;
  readonly #links = new Map<number, Link>();
  #number = 0;
  #isEnding = false;

  constructor(options: HubOptions) {
    this.#options = options;
  }

  /** Whether a cluster has a link. */
  isLinked(clusterId: number): boolean {
    return this.#links.has(clusterId);
  }

  /**
   * Takes a socket that a consumer opened, or that we opened to one.
   *
   * @param clusterId Where the caller knows which cluster this is: another one is then refused.
   */
  accept(socket: LinkSocket, clusterId?: number): LinkEvents {
    let linked: { clusterId: number; number: number } | null = null;
    const cancelDeadline = this.#options.clock.after(
      LINK_HELLO_DEADLINE_MS,
      () => socket.close(LINK_CLOSE.BAD_MESSAGE, `no hello after ${LINK_HELLO_DEADLINE_MS} ms`),
    );
    return {
      text: (text) => {
        const message = this.#parse(socket, text);
        if (message?.op === "hello" && !linked) {
          linked = this.#hello(socket, message, clusterId, cancelDeadline);
        } else if (message?.op === "ack" && linked) {
          this.#options.acknowledged(linked.clusterId, linked.number, message.cursors);
        } else if (linked && (message?.op === "call" || message?.op === "reply")) {
          // Of a link that was taken over nothing counts any more.
          if (this.#links.get(linked.clusterId)?.number === linked.number) {
            this.#options.calls?.receive(linked.clusterId, message);
          }
        } else if (message) {
          socket.close(LINK_CLOSE.BAD_MESSAGE, `${message.op} has no place here`);
        }
      },
      closed: () => {
        cancelDeadline();
        if (linked) this.#down(linked.clusterId, linked.number);
      },
    };
  }

  /** Hands a batch to a cluster. Stale when the link is another one by now: it will be sent again. */
  deliver(clusterId: number, link: number, batch: Uint8Array<ArrayBuffer>): void {
    const current = this.#links.get(clusterId);
    if (current?.number === link) current.socket.sendBytes(batch);
  }

  /** The links that are up, for a worker that has just started. */
  links(): { clusterId: number; link: number; windowBytes: number }[] {
    return [...this.#links].map(([clusterId, { number, windowBytes }]) => (
      { clusterId, link: number, windowBytes }
    ));
  }

  /** Who had a link has ended, perhaps without closing it. What it sent last may still come. */
  ended(clusterId: number): void {
    const link = this.#links.get(clusterId);
    if (!link) return;
    this.#options.clock.after(LAST_WORDS_MS, () => {
      if (this.#links.get(clusterId) !== link) return;
      link.socket.close(LINK_CLOSE.GOING_AWAY, "its process or thread has ended");
      this.#down(clusterId, link.number);
    });
  }

  /** The unit stops: from now on links go down because they shall. */
  ending(): void {
    this.#isEnding = true;
  }

  /** Ends every link. */
  stop(reason: string): void {
    for (const [clusterId, { socket }] of this.#links) {
      this.#options.calls?.down(clusterId, reason);
      socket.send(encodeLinkMessage({ op: "bye", reason }));
      socket.close(LINK_CLOSE.GOING_AWAY, reason);
    }
    this.#links.clear();
  }

  #parse(socket: LinkSocket, text: string): LinkMessage | undefined {
    try {
      return parseLinkMessage(text);
    } catch (error) {
      socket.close(LINK_CLOSE.BAD_MESSAGE, messageOf(error).slice(0, 120));
      return undefined;
    }
  }

  #hello(
    socket: LinkSocket,
    hello: LinkHello,
    expected: number | undefined,
    cancelDeadline: Cancel,
  ): { clusterId: number; number: number } | null {
    const { clusterIds, totalShards, stream, link } = this.#options;
    const { v, clusterId } = hello;
    cancelDeadline();
    if (v !== EVENT_LINK_VERSION) {
      socket.close(LINK_CLOSE.VERSION, `expected version ${EVENT_LINK_VERSION}, received ${v}`);
      return null;
    }
    if (!clusterIds.includes(clusterId) || (expected !== undefined && clusterId !== expected)) {
      const known = expected ?? (clusterIds.join(", ") || "none");
      socket.close(LINK_CLOSE.UNKNOWN_CLUSTER, `expected cluster ${known}, received ${clusterId}`);
      return null;
    }
    this.#links.get(clusterId)?.socket.close(LINK_CLOSE.TAKEN_OVER, "a newer link took over");
    const number = ++this.#number;
    const windowBytes = Math.max(1, Math.min(hello.windowBytes, MOST_WINDOW_BYTES));
    this.#links.set(clusterId, { number, windowBytes, socket });
    const welcome = { op: "welcome", v, clusterId, link: number, totalShards, stream } as const;
    socket.send(encodeLinkMessage(welcome));
    this.#logLinked(clusterId, number);
    link(clusterId, number, windowBytes);
    this.#options.calls?.up({
      id: clusterId,
      values: hello.values ?? null,
      send: (message) => socket.send(encodeLinkMessage(message)),
    });
    return { clusterId, number };
  }

  #down(clusterId: number, number: number): void {
    if (this.#links.get(clusterId)?.number !== number) return;
    this.#links.delete(clusterId);
    if (!this.#isEnding) this.#logAway(clusterId);
    this.#options.link(clusterId, null, 0);
    this.#options.calls?.down(clusterId, "its link is down");
  }

  #logLinked(clusterId: number, link: number): void {
    const { log, calls } = this.#options;
    const service = calls?.serviceOf?.(clusterId) ?? null;
    if (service === null) log.info("cluster is linked", { clusterId, link });
    else log.info("service is linked", { service, link });
  }

  #logAway(clusterId: number): void {
    const { log, calls } = this.#options;
    const service = calls?.serviceOf?.(clusterId) ?? null;
    if (service === null) log.warn("cluster is away, its events wait", { clusterId });
    else log.warn("service is away, commands to it fail", { service });
  }
}

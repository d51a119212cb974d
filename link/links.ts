/**
 * The unit's end of its links: with clusters and services, whoever dialled, and with sessions on
 * `/gateway`. Hands batches of the workers to the peer and its acknowledgements back. Knows nothing of
 * sockets or workers.
 *
 * A link over a socket begins with the peer's HELLO. A newer link of the same peer ends the older one,
 * and what belongs to an older link is dropped by its number.
 *
 * @module
 */

import { messageOf } from "../protocol/errors.ts";
import { parseExact, parseJson } from "../protocol/json.ts";
import {
  type Acknowledged,
  encodeLinkMessage,
  EVENT_LINK_VERSION,
  greeter,
  LINK_CLOSE,
  type LinkHello,
  type LinkMessage,
  parseLinkMessage,
} from "../protocol/event_frame.ts";
import type { LinkCall, LinkReply } from "../protocol/link_call.ts";
import { isPeer, type PeerKey, peerText } from "../protocol/peer.ts";
import type { Clock } from "../ports/clock.ts";

/** How long a consumer may take to say HELLO. */
export const LINK_HELLO_DEADLINE_MS = 10_000;
/** What a process sent before it ended is read for so long. */
const LAST_WORDS_MS = 1_000;
/**
 * Most credit that is granted, whatever the consumer asks for. Each worker has a bound of its own for
 * what is under way from it to all consumers.
 */
export const MOST_WINDOW_BYTES = 16 * 1024 * 1024;

/** The peer's socket, as the links need it. */
export interface LinkSocket {
  send(text: string): void;
  sendBytes(bytes: Uint8Array<ArrayBuffer>): void;
  close(code: number, reason: string): void;
}

/** What the owner of a socket tells its link. */
export interface LinkEvents {
  text(text: string): void;
  closed(): void;
}

/** What a peer said of itself. */
export interface Greeting {
  /** Credit, within what we grant. */
  readonly windowBytes: number;
  /** Where it listens for the unit's workers; `null`: they are not to come, or it may be another. */
  readonly port: number | null;
  /** Whether we dialled it: only then does it listen where we dial. */
  readonly isDialled: boolean;
}

/** What the links need. */
export interface LinksOptions {
  readonly clock: Clock;
  /** How many shards there are at first: see {@linkcode Links.shardsAre}. */
  readonly totalShards: number;
  /** Name of the numbering that cursors belong to. */
  readonly stream: string;
  /** Clusters and services that may have a link now. */
  readonly peers: () => readonly PeerKey[];
  /** Who makes and takes calls; without it, calls are dropped. */
  readonly calls?: CallDesk;
  /** A link came up, or went down (`null`). */
  readonly link: (peer: PeerKey, link: number | null, greeting: Greeting) => void;
  readonly acknowledged: (peer: PeerKey, link: number, done: Acknowledged) => void;
}

/** A cluster or service whose link is up. */
export interface Peer {
  readonly peer: PeerKey;
  /** What it takes; `null`: no calls at all. */
  readonly values: "json" | "clone" | null;
  /** Whether it takes what comes late. Default: no. */
  readonly takesLate?: boolean;
  send(message: LinkCall | LinkReply): void;
}

/** Who makes and takes calls of peers: `link/switchboard.ts`. */
export interface CallDesk {
  up(far: Peer): void;
  down(peer: PeerKey, reason: string): void;
  receive(peer: PeerKey, message: LinkCall | LinkReply): void;
}

/** The far side of a link: who gets its batches, and perhaps hears more. */
export type Far = Pick<LinkSocket, "sendBytes" | "close"> & Partial<LinkSocket>;

interface Link {
  readonly peer: PeerKey;
  readonly number: number;
  readonly greeting: Greeting;
  readonly far: Far;
}

/** All links of a unit, or of one of its workers. */
export class Links {
  readonly #options: LinksOptions;
  readonly #links = new Map<string, Link>();
  #number = 0;
  #totalShards: number;

  constructor(options: LinksOptions) {
    this.#options = options;
    this.#totalShards = options.totalShards;
  }

  /** Name of the numbering that cursors belong to. */
  get stream(): string {
    return this.#options.stream;
  }

  /** The number of a peer's link; `undefined` where it has none. */
  of(peer: PeerKey): number | undefined {
    return this.#links.get(peerText(peer))?.number;
  }

  /** The links that are up, for a worker that has just started. */
  all(): { peer: PeerKey; link: number; windowBytes: number }[] {
    return [...this.#links.values()].map(({ peer, number, greeting }) => (
      { peer, link: number, windowBytes: greeting.windowBytes }
    ));
  }

  /**
   * Takes a socket that a peer opened, or that we opened to one.
   *
   * @param expected Where the caller knows who this is: somebody else is then refused.
   * @param isDialled Whether we opened it; by default where it is known who this is.
   */
  accept(
    socket: LinkSocket,
    expected?: PeerKey,
    isDialled: boolean = expected !== undefined,
  ): LinkEvents {
    const { clock, calls } = this.#options;
    let link: Link | null = null;
    let takesJson = false;
    const cancelDeadline = clock.after(
      LINK_HELLO_DEADLINE_MS,
      () => socket.close(LINK_CLOSE.BAD_MESSAGE, `no hello after ${LINK_HELLO_DEADLINE_MS} ms`),
    );
    return {
      text: (text) => {
        const message = parse(socket, text, takesJson);
        if (message?.op === "hello" && !link) {
          cancelDeadline();
          takesJson = message.values === "json";
          link = this.#hello(socket, message, expected, isDialled);
        } else if (message?.op === "ack" && link) {
          this.#options.acknowledged(link.peer, link.number, message);
        } else if (link && (message?.op === "call" || message?.op === "reply")) {
          // Of a link that was taken over nothing counts any more.
          if (this.#isCurrent(link)) calls?.receive(link.peer, message);
        } else if (message) {
          socket.close(LINK_CLOSE.BAD_MESSAGE, `${message.op} has no place here`);
        }
      },
      closed: () => {
        cancelDeadline();
        if (link) this.#down(link);
      },
    };
  }

  /** A link to somebody in this thread, who gets the batches until it is closed or taken over. */
  open(peer: PeerKey, windowBytes: number, far: Far): void {
    this.#up(peer, { windowBytes, port: null, isDialled: false }, far);
  }

  /** Ends a link to somebody in this thread, where there is one. */
  close(peer: PeerKey): void {
    const link = this.#links.get(peerText(peer));
    if (link) this.#hangUp(link, "not wanted any more");
  }

  /** Somebody in this thread is done with everything up to these cursors. */
  acknowledge(peer: PeerKey, done: Acknowledged): void {
    const link = this.#links.get(peerText(peer));
    if (link) this.#options.acknowledged(peer, link.number, done);
  }

  /**
   * Hands a batch to a peer. Stale when the link is another one by now: it will be sent again.
   *
   * @returns Whether the peer has a link here.
   */
  deliver(peer: PeerKey, link: number, batch: Uint8Array<ArrayBuffer>): boolean {
    const current = this.#links.get(peerText(peer));
    if (current?.number === link) current.far.sendBytes(batch);
    return current !== undefined;
  }

  /** Who had a link has ended, perhaps without closing it. What it sent last may still come. */
  ended(peer: PeerKey): void {
    const link = this.#links.get(peerText(peer));
    if (!link) return;
    this.#options.clock.after(LAST_WORDS_MS, () => {
      if (this.#isCurrent(link)) this.#hangUp(link, "its process or thread has ended");
    });
  }

  /** There are so many shards from now on: those who are linked are welcomed again with that, others as they come. */
  shardsAre(totalShards: number): void {
    if (this.#totalShards === totalShards) return;
    this.#totalShards = totalShards;
    for (const { number, far } of this.#links.values()) far.send?.(this.#welcome(number));
  }

  /** Says that every link is about to end: consumers acknowledge what they are done with. */
  bye(reason: string): void {
    for (const { far } of this.#links.values()) {
      far.send?.(encodeLinkMessage({ op: "bye", reason }));
    }
  }

  /** Ends every link, without a word to its owner. */
  stop(reason: string): void {
    for (const { peer, far } of this.#links.values()) {
      this.#options.calls?.down(peer, reason);
      far.close(LINK_CLOSE.GOING_AWAY, reason);
    }
    this.#links.clear();
  }

  #hello(
    socket: LinkSocket,
    hello: LinkHello,
    expected: PeerKey | undefined,
    isDialled: boolean,
  ): Link | null {
    const { calls } = this.#options;
    const { v } = hello;
    if (v !== EVENT_LINK_VERSION) {
      socket.close(LINK_CLOSE.VERSION, `expected version ${EVENT_LINK_VERSION}, received ${v}`);
      return null;
    }
    const peer = greeter(hello);
    const known = expected ? [expected] : this.#options.peers();
    if (!known.some((one) => isPeer(one, peer))) {
      const names = known.map(peerText).join(", ") || "none";
      const reason = `expected ${names}, received ${peerText(peer)}`;
      socket.close(LINK_CLOSE.UNKNOWN_CLUSTER, reason.slice(0, 120));
      return null;
    }
    const windowBytes = Math.max(1, Math.min(hello.windowBytes, MOST_WINDOW_BYTES));
    socket.send(this.#welcome(this.#number + 1));
    // The workers show a credential there: whoever only says who it is must not get that.
    const port = expected ? hello.port ?? null : null;
    const greeting = { windowBytes, port, isDialled };
    const link = this.#up(peer, greeting, socket);
    calls?.up({
      peer,
      values: hello.values ?? null,
      takesLate: hello.late === true,
      send: (message) => socket.send(encodeLinkMessage(message)),
    });
    return link;
  }

  #welcome(link: number): string {
    const { stream } = this.#options;
    const totalShards = this.#totalShards;
    return encodeLinkMessage({ op: "welcome", v: EVENT_LINK_VERSION, link, totalShards, stream });
  }

  #up(peer: PeerKey, greeting: Greeting, far: Far): Link {
    this.#links.get(peerText(peer))?.far.close(LINK_CLOSE.TAKEN_OVER, "a newer link took over");
    const link = { peer, number: ++this.#number, greeting, far };
    this.#links.set(peerText(peer), link);
    this.#options.link(peer, link.number, greeting);
    return link;
  }

  #hangUp(link: Link, reason: string): void {
    link.far.close(LINK_CLOSE.GOING_AWAY, reason);
    this.#down(link);
  }

  #down(link: Link): void {
    if (!this.#isCurrent(link)) return;
    this.#links.delete(peerText(link.peer));
    this.#options.link(link.peer, null, link.greeting);
    this.#options.calls?.down(link.peer, "its link is down");
  }

  #isCurrent(link: Link): boolean {
    return this.#links.get(peerText(link.peer)) === link;
  }
}

function parse(socket: LinkSocket, text: string, takesJson: boolean): LinkMessage | undefined {
  try {
    return parseLinkMessage(text, takesJson ? parseExact : parseJson);
  } catch (error) {
    socket.close(LINK_CLOSE.BAD_MESSAGE, messageOf(error).slice(0, 120));
    return undefined;
  }
}

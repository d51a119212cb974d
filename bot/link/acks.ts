/**
 * When a consumer says what it is done with: of all shards together, and in time. Each acknowledgement
 * wakes two threads of the unit, and costs both sides more than the event that it is for.
 *
 * @module
 */

import { encodeLinkMessage } from "../../protocol/event_frame.ts";
import type { Cancel, Clock } from "../../ports/clock.ts";
import type { Socket } from "../../ports/socket.ts";
import type { ShardProgress } from "./progress.ts";

/**
 * An acknowledgement goes with the event that makes it so many…
 *
 * It delays no event; after a crash so much more is sent again.
 */
export const ACK_EVENTS = 25;
/** …and so long since the first of them: under load that takes no timer, and nobody is woken for it. */
export const ACK_AFTER_MS = 25;
/** Where less comes, it waits for so long: each wakes two threads of the unit. */
export const ACK_LATEST_MS = 250;
/** With so many bytes since the last acknowledgement the next one goes at once: credit must not run out. */
const ACK_BYTES = 256 * 1024;
/** The same as a share of the window. */
const ACK_SHARE = 1 / 8;

/** The sending half of a connection. */
export type LinkSocket = Pick<Socket, "send" | "close">;

/** Whose end a link is: there is one of each at a time. */
export interface Dialler {
  /** The unit of a fleet; `null`: it has no name. */
  readonly unit: string | null;
  /** A worker of it; `null`: the unit itself. */
  readonly worker: number | null;
}

/** A {@linkcode Dialler} as the key of maps. */
export function diallerText({ unit, worker }: Dialler): string {
  return `${unit ?? ""}/${worker ?? ""}`;
}

/** A connection with a unit, or with one of its workers. */
export interface Link extends Dialler {
  readonly socket: LinkSocket;
  /** {@linkcode diallerText} of it. */
  readonly key: string;
  welcomed: boolean;
  /** When something came over it last. */
  heardMs: number;
  /** The unit has said goodbye: what it does not hear now, it sends again in its next life. */
  isEnding: boolean;
}

/** A shard, and who brings its events. */
export interface Source {
  /** The numbering that its cursors belong to. */
  readonly stream: string;
  readonly totalShards: number;
  readonly shardId: number;
  readonly progress: ShardProgress;
  /** The one that brought its newest event. */
  link: Link;
}

/** What acknowledgements need. */
export interface AcksOptions {
  readonly clock: Clock;
  readonly windowBytes: number;
  /** The newest link of a worker, or of a unit. */
  readonly linkOf: (key: string) => Link | undefined;
}

/** The acknowledgements of one consumer. */
export class Acks {
  readonly #options: AcksOptions;
  /** Those whose progress may have changed since the last acknowledgement. */
  readonly #due = new Set<Source>();
  /** Of links that brought again what another one had brought: up to which cursor, by shard. */
  readonly #again = new Map<Link, Map<Source, number>>();
  readonly #mostBytes: number;
  #cancel: Cancel | undefined;
  /** What came since the last acknowledgement: bytes, and events that are done with. */
  #bytes = 0;
  #events = 0;
  /** When the first of those events was done with. */
  #sinceMs = 0;
  #isSoon = false;

  constructor(options: AcksOptions) {
    this.#options = options;
    this.#mostBytes = Math.min(ACK_BYTES, options.windowBytes * ACK_SHARE);
  }

  /** So much has come. */
  came(bytes: number): void {
    this.#bytes += bytes;
  }

  /** A shard's progress may have changed: that is said soon. */
  add(source: Source): void {
    const { clock } = this.#options;
    this.#due.add(source);
    if (this.#isSoon) return;
    if (this.#events++ === 0) this.#sinceMs = clock.now();
    this.#isSoon = source.link.isEnding || this.#isEnough();
    if (this.#isSoon) {
      this.#cancel?.();
      this.#cancel = clock.soon(() => this.say());
    } else this.#cancel ??= clock.after(ACK_LATEST_MS, () => this.say());
  }

  /** A link that is not the source's own has brought an event again: it is told, and no more than it has sent. */
  addAgain(source: Source, link: Link, cursor: number): void {
    this.#again.getOrInsertComputed(link, () => new Map()).set(source, cursor);
    this.add(source);
  }

  /** Says what is due now, each to who brought it. */
  say(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#isSoon = false;
    this.#bytes = this.#events = 0;
    const acks = new Map<Link, Map<number, Record<string, number>>>();
    const put = (link: Link, { totalShards, shardId }: Source, cursor: number) => {
      const cursorsOf = acks.getOrInsertComputed(link, () => new Map());
      cursorsOf.getOrInsertComputed(totalShards, () => ({}))[shardId] = cursor;
    };
    for (const [link, sources] of this.#again) this.#sayAgain(link, sources, put);
    for (const source of this.#due) {
      // A link of the same worker has come in its place, or will: then the shard stays due.
      const link = this.#options.linkOf(source.link.key);
      if (!link?.welcomed) continue;
      this.#due.delete(source);
      const cursor = source.progress.takeAck();
      if (cursor !== undefined) put(link, source, cursor);
    }
    for (const [{ socket }, cursorsOf] of acks) {
      for (const [totalShards, cursors] of cursorsOf) {
        socket.send(encodeLinkMessage({ op: "ack", totalShards, cursors }));
      }
    }
  }

  /** Another numbering has come: what was due in the one before means nothing any more. */
  forget(): void {
    this.#due.clear();
    this.#again.clear();
  }

  /** What is not done with yet waits; a link that is lost gets it again, and is told then. */
  #sayAgain(
    link: Link,
    sources: Map<Source, number>,
    put: (link: Link, source: Source, cursor: number) => void,
  ): void {
    if (this.#options.linkOf(link.key) !== link) return void this.#again.delete(link);
    for (const [source, cursor] of sources) {
      if (source.progress.done < cursor) continue;
      sources.delete(source);
      put(link, source, cursor);
    }
    if (sources.size === 0) this.#again.delete(link);
  }

  #isEnough(): boolean {
    if (this.#bytes >= this.#mostBytes) return true;
    const isOld = () => this.#options.clock.now() - this.#sinceMs >= ACK_AFTER_MS;
    return this.#events >= ACK_EVENTS && isOld();
  }
}

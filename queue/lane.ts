/**
 * The worker's way to one consumer: the queues of the shards that it consumes, and what is under way
 * to it. Batches the events of many shards into one frame, as the consumer's credit allows.
 *
 * @module
 */

import { encodeBatch, type EventRecord } from "../protocol/event_frame.ts";
import type { PeerKey } from "../protocol/peer.ts";
import type { ShardQueue } from "./shard_queue.ts";
import type { Turns } from "./turns.ts";
import type { UnderWay } from "./under_way.ts";

/** A batch is sent when it has this many bytes, or when the events that are here have been read. */
export const BATCH_BYTES = 64 * 1024;

/** What a lane needs. */
export interface LaneOptions {
  readonly peer: PeerKey;
  readonly totalShards: number;
  readonly turns: Turns;
  /** What is under way to this consumer and to the others of the worker. */
  readonly underWay: UnderWay;
  /** Sends a batch to a consumer; it must not block. */
  readonly send: (peer: PeerKey, link: number, batch: Uint8Array<ArrayBuffer>) => void;
}

/** The way from one worker to one consumer. */
export class Lane {
  readonly #options: LaneOptions;
  readonly #queues = new Map<number, ShardQueue>();
  /** Queues with something to send, in turn. */
  #ready = new Set<ShardQueue>();
  #link: number | null = null;
  #windowBytes = 0;
  #underWayBytes = 0;
  #unflushedBytes = 0;
  readonly #turn = () => this.#flush();

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  /** Whether the consumer is there. */
  get isUp(): boolean {
    return this.#link !== null;
  }

  /** The consumer gets this shard, too, from the first event that nobody has acknowledged. */
  add(queue: ShardQueue): void {
    this.#queues.set(queue.shardId, queue);
    queue.rewind();
    if (!queue.hasUnsent) return;
    this.#ready.add(queue);
    if (this.#link !== null) this.#flushSoon();
  }

  /** Somebody else gets this shard from now on. */
  remove(queue: ShardQueue): void {
    this.#queues.delete(queue.shardId);
    this.#ready.delete(queue);
    const bytes = queue.rewind();
    if (this.#link === null) return;
    this.#sent(-bytes);
    if (this.#ready.size > 0) this.#flushSoon();
  }

  /** A new link, with the credit that the consumer gave: everything unacknowledged is sent again. */
  up(link: number, windowBytes: number): void {
    this.#link = link;
    this.#windowBytes = windowBytes;
    this.#sent(-this.#underWayBytes);
    for (const queue of this.#queues.values()) {
      queue.rewind();
      if (queue.hasUnsent) this.#ready.add(queue);
    }
    this.#flushSoon();
  }

  /** The link is gone: events wait. */
  down(): void {
    this.#link = null;
    this.#sent(-this.#underWayBytes);
    this.#options.turns.remove(this.#turn);
  }

  /** A queue has something new. */
  wake(queue: ShardQueue, bytes: number): void {
    this.#ready.add(queue);
    if (this.#link === null) return;
    this.#unflushedBytes += bytes;
    if (this.#unflushedBytes >= BATCH_BYTES) this.#flush();
    else this.#flushSoon();
  }

  /** The consumer is done with everything up to these cursors. Stale when the link is another one. */
  acknowledge(link: number, cursors: Readonly<Record<string, number>>): void {
    if (link !== this.#link) return;
    for (const [shardId, cursor] of Object.entries(cursors)) {
      this.#sent(-(this.#queues.get(Number(shardId))?.acknowledge(cursor) ?? 0));
    }
    if (this.#ready.size > 0) this.#flushSoon();
  }

  #flushSoon(): void {
    this.#options.turns.add(this.#turn);
  }

  #flush(): void {
    const { peer, totalShards, send } = this.#options;
    this.#unflushedBytes = 0;
    while (this.#link !== null && this.#ready.size > 0) {
      const batch: EventRecord[] = [];
      const creditBytes = this.#creditBytes;
      if (creditBytes <= 0) return;
      const bytes = this.#fill(batch, Math.min(BATCH_BYTES, creditBytes));
      if (batch.length === 0) return;
      this.#sent(bytes);
      send(peer, this.#link, encodeBatch(totalShards, batch));
    }
  }

  get #creditBytes(): number {
    const own = this.#underWayBytes;
    return Math.min(this.#windowBytes - own, this.#options.underWay.room(own));
  }

  /** So many bytes more are under way, or less (below 0). */
  #sent(bytes: number): void {
    this.#underWayBytes += bytes;
    this.#options.underWay.add(bytes);
  }

  /** Fills a batch; the last record may go beyond the limit, or a large one would never go. */
  #fill(batch: EventRecord[], limitBytes: number): number {
    let bytes = 0;
    for (const queue of this.#ready) {
      const taken = queue.takeUnsent(batch, limitBytes - bytes);
      bytes += taken;
      this.#ready.delete(queue);
      // At the end of the line: a busy shard does not hold up the others. One that gives nothing
      // waits for something, and wakes us when it is there.
      if (taken > 0 && queue.hasUnsent) this.#ready.add(queue);
      if (bytes >= limitBytes) break;
    }
    return bytes;
  }
}

/**
 * All events of one worker on their way to the bot: an outbox per shard, a lane per cluster, and one
 * bound on the memory of them all, `QUEUE_MEMORY_BYTES`. When it is full, the outbox that has most
 * to send sheds: one slow cluster does not cost another its events.
 *
 * @module
 */

import type { Gap } from "../protocol/event_frame.ts";
import type { Clock } from "../ports/clock.ts";
import { Lane } from "./lane.ts";
import { Outbox } from "./outbox.ts";

/** At least this share of an outbox is shed at once: to look for the largest each time is slow. */
const SHED_SHARE = 1 / 16;

/** What the queue of a worker is made with. */
export interface EventQueueOptions {
  readonly clock: Clock;
  /** Shard id → cluster id. A shard without one keeps its events until somebody consumes them. */
  readonly clusterOfShard: Readonly<Record<number, number>>;
  readonly limitBytes: number;
  /** Sends a batch to a cluster; it must not block. */
  readonly send: (clusterId: number, link: number, batch: Uint8Array<ArrayBuffer>) => void;
}

/** The queue of one worker. */
export class EventQueue {
  readonly #options: EventQueueOptions;
  readonly #outboxes = new Map<number, Outbox>();
  readonly #lanes = new Map<number, Lane>();
  #bytes = 0;

  constructor(options: EventQueueOptions) {
    this.#options = options;
  }

  /** The outbox of a shard; made when it is first asked for. */
  outbox(shardId: number): Outbox {
    const known = this.#outboxes.get(shardId);
    if (known) return known;
    const outbox = new Outbox(shardId);
    this.#outboxes.set(shardId, outbox);
    this.#laneOf(shardId)?.add(outbox);
    return outbox;
  }

  /** Takes a dispatch of a shard. The bytes are copied. */
  accept(shardId: number, cursor: number, payload: Uint8Array): void {
    const outbox = this.outbox(shardId);
    this.#account(outbox, () => outbox.accept(cursor, payload));
    this.#laneOf(shardId)?.wake(outbox, payload.length);
  }

  /** Takes word of events of a shard that will never come. */
  gap(shardId: number, gap: Gap): void {
    const outbox = this.outbox(shardId);
    this.#account(outbox, () => outbox.gap(gap));
    this.#laneOf(shardId)?.wake(outbox, 0);
  }

  /** A cluster's link came up with its credit, or went down (`null`). */
  link(clusterId: number, link: number | null, windowBytes: number): void {
    const lane = this.#lane(clusterId);
    if (link === null) lane.down();
    else lane.up(link, windowBytes);
  }

  /** A cluster is done with everything up to these cursors. */
  acknowledge(clusterId: number, link: number, cursors: Readonly<Record<string, number>>): void {
    const outboxes = Object.keys(cursors).map((shardId) => this.outbox(Number(shardId)));
    const before = total(outboxes);
    this.#lane(clusterId).acknowledge(link, cursors);
    this.#bytes += total(outboxes) - before;
  }

  #account(outbox: Outbox, change: () => void): void {
    const before = outbox.queuedBytes;
    change();
    this.#bytes += outbox.queuedBytes - before;
    if (this.#bytes > this.#options.limitBytes) this.#shed();
  }

  #shed(): void {
    const excess = this.#bytes - this.#options.limitBytes;
    // What is under way cannot be shed, so that it does not count here.
    const largest = [...this.#outboxes.values()]
      .reduce((a, b) => b.unsentBytes > a.unsentBytes ? b : a);
    this.#bytes -= largest.shed(Math.max(excess, largest.unsentBytes * SHED_SHARE));
  }

  #laneOf(shardId: number): Lane | undefined {
    const clusterId = this.#options.clusterOfShard[shardId];
    return clusterId === undefined ? undefined : this.#lane(clusterId);
  }

  #lane(clusterId: number): Lane {
    const known = this.#lanes.get(clusterId);
    if (known) return known;
    const { clock, send } = this.#options;
    const lane = new Lane({ clusterId, clock, send });
    this.#lanes.set(clusterId, lane);
    return lane;
  }
}

function total(outboxes: readonly Outbox[]): number {
  return outboxes.reduce((bytes, outbox) => bytes + outbox.queuedBytes, 0);
}

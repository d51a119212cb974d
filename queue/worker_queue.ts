/**
 * All events of one worker on their way to the bot: a queue per shard, a lane per consumer, and one
 * bound on the memory of them all, `QUEUE_MEMORY_BYTES`. At half of it the fullest queue moves to
 * disk; when it is full, the one that has most to send sheds: one slow consumer does not cost another
 * its events.
 *
 * @module
 */

import type { Gap } from "../protocol/event_frame.ts";
import { every } from "../ports/clock.ts";
import type { OpenSpool } from "../ports/spool.ts";
import { type PeerKey, peerText } from "../protocol/peer.ts";
import { Lane, type LaneOptions } from "./lane.ts";
import { ShardQueue, type ShardQueueOptions } from "./shard_queue.ts";
import type { Overflow } from "./shedding.ts";
import { Turns, type TurnsOptions } from "./turns.ts";

/** At least this share of a queue is shed at once: to look for the largest each time is slow. */
const SHED_SHARE = 1 / 16;
/** Unsent bytes of a shard that are kept in memory while the rest is on disk, at most. */
const FRONT_BYTES = 1024 * 1024;
/** The shards of a worker share this part of its memory for it. */
const FRONT_SHARE = 1 / 4;
/** A consumer that is away for so long, twice, has its events moved to disk. */
const AWAY_TICK_MS = 1_000;

/** What the queue of a worker is made with. */
export interface EventQueueOptions
  extends
    Pick<ShardQueueOptions, "clock" | "prepare">,
    Pick<LaneOptions, "totalShards" | "send">,
    Partial<Pick<TurnsOptions, "delayMs" | "nap">> {
  /** Shard id → cluster. A shard without one keeps its events until somebody consumes them. */
  readonly clusterOfShard: Readonly<Record<number, number>>;
  readonly limitBytes: number;
  readonly overflow?: Overflow;
  /** Bytes that the spools of this worker may hold together. Default: no bound. */
  readonly diskLimitBytes?: number;
  /** Opens the spool of a shard; without it events are kept in memory only. */
  readonly openSpool?: OpenSpool;
  /** The bot is done with everything of a shard up to this cursor. */
  readonly acknowledged?: (shardId: number, cursor: number) => void;
  /** Everything of a shard up to this cursor is safe on disk. */
  readonly stored?: (shardId: number, cursor: number) => void;
  /** The disk failed; events stay in memory and it is tried again. */
  readonly failed?: (shardId: number, reason: string) => void;
}

/** The queue of one worker. */
export class EventQueue {
  readonly #options: EventQueueOptions;
  readonly #queues = new Map<number, ShardQueue>();
  /** By the text of the peer. */
  readonly #lanes = new Map<string, Lane>();
  readonly #laneOf = new Map<number, Lane>();
  readonly #turns: Turns;
  readonly #opened = new Map<number, Promise<void>>();
  /** Shards whose consumer was away at the last tick. */
  #away = new Set<ShardQueue>();
  #bytes = 0;
  /** With more bytes than this a queue moves to disk. */
  #spillAbove: number;

  constructor(options: EventQueueOptions) {
    this.#options = options;
    const { clock, delayMs = 0, nap = () => {} } = options;
    this.#turns = new Turns({ clock, delayMs, nap });
    this.#spillAbove = options.openSpool ? options.limitBytes / 2 : Infinity;
    for (const [shardId, id] of Object.entries(options.clusterOfShard)) {
      this.#laneOf.set(Number(shardId), this.#lane({ kind: "cluster", id }));
    }
    if (options.openSpool) every(options.clock, AWAY_TICK_MS, () => this.#spillAway());
  }

  /** Opens what an earlier life left of a shard on disk; before its first event. */
  open(shardId: number, acknowledged: number): Promise<void> {
    const opening = this.#opened.get(shardId) ?? this.#open(shardId, acknowledged);
    this.#opened.set(shardId, opening);
    return opening;
  }

  /** The queue of a shard; made when it is first asked for. */
  of(shardId: number): ShardQueue {
    const known = this.#queues.get(shardId);
    if (known) return known;
    const { clock, acknowledged, stored, failed, prepare } = this.#options;
    const queue = new ShardQueue(shardId, {
      clock,
      wake: (bytes) => this.#laneOf.get(shardId)?.wake(queue, bytes),
      account: (bytes) => this.#bytes += bytes,
      acknowledged: (cursor) => acknowledged?.(shardId, cursor),
      stored: (cursor) => stored?.(shardId, cursor),
      failed: (reason) => failed?.(shardId, reason),
      ...(prepare ? { prepare } : {}),
      mayWrite: () => this.#diskBytes() < (this.#options.diskLimitBytes ?? Infinity),
      frontBytes: () =>
        Math.min(FRONT_BYTES, this.#options.limitBytes * FRONT_SHARE / this.#queues.size),
    });
    this.#queues.set(shardId, queue);
    this.#laneOf.get(shardId)?.add(queue);
    return queue;
  }

  /** Takes a dispatch of a shard. The bytes are copied. */
  accept(shardId: number, cursor: number, payload: Uint8Array): void {
    this.of(shardId).accept(cursor, payload);
    this.#bound();
  }

  /** Takes word of events of a shard that will never come. */
  gap(shardId: number, gap: Gap): void {
    this.of(shardId).gap(gap);
    this.#bound();
  }

  /** A consumer's link came up with its credit, or went down (`null`). */
  link(peer: PeerKey, link: number | null, windowBytes: number): void {
    const lane = this.#lane(peer);
    if (link === null) lane.down();
    else lane.up(link, windowBytes);
  }

  /** Whether nobody gets the events of a shard at this moment. */
  isAway(shardId: number): boolean {
    return !this.#laneOf.get(shardId)?.isUp;
  }

  /** A record that could not be sent before can be sent now. */
  wake(shardId: number): void {
    this.#laneOf.get(shardId)?.wake(this.of(shardId), 0);
  }

  /** Another consumer gets the events of a shard from now on; `null`: nobody, they wait. */
  assign(shardId: number, peer: PeerKey | null): void {
    const queue = this.of(shardId);
    this.#laneOf.get(shardId)?.remove(queue);
    if (peer === null) this.#laneOf.delete(shardId);
    else this.#laneOf.set(shardId, this.#lane(peer));
    this.#laneOf.get(shardId)?.add(queue);
  }

  /** A consumer is done with everything up to these cursors. */
  acknowledge(peer: PeerKey, link: number, cursors: Readonly<Record<string, number>>): void {
    this.#lane(peer).acknowledge(link, cursors);
  }

  /** Puts what is in memory on disk, where there is one, and closes the files. */
  async close(): Promise<void> {
    await Promise.all([...this.#queues.values()].map((queue) => queue.close()));
  }

  async #open(shardId: number, acknowledged: number): Promise<void> {
    const spool = await this.#options.openSpool?.(shardId);
    if (spool) this.of(shardId).open(spool, acknowledged);
  }

  #bound(): void {
    const { limitBytes, overflow } = this.#options;
    if (this.#bytes > this.#spillAbove) {
      this.#fullest().spill();
      // It takes a while to get there; meanwhile the next one goes only when memory still grows.
      this.#spillAbove = this.#bytes + limitBytes * SHED_SHARE;
    }
    if (this.#bytes <= limitBytes) return;
    const fullest = this.#fullest();
    fullest.shed(Math.max(this.#bytes - limitBytes, fullest.unsentBytes * SHED_SHARE), overflow);
  }

  /** What is under way cannot be dropped, so that it does not count here. */
  #fullest(): ShardQueue {
    return [...this.#queues.values()].reduce((a, b) => b.unsentBytes > a.unsentBytes ? b : a);
  }

  #spillAway(): void {
    const away = [...this.#queues.values()].filter((queue) => this.isAway(queue.shardId));
    for (const queue of away) if (this.#away.has(queue)) queue.spill();
    this.#away = new Set(away);
    this.#spillAbove = Math.max(this.#options.limitBytes / 2, this.#bytes);
  }

  #diskBytes(): number {
    return [...this.#queues.values()].reduce((sum, { diskBytes }) => sum + diskBytes, 0);
  }

  #lane(peer: PeerKey): Lane {
    const known = this.#lanes.get(peerText(peer));
    if (known) return known;
    const { totalShards, send } = this.#options;
    const lane = new Lane({ peer, totalShards, turns: this.#turns, send });
    this.#lanes.set(peerText(peer), lane);
    return lane;
  }
}

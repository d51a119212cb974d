/**
 * All events of one worker on their way to the bot, and to those who read beside it: a queue per shard and
 * reader, a lane per consumer, and one bound on the memory of them all, `QUEUE_MEMORY_BYTES`, of which each
 * use has its share. At half of it the fullest queues move to disk. A little later Discord is left unread until the disk has caught up.
 * Only where there is no disk, or none that takes anything, the queue that has most to send sheds: one
 * slow consumer does not cost another its events.
 *
 * @module
 */

import type { EventRecord, Gap } from "../protocol/event_frame.ts";
import { messageOf } from "../protocol/errors.ts";
import { every } from "../ports/clock.ts";
import type { Spool } from "../ports/spool.ts";
import { type PeerKey, peerText, type ReaderKey } from "../protocol/peer.ts";
import { Backpressure } from "./backpressure.ts";
import { Lane } from "./lane.ts";
import type { ShardQueueOptions } from "./queue_world.ts";
import { ShardQueue } from "./shard_queue.ts";
import { Turns } from "./turns.ts";
import { UnderWay } from "./under_way.ts";
import type { EventQueueOptions, Safety } from "./worker_world.ts";

/** At least this share of a queue is shed at once: to look for the largest each time is slow. */
const SHED_SHARE = 1 / 16;
/** Bytes of a shard that are read ahead from disk, and bytes that are written at once, at most. */
const PIECE_BYTES = 1024 * 1024;

/** Parts of `QUEUE_MEMORY_BYTES`, beside what is under way in our sockets: see `under_way.ts`. */
const SHARE = {
  /** What all shards read ahead, and as much again for what is being written. */
  pieces: 1 / 8,
  /** With more than this in the queues the fullest of them move to disk. */
  spill: 1 / 2,
  /** With more than this Discord is left unread, as long as the disk is at work. */
  pause: 5 / 8,
  /** With more than this events are dropped. */
  shed: 3 / 4,
  /** When memory has grown by this it is looked after again. */
  step: 1 / 32,
} as const;

/** A consumer that is away for so long, twice, has its events moved to disk. */
const AWAY_TICK_MS = 1_000;

/** What only the queue of a shard's bot has. */
type ForBot = Pick<ShardQueueOptions, "acknowledged" | "prepare">;

/** The queue of one worker. */
export class EventQueue {
  readonly #options: EventQueueOptions;
  readonly #queues = new Map<number, ShardQueue>();
  /** Those of readers beside the bot, by shard and name. */
  readonly #readers = new Map<number, Map<string, ShardQueue>>();
  /** All queues, and the lane of each. */
  readonly #all = new Map<ShardQueue, () => Lane | undefined>();
  /** By the text of the peer. */
  readonly #lanes = new Map<string, Lane>();
  readonly #laneOf = new Map<number, Lane>();
  readonly #turns: Turns;
  readonly #underWay: UnderWay;
  readonly #backpressure: Backpressure;
  readonly #opened = new Map<number, Promise<void>>();
  /** Readers that have begun or are about to, by the text of the peer. */
  readonly #reading = new Map<string, Promise<void>>();
  readonly #spools = new Map<number, Spool>();
  /** Queues whose consumer was away at the last tick. */
  #away = new Set<ShardQueue>();
  #bytes = 0;
  /** With more bytes than this something is to be done. */
  #attendAbove: number;

  constructor(options: EventQueueOptions) {
    this.#options = options;
    const { clock, delayMs = 0, nap = () => {}, pause = () => {} } = options;
    this.#turns = new Turns({ clock, delayMs, nap });
    this.#underWay = new UnderWay(options.limitBytes, () => Math.max(1, this.#all.size));
    this.#backpressure = new Backpressure({ clock, pause });
    this.#attendAbove = this.#nextAttention;
    for (const [shardId, id] of Object.entries(options.clusterOfShard)) {
      this.#laneOf.set(Number(shardId), this.#lane({ kind: "cluster", id }));
    }
    if (options.openSpool) every(options.clock, AWAY_TICK_MS, () => this.#spillAway());
  }

  /** Whether Discord's sockets are to be left unread. */
  get isPaused(): boolean {
    return this.#backpressure.isOn;
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
    const queue = this.#create(shardId, () => this.#laneOf.get(shardId), {
      acknowledged: (cursor) => this.#options.acknowledged?.(shardId, cursor),
      prepare: (record) => this.#prepared(record),
    });
    this.#queues.set(shardId, queue);
    this.#laneOf.get(shardId)?.add(queue);
    return queue;
  }

  #create(
    shardId: number,
    lane: () => Lane | undefined,
    { acknowledged, ...prepare }: Partial<ForBot> = {},
  ): ShardQueue {
    const { clock, changed, failed } = this.#options;
    const queue: ShardQueue = new ShardQueue(shardId, {
      clock,
      wake: (bytes) => lane()?.wake(queue, bytes),
      account: (bytes) => this.#account(bytes),
      acknowledged: (cursor) => {
        acknowledged?.(cursor);
        changed?.(shardId);
      },
      stored: () => {
        this.#backpressure.stored();
        changed?.(shardId);
      },
      failed: (reason, isFull) => {
        this.#backpressure.failed(isFull);
        failed?.(shardId, reason);
      },
      ...prepare,
      maySpill: () => this.isPaused ? this.#maybeReadOn() : this.#bound(),
      mayWrite: () => this.#diskBytes() < (this.#options.diskLimitBytes ?? Infinity),
      shareBytes: () => Math.min(PIECE_BYTES, this.#share("pieces") / this.#all.size),
      hasRoom: () => this.#bytes < this.#share("spill"),
    });
    this.#all.set(queue, lane);
    return queue;
  }

  /**
   * Somebody reads a shard beside its bot: after `acknowledged`, with what an earlier life left of it on disk,
   * or from the newest event on. Who does already goes on. A disk that cannot be used is told.
   */
  read(peer: ReaderKey, acknowledged?: number): Promise<void> {
    const key = peerText(peer);
    const opening = this.#reading.get(key) ?? this.#read(peer, acknowledged);
    this.#reading.set(key, opening);
    return opening;
  }

  /** Somebody reads a shard beside its bot no more: what waits for it is given up. */
  async dismiss(peer: ReaderKey): Promise<void> {
    const { shard: { id: shardId }, reader } = peer;
    await this.#reading.get(peerText(peer));
    const queue = this.reader(peer);
    if (!queue) return;
    this.#reading.delete(peerText(peer));
    this.#readers.get(shardId)!.delete(reader);
    if (this.#readers.get(shardId)!.size === 0) this.#readers.delete(shardId);
    this.#all.delete(queue);
    this.#lane(peer).remove(queue);
    this.#options.changed?.(shardId);
    await queue.discard();
  }

  /** The queue of somebody who reads a shard beside its bot. */
  reader({ shard, reader }: ReaderKey): ShardQueue | undefined {
    return this.#readers.get(shard.id)?.get(reader);
  }

  /** How far a shard's events have been dealt with. */
  safety(shardId: number): Safety {
    const bot = this.of(shardId);
    const others = [...this.#readers.get(shardId) ?? []];
    const all = [bot, ...others.map(([, queue]) => queue)];
    return {
      acknowledged: bot.acknowledged,
      readers: Object.fromEntries(others.map(([name, { acknowledged }]) => [name, acknowledged])),
      done: Math.min(...all.map(({ acknowledged }) => acknowledged)),
      safe: Math.min(...all.map(({ safe }) => safe)),
    };
  }

  /**
   * Takes a dispatch of a shard. The bytes are copied.
   *
   * @param audience Asked where several read the shard, for whom it is: the bot (`null`), readers by name;
   * `null`: for everybody.
   */
  accept(
    shardId: number,
    cursor: number,
    payload: Uint8Array,
    audience: () => ReadonlySet<string | null> | null = () => null,
  ): void {
    const readers = this.#readers.size > 0 ? this.#readers.get(shardId) : undefined;
    const asked = readers ? audience() : null;
    // What is for somebody who is gone is better given to all than to nobody.
    const isThere = asked?.has(null) || [...asked ?? []].some((name) => readers!.has(name!));
    const only = isThere ? asked : null;
    if (only?.has(null) !== false) this.of(shardId).accept(cursor, payload);
    readers?.forEach((queue, name) => {
      if (only?.has(name) !== false) queue.accept(cursor, payload);
    });
    this.#bound();
  }

  /** Takes word of events of a shard that will never come. */
  gap(shardId: number, gap: Gap): void {
    this.of(shardId).gap(gap);
    this.#readers.get(shardId)?.forEach((queue) => queue.gap(gap));
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

  /** Parts of a shard's files that were found not to be readable. */
  damaged(shardId: number): number {
    return this.#spools.get(shardId)?.damaged ?? 0;
  }

  /** Puts what is in memory on disk, where there is one, and closes the files. */
  async close(): Promise<void> {
    await Promise.all([...this.#all.keys()].map((queue) => queue.close()));
  }

  async #open(shardId: number, acknowledged: number): Promise<void> {
    let spool: Spool | null = null;
    try {
      spool = await this.#options.openSpool?.(shardId) ?? null;
    } finally {
      if (spool) this.#spools.set(shardId, spool);
      this.of(shardId).open(spool, acknowledged);
    }
  }

  async #read(peer: ReaderKey, acknowledged?: number): Promise<void> {
    const { shard: { id: shardId }, reader } = peer;
    const { openSpool, failed } = this.#options;
    const spool =
      await openSpool?.(shardId, reader).catch((error) =>
        void failed?.(shardId, messageOf(error))
      ) ?? null;
    // Of who comes anew nothing is left, but where an end was cut short.
    if (acknowledged === undefined && spool?.last) await spool.trim(spool.last);
    const lane = this.#lane(peer);
    const queue = this.#create(shardId, () => lane);
    queue.open(spool, acknowledged ?? this.of(shardId).newest);
    const readers = this.#readers.get(shardId) ?? new Map();
    this.#readers.set(shardId, readers.set(reader, queue));
    lane.add(queue);
    this.#options.changed?.(shardId);
  }

  #share(use: keyof typeof SHARE): number {
    return this.#options.limitBytes * SHARE[use];
  }

  /** Not for each event; and where there is no disk, not before something has to be dropped. */
  get #nextAttention(): number {
    const leastBytes = this.#share(this.#options.openSpool ? "spill" : "shed");
    return Math.min(
      Math.max(leastBytes, this.#bytes + this.#share("step")),
      this.#share("shed"),
    );
  }

  #bound(): void {
    if (this.#bytes > this.#attendAbove && !this.isPaused) this.#attend();
  }

  #account(bytes: number): void {
    this.#bytes += bytes;
    if (bytes >= 0) return;
    this.#attendAbove = Math.min(this.#attendAbove, this.#nextAttention);
    if (this.isPaused) this.#maybeReadOn();
  }

  /** Memory has grown: what can be written is, then Discord waits, and only then something is dropped. */
  #attend(): void {
    const pendingBytes = this.#spill();
    if (this.#bytes > this.#share("pause") && pendingBytes > 0) this.#backpressure.begin();
    if (this.#bytes > this.#share("shed") && !this.isPaused) this.#shed();
    this.#attendAbove = this.#nextAttention;
  }

  /** Nothing is waited for that the disk could not give: the rest is under way, or somebody's next. */
  #maybeReadOn(): void {
    if (this.#bytes <= this.#share("spill") || this.#spill() === 0) this.#backpressure.end();
  }

  /**
   * Moves the fullest queues to disk until what is on its way there makes up for what is too much.
   * Gives the bytes that are on their way.
   */
  #spill(): number {
    const queues = [...this.#all.keys()];
    let pendingBytes = queues.reduce((sum, queue) => sum + queue.pendingBytes, 0);
    const inMemory = queues.filter(({ spillableBytes }) => spillableBytes > 0)
      .sort((a, b) => b.spillableBytes - a.spillableBytes);
    for (const queue of inMemory) {
      if (this.#bytes - pendingBytes <= this.#share("spill")) break;
      pendingBytes += queue.spillableBytes;
      queue.spill();
    }
    return pendingBytes;
  }

  #shed(): void {
    const tooMuch = this.#bytes - this.#share("shed");
    const fullest = this.#fullest();
    const { overflow, shed } = this.#options;
    const bytes = Math.max(tooMuch, fullest.unsentBytes * SHED_SHARE);
    const isBots = this.#queues.get(fullest.shardId) === fullest;
    fullest.shed(bytes, overflow, (gone) => void (isBots && shed?.(fullest.shardId, gone)));
  }

  /** Whatever a record is, it holds up nothing: the bot's side says what is wrong with it. */
  #prepared(record: EventRecord): EventRecord | null {
    const { prepare, unprepared } = this.#options;
    try {
      return prepare ? prepare(record) : record;
    } catch (error) {
      unprepared?.(record.shardId, record.cursor, error);
      return record;
    }
  }

  /** What is under way cannot be dropped, so that it does not count here. */
  #fullest(): ShardQueue {
    return [...this.#all.keys()].reduce((a, b) => b.unsentBytes > a.unsentBytes ? b : a);
  }

  #spillAway(): void {
    const away = [...this.#all].filter(([, lane]) => !lane()?.isUp).map(([queue]) => queue);
    for (const queue of away) if (this.#away.has(queue)) queue.spill();
    this.#away = new Set(away);
  }

  #diskBytes(): number {
    return [...this.#all.keys()].reduce((sum, { diskBytes }) => sum + diskBytes, 0);
  }

  #lane(peer: PeerKey): Lane {
    const known = this.#lanes.get(peerText(peer));
    if (known) return known;
    const { totalShards, send } = this.#options;
    const [turns, underWay] = [this.#turns, this.#underWay];
    const lane = new Lane({ peer, totalShards, turns, underWay, send });
    this.#lanes.set(peerText(peer), lane);
    return lane;
  }
}

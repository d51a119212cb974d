/**
 * All events of one worker on their way to the bot, and to those who read beside it: a queue per shard and
 * reader, a lane per consumer, and one bound on the memory of them all (`memory_bound.ts`).
 *
 * @module
 */

import type { EventRecord, Gap } from "../protocol/event_frame.ts";
import { messageOf } from "../protocol/errors.ts";
import { type Cancel, every } from "../ports/clock.ts";
import { endTogether } from "../ports/lives/ending.ts";
import type { Spool } from "../ports/spool.ts";
import { type PeerKey, peerText, type ReaderKey, readerKey } from "../protocol/peer.ts";
import { Arrivals, type Arrived } from "./arrivals.ts";
import { Lane } from "./lane.ts";
import { MemoryBound } from "./memory_bound.ts";
import type { ShardQueueOptions } from "./queue_world.ts";
import { ShardQueue } from "./shard_queue.ts";
import { Turns } from "./turns.ts";
import { UnderWay } from "./under_way.ts";
import type { EventQueueOptions, Safety } from "./worker_world.ts";

/** A consumer that is away for so long, twice, has its events moved to disk. */
const AWAY_TICK_MS = 1_000;
const NOTHING: Arrived = { spool: null, records: [] };

/** What only the queue of a shard's bot has. */
type ForBot = Pick<ShardQueueOptions, "acknowledged" | "prepare">;

/** The queue of one worker. */
export class EventQueue {
  /** What another unit hands over of queues that are not open. */
  readonly arrivals: Arrivals;
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
  readonly #memory: MemoryBound<ShardQueue>;
  readonly #opened = new Map<number, Promise<void>>();
  /** Readers that have begun or are about to, by the text of the peer. */
  readonly #reading = new Map<string, Promise<void>>();
  readonly #spools = new Map<number, Spool>();
  /** Shards that are held back → the cursor above which nothing is sent. */
  readonly #heldAfter = new Map<number, number>();
  /** Queues whose consumer was away at the last tick. */
  #away = new Set<ShardQueue>();
  #cancelTick: Cancel = () => {};

  constructor(options: EventQueueOptions) {
    this.#options = options;
    const { clock, delayMs = 0, nap = () => {}, pause = () => {}, shed } = options;
    this.#turns = new Turns({ clock, delayMs, nap });
    this.#underWay = new UnderWay(options.limitBytes, () => Math.max(1, this.#all.size));
    this.#memory = new MemoryBound({
      ...options,
      hasDisk: options.openSpool !== undefined,
      queues: () => this.#all.keys(),
      shed: (queue, gone) => {
        if (this.#queues.get(queue.shardId) === queue) shed?.(queue.shardId, gone);
      },
      pause,
    });
    this.arrivals = new Arrivals({
      openSpool: options.openSpool,
      mayWrite: (bytes) => this.#diskBytes() + bytes <= (options.diskLimitBytes ?? Infinity),
      memoryBytes: options.limitBytes / 2,
    });
    for (const shardId of Object.keys(options.clusterOfShard)) this.#plan(Number(shardId));
    if (options.openSpool) this.#cancelTick = every(clock, AWAY_TICK_MS, () => this.#spillAway());
  }

  /** Whether Discord's sockets are to be left unread. */
  get isPaused(): boolean {
    return this.#memory.isPaused;
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
      prepare: (record) => this.#prepared(record, this.#options.prepare),
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
      account: (bytes) => this.#memory.account(bytes),
      acknowledged: (cursor) => {
        acknowledged?.(cursor);
        changed?.(shardId);
      },
      stored: () => {
        this.#memory.stored();
        changed?.(shardId);
      },
      failed: (reason, isFull) => {
        this.#memory.failed(isFull);
        failed?.(shardId, reason);
      },
      ...prepare,
      maySpill: () => this.#memory.maySpill(),
      mayWrite: () => this.#diskBytes() < (this.#options.diskLimitBytes ?? Infinity),
      shareBytes: () => this.#memory.pieceBytes(this.#all.size),
      hasRoom: () => this.#memory.hasRoom,
    });
    queue.lag.holdAfter(this.#heldAfter.get(shardId) ?? Infinity);
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

  /** Somebody reads a shard beside its bot no more: what waits for it is given up, or stays on disk (`keeps`). */
  async dismiss(peer: ReaderKey, keeps = false): Promise<void> {
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
    await (keeps ? queue.close() : queue.discard());
  }

  /**
   * A shard is gone: what waits of it is given up, in memory and on disk, also where it was never opened; so is
   * what waits for these readers. With `keeps` it stays on disk, where there is one. Rejects where it cannot be
   * deleted.
   */
  async giveUp(shardId: number, readers: readonly string[] = [], keeps = false): Promise<void> {
    const shard = { total: this.#options.totalShards, id: shardId };
    this.hold(shardId, -1);
    const names = new Set([...readers, ...this.#readers.get(shardId)?.keys() ?? []]);
    const peers = [...names].map((reader) => readerKey(shard, reader));
    await Promise.allSettled([this.open(shardId, 0), ...peers.map((peer) => this.read(peer, 0))]);
    await Promise.all(peers.map((peer) => this.dismiss(peer, keeps)));
    const queue = this.of(shardId);
    this.#laneOf.get(shardId)?.remove(queue);
    this.#plan(shardId);
    this.#all.delete(queue);
    for (const each of [this.#queues, this.#opened, this.#spools, this.#heldAfter]) {
      each.delete(shardId);
    }
    await (keeps ? queue.close() : queue.discard());
  }

  /** The queue of somebody who reads a shard beside its bot. */
  reader({ shard, reader }: ReaderKey): ShardQueue | undefined {
    return this.#readers.get(shard.id)?.get(reader);
  }

  /**
   * Sends nothing of a shard above a cursor, to its bot or to who reads beside it, and takes all that comes. By
   * default above the newest. Gives that cursor; where the shard was held back before, the one of then.
   */
  hold(shardId: number, after?: number): number {
    const known = this.#heldAfter.get(shardId);
    if (known !== undefined) return known;
    const queues = this.#queuesOf(shardId);
    const through = after ?? Math.max(...queues.map(({ newest }) => newest));
    this.#heldAfter.set(shardId, through);
    for (const { lag } of queues) lag.holdAfter(through);
    return through;
  }

  /** Sends on what was held back of a shard. */
  release(shardId: number): void {
    if (!this.#heldAfter.delete(shardId)) return;
    for (const queue of this.#queuesOf(shardId)) {
      queue.lag.release(queue.newest, this.#options.clock.now());
      if (queue.hasUnsent) this.#all.get(queue)!()?.wake(queue, 0);
    }
  }

  /** What waits of a shard, for its bot or a reader; see {@linkcode ShardQueue.waiting}. */
  async waiting(shardId: number, reader: string | null, after: number, limitBytes: number) {
    const queue = reader === null ? this.of(shardId) : this.#readers.get(shardId)?.get(reader);
    return await queue?.waiting(after, limitBytes) ?? [];
  }

  /** Up to this cursor everything of a shard has come, and is here where bot or readers are not done with it. */
  taken(shardId: number): number {
    return Math.min(...this.#queuesOf(shardId).map(({ newest }) => newest));
  }

  /** Whether somebody who is there was sent something of a shard that is not acknowledged. */
  isUnderWay(shardId: number): boolean {
    const isUp = (queue: ShardQueue) => this.#all.get(queue)!()?.isUp;
    return this.#queuesOf(shardId).some((queue) => queue.isUnderWay && isUp(queue));
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
    this.#memory.look();
  }

  /** Takes word of events of a shard that will never come. */
  gap(shardId: number, gap: Gap): void {
    this.of(shardId).gap(gap);
    this.#readers.get(shardId)?.forEach((queue) => queue.gap(gap));
    this.#memory.look();
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

  /** Has all that waits of a shard written to disk, where there is one; {@linkcode EventQueue.safety} tells when it is. */
  spill(shardId: number): void {
    this.of(shardId).spill();
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

  /** Puts what is in memory on disk, where there is one, and closes the files. Rejects where one cannot be closed. */
  async close(): Promise<void> {
    this.#cancelTick();
    await endTogether(...[...this.#all.keys()].map((queue) => () => queue.close()));
  }

  /** A shard is the cluster's that has it by the plan. */
  #plan(shardId: number): void {
    const id = this.#options.clusterOfShard[shardId];
    if (id === undefined) this.#laneOf.delete(shardId);
    else this.#laneOf.set(shardId, this.#lane({ kind: "cluster", id }));
  }

  async #open(shardId: number, acknowledged: number): Promise<void> {
    let arrived: Arrived = NOTHING;
    try {
      arrived = await this.arrivals.open(shardId, null);
    } finally {
      if (arrived.spool) this.#spools.set(shardId, arrived.spool);
      this.of(shardId).open(arrived.spool, acknowledged);
      this.of(shardId).restore(arrived.records);
    }
  }

  async #read(peer: ReaderKey, acknowledged?: number): Promise<void> {
    const { shard: { id: shardId }, reader } = peer;
    const { spool, records } = await this.arrivals.open(shardId, reader).catch((error) => {
      this.#options.failed?.(shardId, messageOf(error));
      return NOTHING;
    });
    // Of who comes anew nothing is left, but where an end was cut short.
    if (acknowledged === undefined && spool?.last) await spool.trim(spool.last);
    const lane = this.#lane(peer);
    const queue = this.#create(shardId, () => lane, {
      prepare: (record) => this.#prepared(record),
    });
    queue.open(spool, acknowledged ?? this.of(shardId).newest);
    queue.restore(records);
    const readers = this.#readers.get(shardId) ?? new Map();
    this.#readers.set(shardId, readers.set(reader, queue));
    lane.add(queue);
    this.#options.changed?.(shardId);
  }

  #queuesOf(shardId: number): ShardQueue[] {
    return [this.of(shardId), ...this.#readers.get(shardId)?.values() ?? []];
  }

  /** Whatever a record is, it holds up nothing: the bot's side says what is wrong with it. */
  #prepared(record: EventRecord, prepare?: ForBot["prepare"]): EventRecord | null {
    const { served, unprepared } = this.#options;
    const { shardId, cursor } = record;
    if (this.#heldAfter.size > 0 && cursor > (this.#heldAfter.get(shardId) ?? Infinity)) {
      return null;
    }
    try {
      const sent = served ? served(record) : record;
      return prepare ? prepare(sent) : sent;
    } catch (error) {
      unprepared?.(shardId, cursor, error);
      return record;
    }
  }

  #spillAway(): void {
    const isAway = ([{ shardId }, lane]: [ShardQueue, () => Lane | undefined]) =>
      !lane()?.isUp || this.#heldAfter.has(shardId);
    const away = [...this.#all].filter(isAway).map(([queue]) => queue);
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

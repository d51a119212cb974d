/**
 * A worker's queue between Discord, which sends what its sockets take, consumers that stop reading, and
 * the store's own files on a disk that stalls. Everything in virtual time.
 *
 * @module
 */

import assert from "node:assert/strict";
import { EventQueue } from "../../queue/worker_queue.ts";
import { readBatch, RECORD } from "../../protocol/event_frame.ts";
import { type PeerKey, peerText } from "../../protocol/peer.ts";
import { sleep } from "../../ports/clock.ts";
import type { SpoolFs } from "../../store/disk.ts";
import { openSpoolDir } from "../../store/spool_files.ts";
import { createVirtualClock, type VirtualClock } from "../../sim/wire/virtual_clock.ts";
import { diskFailure, fakeDisk } from "../support/fake_disk.ts";
import { consumer } from "../support/peers.ts";

/** How it goes. */
export interface Stall {
  readonly shards: number;
  /** Consumers among whom the shards are divided. */
  readonly sessions: number;
  readonly memoryBytes: number;
  readonly eventBytes: number;
  /** Of all shards together. */
  readonly eventsPerSecond: number;
  /** How long events come. */
  readonly durationMs: number;
  /** From when to when a consumer reads nothing. */
  readonly deaf: (session: number) => readonly [fromMs: number, toMs: number];
  /** How often a consumer acknowledges what it has read. */
  readonly ackEveryMs: number;
  /** How often a consumer loses its link, with what it has not read, and has another, as long as events come; 0: never. */
  readonly relinkEveryMs?: number;
  /** How long a write takes that begins at this time; it fails then where this is below 0. */
  readonly writeMs: (nowMs: number) => number;
}

/** What became of it. */
export interface Outcome {
  readonly sent: number;
  readonly dropped: number;
  /** Most that queues and unread sockets had in memory at once. */
  readonly mostBytes: number;
  readonly pausedMs: number;
  /** How long each consumer has waited for its events at the longest. */
  readonly lateMs: readonly number[];
}

const TICK_MS = 20;
/** What one read of a socket brings at most. */
const READ_BYTES = 64 * 1024;
/** What that takes in a queue, with events as small as those of the tests. */
export const MOST_READ_BYTES = 3 * READ_BYTES;
/** What a library on `/gateway` is given; the worker has a share of its own. */
const WINDOW_BYTES = 16 * 1024 * 1024;

/** Plays it, to the end of every queue; whatever was not dropped must have come once and in order. */
export async function play(stall: Stall): Promise<Outcome> {
  const clock = createVirtualClock();
  const readers = Array.from({ length: stall.sessions }, (_, id) => new Reader(id, stall, clock));
  const readerOf = (shardId: number) => readers[shardId % stall.sessions]!;
  const shardIds = Array.from({ length: stall.shards }, (_, id) => id);
  let isPaused = false;
  const fs = slowDisk(clock, stall.writeMs);
  const queue = new EventQueue({
    clock,
    clusterOfShard: {},
    totalShards: stall.shards,
    limitBytes: stall.memoryBytes,
    openSpool: openSpoolDir("d", { fs, segmentBytes: 256 * 1024 }),
    send: (peer, link, batch) => readers.find((each) => each.is(peer))!.receive(link, batch),
    pause: (now) => isPaused = now,
  });
  for (const shardId of shardIds) {
    await queue.open(shardId, 0);
    queue.assign(shardId, readerOf(shardId).peer);
  }
  for (const reader of readers) queue.link(reader.peer, 1, WINDOW_BYTES);

  const sources = shardIds.map((shardId) => new Source(shardId, stall, queue));
  const cameMs = (shardId: number, cursor: number) => sources[shardId]!.cameMs[cursor - 1]!;
  const memoryBytes = () =>
    shardIds.reduce((sum, shardId) => sum + queue.of(shardId).queuedBytes, 0) +
    readers.reduce((sum, { unreadBytes }) => sum + unreadBytes, 0);
  let mostBytes = 0;
  let pausedMs = 0;
  const tick = async (eventsPerSecond: number) => {
    const events = eventsPerSecond / stall.shards * TICK_MS / 1_000;
    for (const source of sources) source.come(events, clock.now());
    for (const source of sources) source.read(() => isPaused);
    mostBytes = Math.max(mostBytes, memoryBytes());
    await clock.advance(TICK_MS);
    for (const reader of readers) reader.tick(queue, cameMs);
    if (isPaused) pausedMs += TICK_MS;
    mostBytes = Math.max(mostBytes, memoryBytes());
  };
  while (clock.now() < stall.durationMs) await tick(stall.eventsPerSecond);
  const isDone = () =>
    sources.every(({ sent, cameMs, shardId }) =>
      sent === cameMs.length && readerOf(shardId).has(shardId) >= sent
    );
  for (const endMs = clock.now() + 3_600_000; !isDone();) {
    assert.ok(clock.now() < endMs, "nothing comes any more, and not all has come");
    await tick(0);
  }
  const counts = shardIds.map((shardId) => queue.of(shardId).counts);
  return {
    sent: sources.reduce((sum, { sent }) => sum + sent, 0),
    dropped: counts.reduce((sum, { dropped }) => sum + dropped, 0),
    mostBytes,
    pausedMs,
    lateMs: readers.map(({ lateMs }) => lateMs),
  };
}

/** Discord's end of a shard's socket: TCP holds what is not read. */
class Source {
  readonly shardId: number;
  sent = 0;
  /** When each event came: those that are not sent wait in TCP. */
  readonly cameMs: number[] = [];
  #came = 0;
  readonly #queue: EventQueue;
  readonly #event: Uint8Array;
  /** A read is under way, which ends whatever is paused meanwhile. */
  #isReading = true;

  constructor(shardId: number, { eventBytes }: Stall, queue: EventQueue) {
    this.shardId = shardId;
    this.#queue = queue;
    this.#event = new Uint8Array(eventBytes);
  }

  come(events: number, nowMs: number): void {
    this.#came += events;
    while (this.cameMs.length < Math.floor(this.#came)) this.cameMs.push(nowMs);
  }

  read(isPaused: () => boolean): void {
    if (!isPaused()) this.#isReading = true;
    while (this.#isReading && this.sent < this.cameMs.length) {
      const end = this.sent + Math.max(1, Math.floor(READ_BYTES / this.#event.length));
      while (this.sent < Math.min(end, this.cameMs.length)) {
        this.#queue.accept(this.shardId, ++this.sent, this.#event);
      }
      this.#isReading = !isPaused();
    }
  }
}

/** A consumer's process, and its socket. */
class Reader {
  readonly peer: PeerKey;
  /** Bytes in the socket. */
  unreadBytes = 0;
  lateMs = 0;
  readonly #stall: Stall;
  readonly #clock: VirtualClock;
  readonly #deaf: readonly [number, number];
  #unread: Uint8Array[] = [];
  readonly #has = new Map<number, number>();
  /** What came last on this link, and what was acknowledged. */
  #came = new Map<number, number>();
  readonly #acknowledged = new Map<number, number>();
  #acknowledgedMs = 0;
  #link = 1;
  #linkedMs = 0;

  constructor(id: number, stall: Stall, clock: VirtualClock) {
    this.peer = consumer(id, stall.sessions);
    this.#stall = stall;
    this.#clock = clock;
    this.#deaf = stall.deaf(id);
  }

  is(peer: PeerKey): boolean {
    return peerText(peer) === peerText(this.peer);
  }

  has(shardId: number): number {
    return this.#has.get(shardId) ?? 0;
  }

  receive(link: number, batch: Uint8Array): void {
    assert.equal(link, this.#link);
    this.#unread.push(batch);
    this.unreadBytes += batch.length;
  }

  tick(queue: EventQueue, cameMs: (shardId: number, cursor: number) => number): void {
    const nowMs = this.#clock.now();
    const { relinkEveryMs, ackEveryMs, durationMs } = this.#stall;
    const isDue = relinkEveryMs && nowMs - this.#linkedMs >= relinkEveryMs;
    if (isDue && nowMs < durationMs) this.#relink(queue);
    if (nowMs >= this.#deaf[0] && nowMs < this.#deaf[1]) return;
    for (const batch of this.#unread.splice(0)) {
      for (const { shardId, cursor, kind, body } of readBatch(batch).records) {
        const isGap = kind === RECORD.GAP;
        const from = isGap ? JSON.parse(new TextDecoder().decode(body)).from : cursor;
        const next = (this.#came.get(shardId) ?? 0) + 1;
        assert.equal(from, next, `shard ${shardId}: out of order`);
        this.#came.set(shardId, cursor);
        if (cursor <= this.has(shardId)) continue;
        this.#has.set(shardId, cursor);
        this.lateMs = Math.max(this.lateMs, nowMs - cameMs(shardId, cursor));
      }
    }
    this.unreadBytes = 0;
    if (nowMs - this.#acknowledgedMs < ackEveryMs) return;
    this.#acknowledgedMs = nowMs;
    for (const [shardId, cursor] of this.#came) this.#acknowledged.set(shardId, cursor);
    queue.acknowledge(this.peer, this.#link, Object.fromEntries(this.#came));
  }

  #relink(queue: EventQueue): void {
    this.#linkedMs = this.#clock.now();
    queue.link(this.peer, null, 0);
    this.#unread = [];
    this.unreadBytes = 0;
    this.#came = new Map(this.#acknowledged);
    queue.link(this.peer, ++this.#link, WINDOW_BYTES);
  }
}

function slowDisk(clock: VirtualClock, writeMs: (nowMs: number) => number): SpoolFs {
  const disk = fakeDisk();
  return {
    ...disk,
    async open(path, keptBytes) {
      const file = await disk.open(path, keptBytes);
      return {
        ...file,
        async sync() {
          const ms = writeMs(clock.now());
          await sleep(clock, Math.abs(ms));
          if (ms < 0) throw diskFailure("EIO", "sync failed");
          await file.sync();
        },
      };
    },
  };
}

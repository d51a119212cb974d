/**
 * A shard's queue between a disk that does what a test says and a taker.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { ShardQueueOptions } from "../../queue/queue_world.ts";
import { ShardQueue } from "../../queue/shard_queue.ts";
import type { EventRecord } from "../../protocol/event_frame.ts";
import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";
import { mortalClock } from "../support/in_process_thread.ts";
import { ScriptedDisk } from "../support/scripted_disk.ts";

/** Unsent bytes that are kept in memory while the rest is on disk. */
export const FRONT_BYTES = 1024 * 1024;

/** What the queue told. */
export interface Told {
  acknowledged: number[];
  stored: number[];
  failed: string[];
  /** Memory in use, by its own account. */
  bytes: number;
}

/** A disk, a clock and the queue's life on them; `live()` begins another, and whoever lived before is dead. */
export function setUpQueue(changed: Partial<ShardQueueOptions> = {}) {
  const clock = createVirtualClock();
  const disk = new ScriptedDisk();
  const told: Told = { acknowledged: [], stored: [], failed: [], bytes: 0 };
  let lives = 0;
  const live = (acknowledged = 0) => {
    told.bytes = 0;
    const life = ++lives;
    const queue = new ShardQueue(0, {
      clock: mortalClock(clock, () => life < lives),
      wake() {},
      account: (bytes) => told.bytes += bytes,
      acknowledged: (cursor) => told.acknowledged.push(cursor),
      stored: (cursor) => told.stored.push(cursor),
      failed: (reason) => told.failed.push(reason),
      mayWrite: () => true,
      shareBytes: () => FRONT_BYTES,
      hasRoom: () => true,
      ...changed,
    });
    queue.open(disk.open(), acknowledged);
    return queue;
  };
  /** What is ready goes on; time stands still. */
  const settle = () => clock.advance(0);
  return { clock, disk, told, live, settle };
}

/** Accepts the events from one cursor to another. */
export function accept(queue: ShardQueue, from: number, to: number, size = 100): void {
  for (let cursor = from; cursor <= to; cursor++) queue.accept(cursor, new Uint8Array(size));
}

/** Takes what is there, as records. */
export function takeRecords(queue: ShardQueue, limitBytes = Infinity): EventRecord[] {
  const batch: EventRecord[] = [];
  queue.takeUnsent(batch, limitBytes);
  return batch;
}

/** Takes what is there, as cursors. */
export function take(queue: ShardQueue, limitBytes = Infinity): number[] {
  return takeRecords(queue, limitBytes).map(({ cursor }) => cursor);
}

/** Takes and acknowledges until nothing comes any more; gives the cursors in the order they came. */
export async function drain(queue: ShardQueue, settle: () => Promise<void>): Promise<number[]> {
  const got: number[] = [];
  await settle();
  const next = async () => {
    const taken = take(queue, 64 * 1024);
    if (taken.length > 0) return taken;
    // What is on disk comes when it has been asked for.
    await settle();
    return take(queue, 64 * 1024);
  };
  for (let taken = await next(); taken.length > 0; taken = await next()) {
    for (const cursor of taken) got.push(cursor);
    queue.acknowledge(taken.at(-1)!);
    await settle();
  }
  return got;
}

/** The numbers from one to another. */
export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

/** Nothing is left, anywhere. */
export function assertEmpty(queue: ShardQueue, { disk, told }: { disk: ScriptedDisk; told: Told }) {
  assert.deepEqual(
    {
      queued: queue.queued,
      queuedBytes: queue.queuedBytes,
      unsentBytes: queue.unsentBytes,
      accounted: told.bytes,
      diskBytes: queue.diskBytes,
      onDisk: disk.records.length,
    },
    {
      queued: 0,
      queuedBytes: 0,
      unsentBytes: 0,
      accounted: 0,
      diskBytes: 0,
      onDisk: 0,
    },
  );
}

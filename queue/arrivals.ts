/**
 * What another unit has handed over of queues that are not open here yet: on disk where there is one, so that it is
 * found there whatever becomes of the worker, else in memory.
 *
 * @module
 */

import { GatehouseError } from "../protocol/errors.ts";
import { type EventRecord, RECORD_HEADER_BYTES } from "../protocol/event_frame.ts";
import type { OpenSpool, Spool } from "../ports/spool.ts";

/** What it needs. */
export interface ArrivalsOptions {
  /** Opens the spool of a shard, or of somebody who reads it; without it all stays in memory. */
  readonly openSpool?: OpenSpool | undefined;
  /** Whether the disk may have so many bytes beside those of open queues. */
  readonly mayWrite: (bytes: number) => boolean;
  /** The most that may be in memory. */
  readonly memoryBytes: number;
}

/** What has come for one queue. */
export interface Arrived {
  /** `null`: there is no disk. */
  readonly spool: Spool | null;
  /** What is not on disk, in order. */
  readonly records: readonly EventRecord[];
}

/** What has come for the queues of one worker. */
export class Arrivals {
  readonly #options: ArrivalsOptions;
  readonly #arrived = new Map<string, Arrived>();

  constructor(options: ArrivalsOptions) {
    this.#options = options;
  }

  /**
   * Takes records of a queue; the bodies are kept. Resolves when they are on disk, where there is one.
   *
   * @param isFirst They are the first: what was there before is another life's, and deleted.
   * @throws {GatehouseError} `disk_full` where there is no room; what the spool says. None of them is there then.
   */
  async put(
    shardId: number,
    reader: string | null,
    records: readonly EventRecord[],
    isFirst: boolean,
  ): Promise<void> {
    const key = keyOf(shardId, reader);
    const known = isFirst ? undefined : this.#arrived.get(key);
    const { spool, records: before } = known ?? await this.#begin(shardId, reader);
    const bytes = bytesOf(records);
    const isRoom = spool
      ? this.#options.mayWrite(this.#diskBytes() + bytes)
      : this.#memoryBytes(key) + bytesOf(before) + bytes <= this.#options.memoryBytes;
    if (!isRoom) {
      const text =
        `Cannot take ${bytes} bytes of shard ${shardId}: this worker has no room for them`;
      throw new GatehouseError("disk_full", "host", text, { shardId });
    }
    await spool?.append(records);
    this.#arrived.set(key, { spool, records: spool ? [] : [...before, ...records] });
  }

  /** What has come for a queue, or an earlier life has left: it is the queue's from here on. Rejects as the spool does. */
  async open(shardId: number, reader: string | null): Promise<Arrived> {
    const key = keyOf(shardId, reader);
    const known = this.#arrived.get(key);
    this.#arrived.delete(key);
    return known ?? { spool: await this.#open(shardId, reader), records: [] };
  }

  /** A queue with nothing in it. */
  async #begin(shardId: number, reader: string | null): Promise<Arrived> {
    const key = keyOf(shardId, reader);
    await this.#arrived.get(key)?.spool?.close();
    this.#arrived.delete(key);
    let spool = await this.#open(shardId, reader);
    while (spool !== null && spool.last !== null) {
      await spool.trim(spool.last);
      await spool.close();
      spool = await this.#open(shardId, reader);
    }
    this.#arrived.set(key, { spool, records: [] });
    return { spool, records: [] };
  }

  async #open(shardId: number, reader: string | null): Promise<Spool | null> {
    const { openSpool } = this.#options;
    if (!openSpool) return null;
    return await (reader === null ? openSpool(shardId) : openSpool(shardId, reader));
  }

  /** What has come and is not any queue's yet. */
  #diskBytes(): number {
    return this.#arrived.values().reduce((sum, { spool }) => sum + (spool?.bytes ?? 0), 0);
  }

  #memoryBytes(but: string): number {
    let bytes = 0;
    for (const [key, { records }] of this.#arrived) if (key !== but) bytes += bytesOf(records);
    return bytes;
  }
}

function keyOf(shardId: number, reader: string | null): string {
  return reader === null ? `${shardId}` : `${shardId}@${reader}`;
}

function bytesOf(records: readonly EventRecord[]): number {
  return records.reduce((sum, { body }) => sum + RECORD_HEADER_BYTES + body.length, 0);
}

/**
 * The side of a shard's queue that is on disk: what is written to it, how far it goes, what is deleted of it.
 *
 * @module
 */

import { GatehouseError, messageOf } from "../protocol/errors.ts";
import type { EventRecord } from "../protocol/event_frame.ts";
import { endInTurn } from "../ports/lives/ending.ts";
import type { Spool } from "../ports/spool.ts";
import { Outbox } from "./outbox.ts";
import type { ShardQueueOptions } from "./queue_world.ts";
import { Trimmer } from "./trimmer.ts";

/** What it needs, and tells. */
export type DiskSideOptions = Pick<
  ShardQueueOptions,
  "failed" | "mayWrite" | "shareBytes" | "stored"
>;

/** The disk of one queue. */
export class DiskSide {
  /** Newest cursor on disk; 0 before the first, also where an earlier life has left something. */
  newest = 0;
  readonly #spool: Spool;
  readonly #options: DiskSideOptions;
  readonly #trimmer: Trimmer;
  #isClosed = false;

  constructor(spool: Spool, options: DiskSideOptions) {
    this.#spool = spool;
    this.#options = options;
    this.#trimmer = new Trimmer(spool, (reason) => options.failed(reason, false));
  }

  /** Bytes on disk. */
  get bytes(): number {
    return this.#spool.bytes;
  }

  /** Writes records down, piece by piece; gives whether they are there. */
  async appendAll(records: readonly EventRecord[]): Promise<boolean> {
    const rest = Outbox.of(records);
    while (rest.hasUnsent) {
      const piece: EventRecord[] = [];
      rest.takeUnsent(piece, this.#options.shareBytes());
      if (!await this.append(piece)) return false;
    }
    return true;
  }

  /**
   * Writes records down at once; gives whether they are there. What a spill that failed has left on disk is not
   * written again.
   */
  async append(records: readonly EventRecord[]): Promise<boolean> {
    const { mayWrite, failed, stored } = this.#options;
    const missing = records.filter(({ cursor }) => cursor > this.newest);
    if (missing.length === 0) return true;
    if (!mayWrite()) {
      failed("QUEUE_DISK_BYTES are used up", true);
      return false;
    }
    try {
      await this.#spool.append(missing);
    } catch (error) {
      failed(messageOf(error), error instanceof GatehouseError && error.code === "disk_full");
      return false;
    }
    this.newest = missing.at(-1)!.cursor;
    stored(this.newest);
    return true;
  }

  /** Records above a cursor; rejects as the spool says. */
  read(cursor: number, limitBytes: number): Promise<EventRecord[]> {
    return this.#spool.read(cursor, limitBytes);
  }

  /** Everything up to `cursor` may go; of what is closed all stays. */
  trim(cursor: number): void {
    if (!this.#isClosed) this.#trimmer.trim(cursor);
  }

  /** Deletes all of it. */
  async empty(): Promise<void> {
    await endInTurn(() => this.#spool.trim(this.newest), () => this.#spool.close());
  }

  /** What is there stays. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#spool.close();
  }
}

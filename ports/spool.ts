/**
 * The events of one shard on disk, in order of their cursors.
 *
 * @module
 */

import { GatehouseError } from "../protocol/errors.ts";
import type { EventRecord } from "../protocol/event_frame.ts";

/**
 * A queue on disk. Calls may be made at any time, without waiting for others: appends are carried
 * out in their order, and whatever was acknowledged can be read.
 */
export interface Spool {
  /** Cursor of the oldest record that is kept; `null` when there is none. */
  readonly first: number | null;
  /**
   * Cursor of the newest record; `null` when there is none.
   *
   * A crash never takes a record whose `append` had resolved. A disk that loses bytes by itself can:
   * where `last` is below a cursor that was written down as safe, events are missing behind it.
   */
  readonly last: number | null;
  /** Bytes on disk. */
  readonly bytes: number;
  /** Parts of files that were found not to be readable since it was opened. */
  readonly damaged: number;
  /**
   * Writes records down; resolves when they are on disk and survive a power cut. Calls that are made
   * while the disk is busy share one write. The bodies must not change before the answer.
   *
   * When it rejects, none of the call's records is there, and every call that was waiting behind it
   * is rejected too: there are no holes, and the caller can try again from there.
   *
   * @throws {GatehouseError} `disk_full`; `bad_state` when they could not be written for another
   * reason; `illegal_step` when the spool is closed, a record is another shard's, or a cursor is not
   * above the one before it.
   */
  append(records: readonly EventRecord[]): Promise<void>;
  /**
   * Records with a cursor above `cursor`, oldest first: about `limitBytes` of them, at least one
   * where there is one. Reading on from the last cursor does not read anything twice. The bodies are
   * views into a larger buffer.
   *
   * Where the disk has lost records, a record of the kind `RECORD.GAP` stands in their place, like
   * any other: it names the cursors that are missing, and the file and byte.
   *
   * @throws {GatehouseError} `bad_state` when the disk cannot be read at this moment; its `data`
   * holds `from` and `to`, the cursors that wait there.
   */
  read(cursor: number, limitBytes: number): Promise<EventRecord[]>;
  /**
   * Everything up to `cursor` is dealt with: what can be deleted is. Records up to `cursor` may still
   * be there afterwards, but nothing is once all were trimmed.
   *
   * @throws {GatehouseError} `bad_state` when a file cannot be deleted; trimming again tries again.
   */
  trim(cursor: number): Promise<void>;
  /** Waits for what is under way and closes the files; what is on disk stays. */
  close(): Promise<void>;
}

/**
 * Opens the spool of a shard, with what an earlier life left in it: its bot's, or that of a reader beside
 * the bot, by name. Open it once at a time.
 *
 * @throws {GatehouseError} `bad_config` when a newer version wrote it, `bad_state` when it cannot be
 * read.
 */
export type OpenSpool = (shardId: number, reader?: string) => Promise<Spool>;

/**
 * Checks records that are to be appended after `after`, and gives the last cursor of them all.
 *
 * @throws {GatehouseError} `illegal_step` when one is another shard's, or its cursor is not above the
 * one before it.
 */
export function requireGrowing(
  shardId: number,
  after: number,
  records: readonly EventRecord[],
): number {
  let last = after;
  for (const record of records) {
    if (record.shardId !== shardId || record.cursor <= last) {
      const found = `it comes after cursor ${last} of shard ${shardId}`;
      const text = `Cannot append event ${record.cursor} of shard ${record.shardId}: ${found}`;
      throw new GatehouseError("illegal_step", "caller", text);
    }
    last = record.cursor;
  }
  return last;
}

/** The error of a call on a spool that was closed. */
export function closedSpool(shardId: number): GatehouseError {
  const text = `Cannot append events of shard ${shardId}: the spool is closed`;
  return new GatehouseError("illegal_step", "caller", text);
}

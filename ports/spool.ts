/**
 * The events of one shard on disk, in order of their cursors.
 *
 * @module
 */

import type { EventRecord } from "../protocol/event_frame.ts";

/**
 * A queue on disk.
 *
 * - `append` resolves when the records are on disk and survive a power cut; calls are answered in
 *   order. It rejects when they could not be written, and then none of the call's records is there.
 * - `read` gives records after a cursor, oldest first, at least one where there is one.
 * - After a crash everything whose `append` had resolved is there; a torn end is cut off.
 */
export interface Spool {
  /** Cursor of the oldest record that is kept; `null` when there is none. */
  readonly first: number | null;
  /** Cursor of the newest record; `null` when there is none. */
  readonly last: number | null;
  /** Bytes on disk. */
  readonly bytes: number;
  append(records: readonly EventRecord[]): Promise<void>;
  /** Records with a cursor above `cursor`, until they have about `limitBytes`. */
  read(cursor: number, limitBytes: number): Promise<EventRecord[]>;
  /** Everything up to `cursor` is dealt with: what can be deleted is. */
  trim(cursor: number): Promise<void>;
  /** Closes the files; what is on disk stays. */
  close(): Promise<void>;
}

/** Opens the spool of a shard, with what an earlier life left in it. */
export type OpenSpool = (shardId: number) => Promise<Spool>;

/**
 * What the queue of a shard needs of its worker, and tells it.
 *
 * @module
 */

import type { EventRecord } from "../protocol/event_frame.ts";
import type { Clock } from "../ports/clock.ts";

/** What the queue of a shard needs. */
export interface ShardQueueOptions {
  readonly clock: Clock;
  /** There is something new to send, of so many bytes. */
  readonly wake: (bytes: number) => void;
  /** Memory taken or given back. */
  readonly account: (bytes: number) => void;
  /** Who takes is done with everything up to this cursor. */
  readonly acknowledged: (cursor: number) => void;
  /** Everything up to this cursor is safe on disk. */
  readonly stored: (cursor: number) => void;
  /** The disk failed, or has no room (`isFull`); events stay in memory and it is tried again. */
  readonly failed: (reason: string, isFull: boolean) => void;
  /** A spill that failed may be tried again. */
  readonly maySpill?: () => void;
  /** Whether the disk may take more. */
  readonly mayWrite: () => boolean;
  /** Bytes that are read back ahead of who takes them, and bytes that are written at once. */
  readonly shareBytes: () => number;
  /** Whether there is memory for what nobody asks for at this moment. */
  readonly hasRoom: () => boolean;
  /** Gives each record as it is to be sent, or `null` to stop before it. */
  readonly prepare?: (record: EventRecord) => EventRecord | null;
}

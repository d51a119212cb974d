/**
 * What the queue of a shard is told, and whom it tells.
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
  /** The bot is done with everything up to this cursor. */
  readonly acknowledged: (cursor: number) => void;
  /** Everything up to this cursor is safe on disk. */
  readonly stored: (cursor: number) => void;
  /** The disk failed; events stay in memory and it is tried again. */
  readonly failed: (reason: string) => void;
  /** Whether the disk may take more. */
  readonly mayWrite: () => boolean;
  /** Unsent bytes that are kept in memory while the rest is on disk. */
  readonly frontBytes: () => number;
  /** Gives each record as it is to be sent, or `null` to stop before it. */
  readonly prepare?: (record: EventRecord) => EventRecord | null;
}

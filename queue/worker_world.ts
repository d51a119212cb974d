/**
 * What the queue of a worker is made with, and what it tells.
 *
 * @module
 */

import type { EventRecord } from "../protocol/event_frame.ts";
import type { OpenSpool } from "../ports/spool.ts";
import type { LaneOptions } from "./lane.ts";
import type { ShardQueueOptions } from "./queue_world.ts";
import type { Overflow, Stretch } from "./shedding.ts";
import type { TurnsOptions } from "./turns.ts";

/** What the queue of a worker is made with. */
export interface EventQueueOptions
  extends
    Pick<ShardQueueOptions, "clock" | "prepare">,
    Pick<LaneOptions, "totalShards" | "send">,
    Partial<Pick<TurnsOptions, "delayMs" | "nap">> {
  /** Shard id → cluster. A shard without one keeps its events until somebody consumes them. */
  readonly clusterOfShard: Readonly<Record<number, number>>;
  readonly limitBytes: number;
  readonly overflow?: Overflow;
  /** Bytes that the spools of this worker may hold together. Default: no bound. */
  readonly diskLimitBytes?: number;
  /** Opens the spool of a shard; without it events are kept in memory only. */
  readonly openSpool?: OpenSpool;
  /** The bot is done with everything of a shard up to this cursor. */
  readonly acknowledged?: (shardId: number, cursor: number) => void;
  /** What {@linkcode EventQueue.safety} says of a shard has changed. */
  readonly changed?: (shardId: number) => void;
  /** Events of a shard were dropped for want of room, and its bot goes without them. */
  readonly shed?: (shardId: number, gone: Stretch) => void;
  /** Gives each record as it is to be sent to whoever gets the shard; for its bot `prepare` follows. */
  readonly served?: (record: EventRecord) => EventRecord;
  /** A record could not be prepared: it is sent as it is. */
  readonly unprepared?: (shardId: number, cursor: number, error: unknown) => void;
  /** The disk failed; events stay in memory and it is tried again. */
  readonly failed?: (shardId: number, reason: string) => void;
  /** Leaves Discord's sockets unread for as long as the disk needs, or reads on (`false`). */
  readonly pause?: (isPaused: boolean) => void;
}

/** How far a shard's events have been dealt with. */
export interface Safety {
  /** By the bot. */
  readonly acknowledged: number;
  /** By each reader beside it. */
  readonly readers: Readonly<Record<string, number>>;
  /** By the bot and by all readers: the lowest of the above. */
  readonly done: number;
  /** The same, where what is on disk counts as well: Discord need not send it again. */
  readonly safe: number;
}

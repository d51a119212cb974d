/**
 * What a shard is, what it needs of its surroundings, what it counts.
 *
 * @module
 */

import type { Gap } from "../protocol/event_frame.ts";
import type { BegunSession } from "../protocol/estate.ts";
import type { Cause, ShardStatus } from "../protocol/status.ts";
import type { Compression } from "../protocol/worker_message.ts";
import type { Log } from "../ports/log.ts";
import type { ConnectionWorld } from "./connection.ts";

/** What a shard is. */
export interface ShardSettings {
  readonly shardId: number;
  readonly totalShards: number;
  readonly intents: number;
  /** Bare token, without `Bot `. */
  readonly token: string;
  readonly gatewayUrl: string;
  readonly compression: Compression;
}

/** What a shard needs of its surroundings. */
export interface ShardWorld extends ConnectionWorld {
  readonly log: Log;
  /** Permission to identify: asked for, reported when used, given back when not. */
  readonly gate: {
    ask(shardId: number): void;
    sent(shardId: number, permit: number): void;
    release(shardId: number): void;
  };
  /** Where dispatches go. The bytes must be copied: they are overwritten after the call. */
  readonly sink: {
    accept(shardId: number, cursor: number, payload: Uint8Array, t: string | null): void;
    gap(shardId: number, gap: Gap): void;
  };
  /** Sees every change of state. */
  status(status: ShardStatus): void;
  /** A session began, or is gone (`null`). */
  session(shardId: number, began: BegunSession | null): void;
  /** The presence that a shard identifies with; `undefined`: none. */
  presence?(shardId: number): object | undefined;
  /** A heartbeat is due, and sent by whoever calls `send`; without this it is sent at once. */
  heartbeat?(shardId: number, send: () => void): void;
  /** A heartbeat was answered. */
  heartbeatAck?(shardId: number, latencyMs: number): void;
}

/** What a shard counts on its own; the outbox counts the rest. */
export interface ShardTally {
  received: number;
  receivedBytes: number;
  identifies: number;
  resumes: number;
  stale: number;
  illegal: number;
  readonly reconnects: Partial<Record<Cause, number>>;
}

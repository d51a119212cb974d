/**
 * What a shard is, and what it needs of its surroundings.
 *
 * @module
 */

import type { Gap } from "../protocol/event_frame.ts";
import type { Presence } from "../protocol/discord/presence.ts";
import type { BegunSession } from "../protocol/estate.ts";
import type { ShardStatus } from "../protocol/status.ts";
import type { GivenUp, WorkerOptions } from "../protocol/worker_message.ts";
import type { Log } from "../ports/log.ts";
import type { ConnectionWorld } from "./connection.ts";
/** What a shard is. */
export type ShardSettings =
  & {
    readonly shardId: number;
    /** What the bot had asked for in an earlier life. */
    readonly presence?: Presence | null;
    /** Guilds of more members come without those that are offline. Default: Discord's. */
    readonly largeThreshold?: number;
  }
  & Pick<
    WorkerOptions,
    "totalShards" | "intents" | "token" | "gatewayUrl" | "tokenHosts" | "compression"
  >;

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
  /** The least time before a session is resumed that somebody else may have: 0 where nobody can. Default: 0. */
  leastPauseMs?(): number;
  /** Discord refuses the shard, and it has stopped: whoever knows better restarts it. */
  gaveUp(shardId: number, why: GivenUp): void;
  /** The presence that a shard identifies with until the bot asks for one; `undefined`: none. */
  presence?(shardId: number): object | undefined;
  /** The bot has asked for a presence; `null`: what it asked for was of no use. */
  presenceSet?(shardId: number, wanted: Presence | null): void;
  /** A heartbeat is due, and sent by whoever calls `send`; without this it is sent at once. */
  heartbeat?(shardId: number, send: () => void): void;
  /** A heartbeat was answered. */
  heartbeatAck?(shardId: number, latencyMs: number): void;
}

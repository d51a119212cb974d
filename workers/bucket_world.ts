/**
 * What the shards of one worker need of the world around them.
 *
 * @module
 */

import type { FromWorker } from "../protocol/worker_message.ts";
import type { Nap } from "../ports/clock.ts";
import type { OpenGuildDisk } from "../ports/guild_files.ts";
import type { TellSpan } from "../ports/telemetry/telemetry.ts";
import type { HttpPost } from "../ports/http/post.ts";
import type { OpenSpool } from "../ports/spool.ts";
import type { ConnectionWorld } from "../gateway/connection.ts";
import type { ShardWorld } from "../gateway/shard_world.ts";
import type { EventFilter } from "../intake/intake.ts";

/** Sends a message to the main thread. */
export type Post = (message: FromWorker) => void;

/** What a bucket needs of the world. */
export interface BucketWorld
  extends ConnectionWorld, Pick<ShardWorld, "presence" | "heartbeat" | "heartbeatAck"> {
  /** Without it events are kept in memory only. */
  readonly openSpool?: OpenSpool;
  /** Without it guilds are kept in memory only. */
  readonly openGuilds?: OpenGuildDisk;
  /** Sleeps with the thread; without it events are never held. */
  readonly nap?: Nap;
  /** Sends events to clusters that are POSTed to. Default: the runtime. */
  readonly post?: HttpPost;
  /** Told of events that were followed. Default: nobody, and none is. */
  readonly span?: TellSpan;
  /** Whether the bot is to get a dispatch; without it it gets all. */
  readonly keep?: EventFilter;
}

/**
 * What a pool of shard workers is made with.
 *
 * @module
 */

import type { ResumePoint } from "../gateway/session_book.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import type { SavedGuilds } from "../protocol/discord/guild_note.ts";
import type { PeerKey } from "../protocol/peer.ts";
import type { InteractionMark } from "../protocol/discord/interaction.ts";
import type { WorkerOptions } from "../protocol/worker_message.ts";
import type { SpawnThread } from "./life.ts";
import type { PoolEvents } from "./pool_events.ts";

/** What the pool needs. */
export interface PoolOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly spawn: SpawnThread;
  /** Shards of each worker; the index is the worker's id. */
  readonly buckets: readonly (readonly number[])[];
  readonly worker: Omit<WorkerOptions, "workerId">;
  readonly resumePoint: (shardId: number) => ResumePoint;
  /** The guilds of a shard's session; `null` where they are not known. */
  readonly guildsOf: (shardId: number) => SavedGuilds | null;
  /** Interactions that wait and were responded to in the bot's place. */
  readonly marksOf: (shardId: number) => readonly (readonly [number, InteractionMark])[];
  /** Links that are up and that batches go over through the main thread. */
  readonly links: () => readonly { peer: PeerKey; link: number; windowBytes: number }[];
  readonly events: PoolEvents;
  /** Called for each shard of a worker that begins, instead of `tellWorkerToIdentify`. */
  readonly bringUp?: (workerId: number, shardId: number) => void;
}

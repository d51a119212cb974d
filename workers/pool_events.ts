/**
 * What the workers of a unit tell their owner.
 *
 * @module
 */

import type { SavedGuilds } from "../protocol/discord/guild_note.ts";
import type { ReadyFacts } from "../protocol/discord/gateway_frame.ts";
import type { PeerKey } from "../protocol/peer.ts";
import type { SessionPoint } from "../protocol/session_point.ts";
import type { ShardCounters, ShardStatus } from "../protocol/status.ts";
import type { FromWorker } from "../protocol/worker_message.ts";

/** What the pool tells its owner. */
export interface PoolEvents {
  /** These shards come up without a session: they are about to ask. */
  expectIdentify(shardIds: readonly number[]): void;
  requestIdentify(shardId: number): void;
  identifySent(shardId: number, permit: number): void;
  releaseIdentify(shardId: number): void;
  /** The worker of these shards is lost. */
  lost(shardIds: readonly number[]): void;
  status(status: ShardStatus): void;
  session(shardId: number, session: SessionPoint | null): void;
  /** What Discord's READY told of the bot and the shard. */
  readyFacts(shardId: number, facts: ReadyFacts): void;
  /** Shard id → cursor up to which the bot is done with everything, or everything is on disk. */
  safe(
    acknowledged: Readonly<Record<string, number>>,
    stored: Readonly<Record<string, number>>,
  ): void;
  /** An interaction came and the bot is away: {@linkcode WorkerPool.mark} is to follow. */
  away(shardId: number, cursor: number, payload: Uint8Array): void;
  /** The guilds of a shard's session, as of the last event that is safe. */
  guilds(shardId: number, guilds: SavedGuilds): void;
  /** All members of a shard's guilds have come and the bot is done with their chunks; once per session. */
  membersCached(shardId: number): void;
  /** What the shards of a worker have counted. */
  report(shards: readonly ShardCounters[]): void;
  /** A worker's link to a cluster that it dials came up or went down. */
  linked(peer: PeerKey): void;
  events(peer: PeerKey, link: number, batch: Uint8Array<ArrayBuffer>): void;
  /** Workers are lost again and again: only a new process can help. */
  exhausted(reason: string): void;
}

/** Passes on what a worker says, all but what only the pool and its parts act on. */
export function passOn(message: FromWorker, events: PoolEvents): void {
  switch (message.type) {
    case "REQUEST_IDENTIFY":
      return events.requestIdentify(message.shardId);
    case "IDENTIFY_SENT":
      return events.identifySent(message.shardId, message.permit);
    case "RELEASE_IDENTIFY":
      return events.releaseIdentify(message.shardId);
    case "SHARD_STATUS":
      return events.status(message.status);
    case "SESSION":
      return events.session(message.shardId, message.session);
    case "READY_FACTS":
      return events.readyFacts(message.shardId, message.facts);
    case "EVENTS":
      return events.events(message.peer, message.link, message.batch);
    case "REPORT":
      return events.report(message.shards);
    case "AWAY":
      return events.away(message.shardId, message.cursor, message.payload);
    case "GUILDS":
      return events.guilds(message.shardId, message.guilds);
    case "MEMBERS_CACHED":
      return events.membersCached(message.shardId);
    case "SAFE":
      return events.safe(message.acknowledged, message.stored);
  }
}

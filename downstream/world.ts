/**
 * What a connection on `/gateway` needs of the world: its socket, the events of the shards, what is
 * known of the bot, and the way up to Discord.
 *
 * @module
 */

import type { EventRecord } from "../protocol/event_frame.ts";
import type {
  GuildsPiece,
  GuildsQuestion,
  MembersPiece,
  MembersQuestion,
} from "../protocol/guild_pieces.ts";
import type { Seat } from "../protocol/ids.ts";
import type { ReadyFacts } from "../protocol/discord/gateway_frame.ts";
import type { ShardBacklog, ShardPayload } from "../protocol/worker_message.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import type { DownstreamTerms } from "./terms.ts";

/**
 * Takes an event.
 *
 * @param repeats So many of those that follow, this one first, may have come to a session before this one, under
 * other numbers. Default: none, beside what the session knows of itself.
 */
export type Deliver = (record: EventRecord, repeats?: number) => void;

/**
 * The events of the unit's shards, as the one who hands them out sees it. A shard is with its cluster
 * until it is held, and again once it is released. Who reads a shard beside its bot, by name, has it whoever
 * its bot is: from the newest event on when it is held first, until it was released for some time.
 */
export interface ShardEvents {
  /** Bytes that may be under way to each consumer at least, unacknowledged, before it gets nothing more. */
  readonly windowBytes: number;
  /** Whether one more may read the shard beside its bot. */
  hasRoomFor(shard: Seat): boolean;
  /**
   * From now on nobody gets the shard's events: they wait for {@linkcode ShardEvents.take}. A shard
   * that is held or taken already stays with us, and its delivery stops. Late acknowledgements of the
   * consumer before do not count any more.
   *
   * @returns How far the events have been dealt with, once that is certain.
   * @throws When the shard cannot be reached now.
   */
  hold(shard: Seat): Promise<ShardBacklog>;
  /**
   * Delivers every event that is not acknowledged, the first one first and whether or not it was
   * delivered before, and then those that come. It may start over at the first one at any time. Events
   * that are under way, acknowledged neither nor dropped, are bounded by the one who hands them out.
   */
  take(shard: Seat, deliver: Deliver): void;
  /** The consumer is done with everything up to `cursor`, which may be one that is yet to come. */
  acknowledge(shard: Seat, cursor: number): void;
  /** The shard goes back to its cluster, or its events wait for somebody to hold it. */
  release(shard: Seat): void;
}

/**
 * Asks for the next of a shard's guilds as of a cursor; `null` where they are not known. The same question
 * has the same answer as long as nobody has acknowledged events above that cursor.
 *
 * @throws When the shard cannot be reached now.
 */
export type AskGuilds = (
  shard: Seat,
  question: Omit<GuildsQuestion, "shardId">,
) => Promise<GuildsPiece | null>;

/** The client's socket. Nothing may throw; what is sent to a closed socket is dropped. */
export interface DownstreamSocket {
  send(text: string): void;
  sendBytes(bytes: Uint8Array<ArrayBuffer>): void;
  /** `reason` is 123 bytes at most. */
  close(code: number, reason: string): void;
  /** Resolves when everything that was sent before is the network's; never where the socket is closed. Default: at once. */
  taken?(): Promise<void>;
  /** The client has shown our secret, and a shard is its. Default: nobody wants to know. */
  known?(): void;
}

/**
 * Asks for the next of the members that an op 8 asks for; `null` where only Discord knows. The same
 * question gives what is next.
 *
 * @throws When the shard cannot be reached now.
 */
export type AskMembers = (
  shard: Seat,
  question: Omit<MembersQuestion, "shardId">,
) => Promise<MembersPiece | null>;

/** What a connection works with. */
export interface DownstreamWorld {
  readonly clock: Clock;
  readonly log: Log;
  /** Our WebSocket address as clients reach it, without a query. */
  readonly url: string;
  readonly terms: DownstreamTerms;
  /** What HELLO asks for; default 10 s. The shorter, the sooner memory is freed and the less comes again. */
  readonly heartbeatIntervalMs?: number;
  readonly events: ShardEvents;
  /** The guilds of the shards. Default: nobody knows them, and a session begins with none. */
  readonly guilds?: AskGuilds;
  /** The next of the members that an op 8 asks for, `null` where only Discord knows. Default: it always is. */
  readonly members?: AskMembers;
  /** What READY tells, once it is known; throws the signal's reason when that is aborted first. */
  readonly facts: (shard: Seat, signal: AbortSignal) => Promise<ReadyFacts>;
  /**
   * Sends a command to Discord through a shard.
   *
   * @throws {GatehouseError} `refused` or `deadline` where the shard's send limit left no room.
   */
  readonly send: (shard: Seat, payload: ShardPayload) => Promise<void>;
}

/**
 * What the main thread and a shard worker say to each other. The names of Discordeno's guide live
 * on (`IDENTIFY_SHARD`, `REQUEST_IDENTIFY`, `ALLOW_IDENTIFY`, `SHARD_PAYLOAD`, `GET_SHARD_INFO`,
 * `NONCE_REPLY`); every message is stamped with the protocol's version and the worker's epoch, so
 * that words of a dead worker are told from those of its successor.
 *
 * @module
 */

import { cannot, GatehouseError, messageOf } from "./errors.ts";
import type { InteractionMark } from "./discord/interaction.ts";
import type { MembersRequest } from "./discord/members.ts";
import type { TokenHost } from "./discord/token_hosts.ts";
import type { Presence } from "./discord/presence.ts";
import type { SavedGuilds } from "./discord/guild_note.ts";
import type { BegunSession, Estate, SafeEvents, SessionPoint } from "./estate.ts";
import type { Cached, KnownQuestion } from "./guild_pieces.ts";
import type { PeerKey } from "./peer.ts";
import { shown } from "./record.ts";
import type { Cuts, Seen, ShardRole } from "./reshard.ts";
import type { ShardCounters, ShardStatus } from "./status.ts";
import type { Wanted } from "./link_call.ts";

/** Version of this protocol; both sides are always of one build, a mismatch is a bug told early. */
export const WORKER_PROTOCOL_VERSION = 1;

const badPayload = cannot("send payload", "bad_message", "caller");

/** Compression of what Discord sends. */
export type Compression = "none" | "zlib-stream" | "zstd-stream";

/** What a worker must know to begin. Holds the token: never logged. */
export interface WorkerOptions {
  readonly workerId: number;
  /** Name of the worker's unit in its fleet; without it there is none. */
  readonly unit?: string;
  readonly token: string;
  readonly gatewayUrl: string;
  /** Who else may be sent the token. */
  readonly tokenHosts: readonly TokenHost[];
  readonly intents: number;
  readonly totalShards: number;
  readonly compression: Compression;
  /** How long an event may be held so that several share one wake-up of a thread; 0: none. */
  readonly eventDelayMs: number;
  /** For clusters that get their events by POST: how long one may wait for others, and the time for an answer. */
  readonly posts: { readonly waitMs: number; readonly answerMs: number };
  /** Bytes that the outboxes of this worker may hold together. */
  readonly queueMemoryBytes: number;
  readonly queueOverflow: "drop-cheap" | "drop-oldest";
  /** A guild that loads arrives as `GUILD_LOADED_DD`, Discordeno's name, instead of with a note. */
  readonly guildLoadedDd: boolean;
  /** All members of every guild are asked for once its session is ready. */
  readonly cacheAllMembers: boolean;
  /** What is kept of guilds, so that `GUILDS` and `FIND` have answers; nothing where it is empty. */
  readonly cache: readonly Cached[];
  /** `all`; `filter`: a MESSAGE_UPDATE that is no edit is withheld; or a module that decides. */
  readonly editedMessages: string;
  /** Address of the module with the user's functions; `null`: none. */
  readonly workerModule: string | null;
  /** Folder for events that do not fit into memory; `null`: memory only. */
  readonly queueDir: string | null;
  /** Bytes that this worker may keep there. */
  readonly queueDiskBytes: number;
  /** Shard id → id of the cluster that gets its events. */
  readonly clusterOfShard: Readonly<Record<number, number>>;
  /** Name of the numbering that cursors belong to. */
  readonly stream: string;
  /** Events that are followed for OpenTelemetry per second, at most. Default: none. */
  readonly traceEventsPerSecond?: number;
  /** How often the worker reports, which is also its sign of life. */
  readonly reportIntervalMs: number;
}

/** A gateway command of the bot: ops 3, 4, 8, 31 and 43, and those that nobody knows yet. */
export interface ShardPayload {
  readonly op: number;
  readonly d: unknown;
  /** Name of who sends it, where that is somebody who reads the shard beside its bot: the answer is theirs. */
  readonly reader?: string;
  /** Of how many the shard is one for which this is; where nobody says, as many as the bot goes by. */
  readonly totalShards?: number;
}

/**
 * Reads a payload that came from outside; fields that do not belong to it are left out. Whether its op
 * is a command, and how long it may be, the shard knows.
 *
 * @throws {GatehouseError} `bad_message` with the name of what is wrong.
 */
export function parsePayload(value: unknown): ShardPayload {
  const { op, d } = (value ?? {}) as Record<string, unknown>;
  if (typeof op !== "number") throw badPayload(`op is ${shown(op)}, expected a number`);
  if (d === undefined) throw badPayload(`d is undefined, expected the data of op ${op}`);
  return { op, d };
}

/** Why a shard has stopped by itself: Discord will not have it as it is. */
export interface GivenUp {
  /** Discord's close code; `null`: it did not close the connection. */
  readonly code: number | null;
  /** In a person's words. */
  readonly reason: string;
  /** Those that its session had, or was to have. */
  readonly intents: number;
}

/** Main thread → worker. */
export type ToWorker =
  /** `epochAheadMs`: how far the time to reckon with is ahead of the computer's clock. */
  | Readonly<{ type: "START"; options: WorkerOptions; epochAheadMs: number }>
  /** Bring a shard up: resume from the session if there is one, else ask to identify. No role: it serves. */
  | Readonly<{ type: "IDENTIFY_SHARD"; shardId: number; estate: Estate; role?: ShardRole }>
  /** Tell what comes on a shard by `SEEN`, or do so no more. A shard that rises tells it anyway. */
  | Readonly<{ type: "WATCH"; shardId: number; isOn: boolean }>
  /** Serve nothing of a shard that comes from now on: it is kept. Answered by a `Held`, after its `SEEN`. */
  | Readonly<{ type: "HOLD"; nonce: number; shardId: number }>
  /** A shard that was held goes on. */
  | Readonly<{ type: "LIFT"; shardId: number }>
  /** A shard that rose serves from now on, less what others have served. */
  | Readonly<{ type: "SERVE"; shardId: number; cuts: Cuts }>
  /**
   * A shard is over: its session is ended (1000), or lives on elsewhere; what waits is given up, and what waits for
   * these readers, or is left on disk (`keepsEvents`). Answered when it is closed.
   */
  | Readonly<{
    type: "END_SHARD";
    nonce: number;
    shardId: number;
    session: "keep" | "end";
    readers: readonly string[];
    keepsEvents: boolean;
  }>
  /**
   * Close a shard, keeping its session and what waits of it: another unit is to have it. It goes on with
   * `IDENTIFY_SHARD`. Answered by a `Rested` when it is closed.
   */
  | Readonly<{ type: "REST_SHARD"; nonce: number; shardId: number }>
  /**
   * What waits of a shard above a cursor, for the bot (`null`) or a reader: about so many bytes, as records one after
   * another. None: that was all.
   */
  | Readonly<{
    type: "READ_OUT";
    nonce: number;
    shardId: number;
    reader: string | null;
    after: number;
    limitBytes: number;
  }>
  /**
   * Records that waited elsewhere for a shard that is not up here, the first of them or more. Answered when they are
   * kept.
   */
  | Readonly<{
    type: "PUT_IN";
    nonce: number;
    shardId: number;
    reader: string | null;
    isFirst: boolean;
    records: Uint8Array<ArrayBuffer>;
  }>
  /** An interaction was responded to in the bot's place, or could not be (`null`). */
  | Readonly<{ type: "MARK"; shardId: number; cursor: number; mark: InteractionMark | null }>
  /** The shard may identify, with these intents: all that are wanted, or those that Discord grants. */
  | Readonly<{ type: "ALLOW_IDENTIFY"; shardId: number; permit: number; intents: number }>
  | Readonly<{ type: "SHARD_PAYLOAD"; nonce: number; shardId: number; payload: ShardPayload }>
  /** Ask Discord for members of a guild; answered with a `MembersAnswer` when the last chunk came. */
  | Readonly<{ type: "REQUEST_MEMBERS"; nonce: number; shardId: number; request: MembersRequest }>
  /** What the worker knows of it; `null` where nothing. */
  | Readonly<{ type: "FIND"; nonce: number; wanted: Wanted }>
  /** The guilds of a shard as of a cursor, or members of one, piece by piece: a `PieceOf` the question, or `null`. */
  | Readonly<{ type: "GUILDS"; nonce: number; question: KnownQuestion }>
  | Readonly<{ type: "GET_SHARD_INFO"; nonce: number; shardId: number }>
  /** How far a shard's events have been dealt with, once its disk has been looked at. */
  | Readonly<{ type: "GET_BACKLOG"; nonce: number; shardId: number }>
  /** Somebody reads a shard beside its bot, from now on; answered like `GET_BACKLOG`, for that reader. */
  | Readonly<{ type: "READ"; nonce: number; shardId: number; reader: string }>
  /** Somebody reads a shard beside its bot no more. */
  | Readonly<{ type: "DISMISS"; nonce: number; shardId: number; reader: string }>
  /** Reconnect a shard: by RESUME, or with a new session. */
  | Readonly<{ type: "RECONNECT_SHARD"; nonce: number; shardId: number; session: "keep" | "end" }>
  /** Close every shard; answered when all are closed. */
  | Readonly<{ type: "STOP"; nonce: number; session: "keep" | "end" }>
  /** The link to a consumer came up (its number, its credit) or went down (`null`). */
  | Readonly<{ type: "LINK"; peer: PeerKey; link: number | null; windowBytes: number }>
  | Readonly<{
    type: "ACK";
    peer: PeerKey;
    link: number;
    cursors: Readonly<Record<string, number>>;
  }>
  /** A cluster listens at `url`: bring it its events there, and no more through the main thread. */
  | Readonly<{
    type: "DIAL";
    peer: PeerKey;
    url: string;
    secretKey: string | null;
    /** How many workers share the cluster's credit. */
    workers: number;
  }>
  /** A cluster that was dialled is gone. */
  | Readonly<{ type: "HANG_UP"; peer: PeerKey }>
  /** Another consumer gets a shard's events from now on; `null`: nobody, they wait. */
  | Readonly<{ type: "ASSIGN"; shardId: number; peer: PeerKey | null }>
  /**
   * Another unit of the fleet may have resumed sessions of this one: a connection that ends is resumed only 20 s
   * later. Or it is not so any more.
   */
  | Readonly<{ type: "DOUBT"; isOn: boolean }>
  /** Only with `ALLOW_FAULTS=1`: die in a way that a test chose. */
  | Readonly<{ type: "CRASH"; how: "throw" | "exit" | "hang" }>;

/** What a worker is asked: answered by a `NONCE_REPLY` of the same nonce. */
export type Question = Extract<ToWorker, { nonce: number }>;

/** Worker → main thread. */
export type FromWorker =
  | Readonly<{ type: "STARTED" }>
  | Readonly<{ type: "REQUEST_IDENTIFY"; shardId: number }>
  | Readonly<{ type: "IDENTIFY_SENT"; shardId: number; permit: number }>
  /** A permit that was not used, or a request that is no longer wanted. */
  | Readonly<{ type: "RELEASE_IDENTIFY"; shardId: number }>
  /** Discord refuses a shard, and it has stopped. */
  | Readonly<{ type: "GAVE_UP"; shardId: number; why: GivenUp }>
  | Readonly<{ type: "SHARD_STATUS"; status: ShardStatus }>
  /** A session began, or is gone (`null`). */
  | Readonly<{ type: "SESSION"; shardId: number; began: BegunSession | null }>
  /** The bot has set a presence; `null`: the one that it had set was of no use. */
  | Readonly<{ type: "PRESENCE"; shardId: number; presence: Presence | null }>
  /** The link to a cluster that was dialled came up or went down. */
  | Readonly<{ type: "LINKED"; peer: PeerKey; isUp: boolean }>
  /** A batch for a consumer that we have no link with; see `event_frame.ts`. */
  | Readonly<{ type: "EVENTS"; peer: PeerKey; link: number; batch: Uint8Array<ArrayBuffer> }>
  /** What came on a shard that is watched, or rises, in order; about every 50 ms. */
  | Readonly<{ type: "SEEN"; shardId: number; seen: readonly Seen[] }>
  /** Shard id → what has become safe since the last time. */
  | Readonly<{ type: "SAFE"; shards: Readonly<Record<string, SafeEvents>> }>
  /** An interaction came and the bot is away: answered by MARK. */
  | Readonly<{ type: "AWAY"; shardId: number; cursor: number; payload: Uint8Array<ArrayBuffer> }>
  /**
   * All members of a shard's guilds have come, and the bot is done with their chunks. Once per session
   * and life of the worker.
   */
  | Readonly<{ type: "MEMBERS_CACHED"; shardId: number }>
  | Readonly<{
    type: "REPORT";
    shards: readonly ShardCounters[];
    /** Dispatches since the report before, so that a sum goes on when the worker is replaced. */
    eventsByType: Readonly<Record<string, number>>;
  }>
  /**
   * The worker is about to end because of an error that nobody caught. `isUnloadable`: a module of the
   * user's cannot be loaded.
   */
  | Readonly<{ type: "DYING"; reason: string; isUnloadable: boolean }>
  | Readonly<{ type: "NONCE_REPLY"; nonce: number; reply: Reply }>
  | Readonly<{
    type: "LOG";
    level: "debug" | "info" | "warn" | "error";
    event: string;
    fields: Readonly<Record<string, unknown>>;
  }>;

/** The answer to a message with a nonce. */
export type Reply =
  | Readonly<{ ok: true; value: unknown }>
  | Readonly<{ ok: false; code: string; message: string }>;

/** What was thrown, as an answer. */
export function refusal(thrown: unknown): Reply {
  const code = thrown instanceof GatehouseError ? thrown.code : "refused";
  return { ok: false, code, message: messageOf(thrown) };
}

/**
 * What an answer says.
 *
 * @throws {GatehouseError} What it refuses with.
 */
export function valueOf(reply: Reply): unknown {
  if (reply.ok) return reply.value;
  throw new GatehouseError(reply.code as "refused", "host", reply.message);
}

/** What {@linkcode ToWorker} `GET_SHARD_INFO` is answered with. */
export interface ShardInfo {
  readonly status: ShardStatus;
  readonly counters: ShardCounters;
  readonly session: SessionPoint | null;
}

/** What {@linkcode ToWorker} `REST_SHARD` is answered with: what is another one in the shard's estate. */
export interface Rested extends Pick<Estate, "acknowledged" | "readers"> {
  /** As of the last event received: what waits is here. */
  readonly session: SessionPoint | null;
  /** As of the last event received; `null`: they are not known. */
  readonly guilds: SavedGuilds | null;
}

/** What {@linkcode ToWorker} `GET_BACKLOG` and `READ` are answered with. */
export interface ShardBacklog {
  /** The bot, or the reader, is done with everything up to this cursor. */
  readonly acknowledged: number;
  /** Newest cursor that was taken; `acknowledged` or below it where nothing waits. */
  readonly last: number;
}

/** A message with its stamp. */
export type Stamped<Message> = Message & {
  readonly v: typeof WORKER_PROTOCOL_VERSION;
  /** Life of the worker that the message belongs to. */
  readonly epoch: number;
};

/** Stamps a message for one life of a worker. */
export function stamp<Message extends ToWorker | FromWorker>(
  epoch: number,
  message: Message,
): Stamped<Message> {
  return { ...message, v: WORKER_PROTOCOL_VERSION, epoch };
}

/**
 * Reads what came over `postMessage`.
 *
 * @throws {GatehouseError} `bad_message` when it is not of this protocol and version.
 */
export function parseStamped<Message extends ToWorker | FromWorker>(
  data: unknown,
): Stamped<Message> {
  const message = data as Partial<Stamped<Message>> | null;
  if (
    typeof message === "object" && message?.v === WORKER_PROTOCOL_VERSION &&
    typeof message.epoch === "number" && typeof message.type === "string"
  ) return message as Stamped<Message>;
  const expected = `expected version ${WORKER_PROTOCOL_VERSION} with type and epoch`;
  const received = `received version ${String(message?.v)} and type ${String(message?.type)}`;
  const text = `Cannot read worker message: ${expected}, ${received}`;
  throw new GatehouseError("bad_message", "peer", text);
}

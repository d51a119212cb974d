/**
 * What the main thread and a shard worker say to each other. The names of Discordeno's guide live
 * on (`IDENTIFY_SHARD`, `REQUEST_IDENTIFY`, `ALLOW_IDENTIFY`, `SHARD_PAYLOAD`, `GET_SHARD_INFO`,
 * `NONCE_REPLY`); every message is stamped with the protocol's version and the worker's epoch, so
 * that words of a dead worker are told from those of its successor.
 *
 * @module
 */

import { GatehouseError, messageOf } from "./errors.ts";
import type { InteractionMark } from "./discord/interaction.ts";
import type { MembersRequest } from "./discord/members.ts";
import type { BegunSession, Estate, SafeEvents, SessionPoint } from "./estate.ts";
import type { PeerKey } from "./peer.ts";
import { shown } from "./record.ts";
import type { ShardCounters, ShardStatus } from "./status.ts";
import type { Wanted } from "./wanted.ts";

/** Version of this protocol; both sides are always of one build, a mismatch is a bug told early. */
export const WORKER_PROTOCOL_VERSION = 1;

/** Compression of what Discord sends. */
export type Compression = "none" | "zlib-stream" | "zstd-stream";

/** What a worker must know to begin. Holds the token: never logged. */
export interface WorkerOptions {
  readonly workerId: number;
  readonly token: string;
  readonly gatewayUrl: string;
  readonly intents: number;
  readonly totalShards: number;
  readonly compression: Compression;
  /** How long an event may be held so that several share one wake-up of a thread; 0: none. */
  readonly eventDelayMs: number;
  /** Bytes that the outboxes of this worker may hold together. */
  readonly queueMemoryBytes: number;
  readonly queueOverflow: "drop-cheap" | "drop-oldest";
  /** A guild that loads arrives as `GUILD_LOADED_DD`, Discordeno's name, instead of with a note. */
  readonly guildLoadedDd: boolean;
  /** All members of every guild are asked for once its session is ready. */
  readonly cacheAllMembers: boolean;
  /** What is remembered of what was passed on, so that `FIND` has answers. */
  readonly cache: "none" | "guilds" | "members";
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
  /** How often the worker reports, which is also its sign of life. */
  readonly reportIntervalMs: number;
}

/** A gateway command of the bot: ops 3, 4, 8, 31 and 43. */
export interface ShardPayload {
  readonly op: number;
  readonly d: unknown;
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

function badPayload(what: string): GatehouseError {
  return new GatehouseError("bad_message", "caller", `Cannot send payload: ${what}`);
}

/** Main thread → worker. */
export type ToWorker =
  | { readonly type: "START"; readonly options: WorkerOptions }
  /** Bring a shard up: resume from the session if there is one, else ask to identify. */
  | {
    readonly type: "IDENTIFY_SHARD";
    readonly shardId: number;
    readonly estate: Estate;
  }
  /** An interaction was responded to in the bot's place, or could not be (`null`). */
  | {
    readonly type: "MARK";
    readonly shardId: number;
    readonly cursor: number;
    readonly mark: InteractionMark | null;
  }
  | { readonly type: "ALLOW_IDENTIFY"; readonly shardId: number; readonly permit: number }
  | {
    readonly type: "SHARD_PAYLOAD";
    readonly nonce: number;
    readonly shardId: number;
    readonly payload: ShardPayload;
  }
  /** Ask Discord for members of a guild; answered with a `MembersAnswer` when the last chunk came. */
  | {
    readonly type: "REQUEST_MEMBERS";
    readonly nonce: number;
    readonly shardId: number;
    readonly request: MembersRequest;
  }
  /** What the worker knows of it; `null` where nothing. */
  | { readonly type: "FIND"; readonly nonce: number; readonly wanted: Wanted }
  | { readonly type: "GET_SHARD_INFO"; readonly nonce: number; readonly shardId: number }
  /** How far a shard's events have been dealt with, once its disk has been looked at. */
  | { readonly type: "GET_BACKLOG"; readonly nonce: number; readonly shardId: number }
  /** Reconnect a shard: by RESUME, or with a new session. */
  | {
    readonly type: "RECONNECT_SHARD";
    readonly nonce: number;
    readonly shardId: number;
    readonly session: "keep" | "end";
  }
  /** Close every shard; answered when all are closed. */
  | { readonly type: "STOP"; readonly nonce: number; readonly session: "keep" | "end" }
  /** The link to a consumer came up (its number, its credit) or went down (`null`). */
  | {
    readonly type: "LINK";
    readonly peer: PeerKey;
    readonly link: number | null;
    readonly windowBytes: number;
  }
  | {
    readonly type: "ACK";
    readonly peer: PeerKey;
    readonly link: number;
    readonly cursors: Readonly<Record<string, number>>;
  }
  /** A cluster listens at `url`: bring it its events there, and no more through the main thread. */
  | {
    readonly type: "DIAL";
    readonly peer: PeerKey;
    readonly url: string;
    readonly secretKey: string | null;
    /** How many workers share the cluster's credit. */
    readonly workers: number;
  }
  /** A cluster that was dialled is gone. */
  | { readonly type: "HANG_UP"; readonly peer: PeerKey }
  /** Another consumer gets a shard's events from now on; `null`: nobody, they wait. */
  | { readonly type: "ASSIGN"; readonly shardId: number; readonly peer: PeerKey | null }
  /** Only with `ALLOW_FAULTS=1`: die in a way that a test chose. */
  | { readonly type: "CRASH"; readonly how: "throw" | "exit" | "hang" };

/** What a worker is asked: answered by a `NONCE_REPLY` of the same nonce. */
export type Question = Extract<ToWorker, { nonce: number }>;

/** Worker → main thread. */
export type FromWorker =
  | { readonly type: "STARTED" }
  | { readonly type: "REQUEST_IDENTIFY"; readonly shardId: number }
  | { readonly type: "IDENTIFY_SENT"; readonly shardId: number; readonly permit: number }
  /** A permit that was not used, or a request that is no longer wanted. */
  | { readonly type: "RELEASE_IDENTIFY"; readonly shardId: number }
  | { readonly type: "SHARD_STATUS"; readonly status: ShardStatus }
  /** A session began, or is gone (`null`). */
  | { readonly type: "SESSION"; readonly shardId: number; readonly began: BegunSession | null }
  /** The link to a cluster that was dialled came up or went down. */
  | { readonly type: "LINKED"; readonly peer: PeerKey; readonly isUp: boolean }
  /** A batch for a consumer that we have no link with; see `event_frame.ts`. */
  | {
    readonly type: "EVENTS";
    readonly peer: PeerKey;
    readonly link: number;
    readonly batch: Uint8Array<ArrayBuffer>;
  }
  /** Shard id → what has become safe since the last time. */
  | { readonly type: "SAFE"; readonly shards: Readonly<Record<string, SafeEvents>> }
  /** An interaction came and the bot is away: answered by MARK. */
  | {
    readonly type: "AWAY";
    readonly shardId: number;
    readonly cursor: number;
    readonly payload: Uint8Array<ArrayBuffer>;
  }
  /**
   * All members of a shard's guilds have come, and the bot is done with their chunks. Once per session
   * and life of the worker.
   */
  | { readonly type: "MEMBERS_CACHED"; readonly shardId: number }
  | {
    readonly type: "REPORT";
    readonly shards: readonly ShardCounters[];
    /** Dispatches since the report before, so that a sum goes on when the worker is replaced. */
    readonly eventsByType: Readonly<Record<string, number>>;
  }
  /** The worker is about to end because of an error that nobody caught. */
  | { readonly type: "DYING"; readonly reason: string }
  | { readonly type: "NONCE_REPLY"; readonly nonce: number; readonly reply: Reply }
  | {
    readonly type: "LOG";
    readonly level: "debug" | "info" | "warn" | "error";
    readonly event: string;
    readonly fields: Readonly<Record<string, unknown>>;
  };

/** The answer to a message with a nonce. */
export type Reply =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly code: string; readonly message: string };

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

/** What {@linkcode ToWorker} `GET_BACKLOG` is answered with. */
export interface ShardBacklog {
  /** The bot is done with everything up to this cursor. */
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
  throw new GatehouseError(
    "bad_message",
    "peer",
    `Cannot read worker message: expected version ${WORKER_PROTOCOL_VERSION} with type and epoch, ` +
      `received version ${String(message?.v)} and type ${String(message?.type)}`,
  );
}

/**
 * Op 8 and its answers: which members somebody wants of a guild, and the chunks in which they come. See
 * [Discord Docs/Request Guild Members](https://discord.com/developers/docs/events/gateway-events#request-guild-members).
 *
 * @module
 */

import { fieldsOf } from "./body.ts";
import { cannot } from "../errors.ts";
import { INTENTS } from "./intents.ts";
import { OP } from "./opcodes.ts";
import { readId } from "../ids.ts";
import { isCount, isRecord } from "../record.ts";

const refused = cannot("request members", "refused", "caller");

/** Which members of a guild are wanted; without `query`, `limit` and `userIds` all of them. */
export interface MembersRequest {
  readonly guildId: string;
  /** Beginning of the name. Discord finds 100 at most. Not together with `userIds`. */
  readonly query?: string;
  /** At most so many; 0: all. Means nothing with `userIds`. */
  readonly limit?: number;
  /** At most 100. */
  readonly userIds?: readonly string[];
  /** Whether presences come, too. */
  readonly presences?: boolean;
  /** How long it may take, {@linkcode MEMBERS_DEADLINE_MS} where nothing is said. */
  readonly deadlineMs?: number;
}

/** What came of it, as Discord writes it. */
export interface MembersAnswer {
  readonly members: readonly unknown[];
  /** Only where they were asked for. */
  readonly presences?: readonly unknown[];
  /** Ids that are nobody's in this guild. */
  readonly notFound: readonly string[];
}

/** What every chunk says of itself. */
export interface ChunkHead {
  readonly nonce: string;
  /** From 0 to `count` − 1. */
  readonly index: number;
  readonly count: number;
}

/** How long a request for members may take: that of a command, and a little for the answer. */
export const MEMBERS_DEADLINE_MS = 120_000;

const LONGEST_DEADLINE_MS = 600_000;
/** With these no request comes near the 4096 bytes of a payload. */
const MOST_IDS = 100;
const LONGEST_QUERY = 100;

type Check = readonly [expected: string, isRight: (value: unknown) => boolean];

const CHECKS: { readonly [Field in keyof Required<MembersRequest>]: Check } = {
  guildId: ["a guild's id", isId],
  query: [
    `a text of ${LONGEST_QUERY} characters at most`,
    (value) => typeof value === "string" && value.length <= LONGEST_QUERY,
  ],
  limit: [
    "a whole number, 0 for all",
    (value) => Number.isSafeInteger(value) && Number(value) >= 0,
  ],
  userIds: [
    `1 to ${MOST_IDS} ids`,
    (value) =>
      Array.isArray(value) && value.length > 0 && value.length <= MOST_IDS && value.every(isId),
  ],
  presences: ["true or false", (value) => typeof value === "boolean"],
  deadlineMs: [
    `milliseconds from 1 to ${LONGEST_DEADLINE_MS}`,
    (value) => typeof value === "number" && value >= 1 && value <= LONGEST_DEADLINE_MS,
  ],
};

/**
 * Reads a request that came from outside; fields that it does not know are left out.
 *
 * @throws {GatehouseError} `refused` with the name of what is wrong.
 */
export function parseMembersRequest(value: unknown): MembersRequest {
  const given = (value ?? {}) as Record<string, unknown>;
  const request: Record<string, unknown> = {};
  for (const [field, [expected, isRight]] of Object.entries(CHECKS)) {
    if (given[field] === undefined && field !== "guildId") continue;
    if (!isRight(given[field])) throw refused(`expected ${field} to be ${expected}`);
    request[field] = given[field];
  }
  if (request.userIds && request.query) throw refused("expected userIds or query, received both");
  return request as unknown as MembersRequest;
}

/** The body of op 8, without a nonce. */
export function membersBody(request: MembersRequest): Readonly<Record<string, unknown>> {
  const { guildId, query = "", limit = 0, userIds, presences } = request;
  return {
    guild_id: guildId,
    ...(userIds ? { user_ids: userIds } : { query, limit }),
    ...(presences ? { presences } : {}),
  };
}

/** Whether it asks for the whole guild, which Discord allows once per guild and 30 s. */
export function wantsAllMembers({ userIds, query = "", limit = 0 }: MembersRequest): boolean {
  return !userIds && query === "" && limit === 0;
}

/**
 * The intent that an op 8 with this body needs and a session does not have; `null`: it has what is needed.
 * Discord does not answer where it is missing.
 */
export function intentLacking(
  { query, limit, user_ids: userIds, presences }: Readonly<Record<string, unknown>>,
  intents: number,
): "GUILD_MEMBERS" | "GUILD_PRESENCES" | null {
  const wantsAll = userIds === undefined && query === "" && limit === 0;
  if (wantsAll && (intents & INTENTS.GUILD_MEMBERS) === 0) return "GUILD_MEMBERS";
  if (presences === true && (intents & INTENTS.GUILD_PRESENCES) === 0) return "GUILD_PRESENCES";
  return null;
}

/**
 * The head of a GUILD_MEMBERS_CHUNK, whose members are not parsed; `null` for one without a nonce.
 *
 * @throws {SyntaxError} When it is not JSON.
 */
export function readChunkHead(payload: Uint8Array): ChunkHead | null {
  const d = fieldsOf(payload, ["nonce", "chunk_index", "chunk_count"]);
  const { nonce, chunk_index: index, chunk_count: count } = d;
  const isHead = typeof nonce === "string" && typeof index === "number" &&
    typeof count === "number";
  return isHead ? { nonce, index, count } : null;
}

/** An op 8 that a library has sent, read. */
export interface MembersCommand {
  readonly guildId: string;
  readonly query: string;
  /** 0: all. */
  readonly limit: number;
  /** 100 at most; `null`: by name. */
  readonly userIds: readonly string[] | null;
  readonly presences: boolean;
  /** `null` where there is none that Discord would echo. */
  readonly nonce: string | null;
}

/**
 * An op 8 by its body; `null` where it is not all as Discord documents it: what that means only Discord knows.
 *
 * @example
 * ```ts
 * import { readMembersCommand } from "./members.ts";
 * const command = readMembersCommand({ guild_id: 7, user_ids: "8", nonce: "n" });
 * console.assert(command?.guildId === "7" && command.userIds?.[0] === "8");
 * console.assert(readMembersCommand({ guild_id: 7 }) === null);
 * ```
 */
export function readMembersCommand(d: unknown): MembersCommand | null {
  if (!isRecord(d)) return null;
  const { query, limit = 0, user_ids, presences = false } = d;
  const guildId = readId(d.guild_id);
  const given = user_ids === undefined || user_ids === null ? null : [user_ids].flat();
  const userIds = given?.map(readId).filter((id) => id !== null) ?? null;
  const isWhole = guildId !== null && isCount(limit) && typeof presences === "boolean" &&
    (given
      ? given.length > 0 && given.length <= MOST_IDS && userIds?.length === given.length
      : typeof query === "string");
  if (!isWhole) return null;
  const by = userIds ? "" : String(query);
  return { guildId, query: by, limit, userIds, presences, nonce: usableNonce(d.nonce) };
}

/** Discord takes no notice of a longer one. */
const MOST_NONCE_BYTES = 32;

/** A nonce that Discord echoes; `null` for any other, and for none. */
export function usableNonce(nonce: unknown): string | null {
  if (typeof nonce !== "string") return null;
  return new TextEncoder().encode(nonce).length > MOST_NONCE_BYTES ? null : nonce;
}

/** What an answer to an op 8 says of which one it answers. */
export interface AnswerHead {
  readonly guildId: string | null;
  readonly nonce: string | null;
  /** Whether nothing follows. */
  readonly isLast: boolean;
}

/**
 * The head of what answers an op 8: a chunk, or RATE_LIMITED; `null` for any other dispatch.
 *
 * @throws {SyntaxError} When it is not JSON.
 */
export function readAnswerHead(t: string, payload: Uint8Array): AnswerHead | null {
  if (t === "GUILD_MEMBERS_CHUNK") {
    const d = fieldsOf(payload, ["guild_id", "nonce", "chunk_index", "chunk_count"]);
    return { ...idsOf(d), isLast: Number(d.chunk_index) + 1 >= Number(d.chunk_count) };
  }
  if (t !== "RATE_LIMITED") return null;
  const { opcode, meta } = fieldsOf(payload, ["opcode", "meta"]);
  if (opcode !== OP.REQUEST_GUILD_MEMBERS || !isRecord(meta)) return null;
  return { ...idsOf(meta), isLast: true };
}

function idsOf({ guild_id, nonce }: Readonly<Record<string, unknown>>) {
  return { guildId: readId(guild_id), nonce: typeof nonce === "string" ? nonce : null };
}

/** What nonces of ours begin with: whoever else asks for members has others. */
export const OWN_NONCE = "gatehouse-";

/** Whether we have asked, for the bot's cache or for who called `requestMembers`. */
export function isOwnNonce(nonce: string | null): boolean {
  return nonce?.startsWith(OWN_NONCE) ?? false;
}

/**
 * What a GUILD_MEMBERS_CHUNK brings.
 *
 * @throws {SyntaxError} When it is not JSON.
 */
export function readChunk(payload: Uint8Array): MembersAnswer {
  const d = fieldsOf(payload, ["members", "presences", "not_found"]);
  const list = (value: unknown): unknown[] => Array.isArray(value) ? value : [];
  return {
    members: list(d.members),
    ...(d.presences === undefined ? {} : { presences: list(d.presences) }),
    // Numbers, where what was asked for is no snowflake.
    notFound: list(d.not_found).map(String),
  };
}

/**
 * A RATE_LIMITED: which op 8 it is about, and how long to wait; `null` for another opcode, and for a
 * time that nobody could wait: then the answer does not come, and it is asked for again.
 *
 * @throws {SyntaxError} When it is not JSON.
 */
export function readMembersLimit(
  payload: Uint8Array,
): { readonly nonce: string; readonly retryAfterMs: number } | null {
  const d = fieldsOf(payload, ["opcode", "retry_after", "meta"]);
  const nonce = (d.meta as { nonce?: unknown } | null | undefined)?.nonce;
  const retryAfterMs = Math.ceil(Number(d.retry_after) * 1_000);
  const isOurs = d.opcode === OP.REQUEST_GUILD_MEMBERS && typeof nonce === "string" &&
    retryAfterMs >= 0 && retryAfterMs <= LONGEST_DEADLINE_MS;
  return isOurs ? { nonce, retryAfterMs } : null;
}

function isId(value: unknown): boolean {
  return typeof value === "string" && /^\d{1,20}$/.test(value);
}

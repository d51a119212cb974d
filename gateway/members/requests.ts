/**
 * Requests for members on one shard, from the first op 8 to the last chunk. It says what is due, makes
 * each op 8 with a nonce of ours, and puts the chunks together that name it.
 *
 * What is lost is asked for again: an op 8 that a dying connection swallowed, an answer that belonged
 * to a session which is gone, what RATE_LIMITED refused. Reading twice does no harm.
 *
 * @module
 */

import {
  type MembersAnswer,
  readChunk,
  readChunkHead,
  readMembersLimit,
} from "../../protocol/discord/members.ts";
import { OP } from "../../protocol/discord/opcodes.ts";
import type { ShardPayload } from "../../protocol/worker_message.ts";
import type { Rank } from "../commands.ts";

/** An answer that has stopped for so long is asked for again; what still comes of it counts, too. */
export const STALLED_AFTER_MS = 60_000;
/** After RESUMED everything missed has come: an op 8 without any answer so long after it was lost. */
export const LOST_AFTER_MS = 5_000;
/** Of a request that was sent again and again, the answers to so many are waited for. */
const MOST_ATTEMPTS = 3;

/** What is asked for. */
export interface MembersAsk {
  readonly guildId: string;
  /** The body of op 8 without its nonce. */
  readonly body: Readonly<Record<string, unknown>>;
  /** Whether it is the whole guild, which has a pace of its own. */
  readonly wantsAll: boolean;
  /** The bot gets its members; in the background they are only counted. */
  readonly rank: Rank;
}

/** One request under way. */
export interface MemberRequest {
  readonly ask: MembersAsk;
  /** How often it was sent in vain, one after another: no answer, or one that stopped. */
  readonly inVain: number;
}

/** A request whose last chunk has come; of the background without members. */
export interface Finished {
  readonly request: MemberRequest;
  readonly answer: MembersAnswer;
}

interface Tracked extends MemberRequest {
  inVain: number;
  /** When it is to be sent, or sent again. */
  dueMs: number;
  readonly attempts: Attempt[];
}

interface Attempt {
  readonly request: Tracked;
  readonly nonce: string;
  readonly chunks: Map<number, MembersAnswer>;
  count: number | null;
}

const NOTHING: MembersAnswer = { members: [], notFound: [] };

/** The requests of one shard. */
export class MemberRequests {
  readonly #newNonce: () => string;
  readonly #pace = new AllMembersPace();
  readonly #requests = new Set<Tracked>();
  readonly #attempts = new Map<string, Attempt>();

  /** @param newNonce Gives one that was never used before, by any life of the worker; 32 bytes at most. */
  constructor(newNonce: () => string) {
    this.#newNonce = newNonce;
  }

  /** A new request, which is due at once or when its guild may be asked for. */
  add(ask: MembersAsk, nowMs: number): MemberRequest {
    const request: Tracked = { ask, inVain: 0, dueMs: nowMs, attempts: [] };
    this.#requests.add(request);
    return request;
  }

  /** Nobody wants the answer any more. */
  drop(request: MemberRequest): void {
    this.#forgetAttempts(request as Tracked);
    this.#requests.delete(request as Tracked);
  }

  /** Requests of a rank that are to be sent now. */
  *due(rank: Rank, nowMs: number): Iterable<MemberRequest> {
    for (const request of this.#requests) {
      if (request.ask.rank === rank && this.#dueMs(request) <= nowMs) yield request;
    }
  }

  /** When the next one after now is due; `Infinity`: none that is known. */
  nextMs(nowMs: number): number {
    let nextMs = Infinity;
    for (const request of this.#requests) {
      const dueMs = this.#dueMs(request);
      if (dueMs > nowMs && dueMs < nextMs) nextMs = dueMs;
    }
    return nextMs;
  }

  /** How many requests of a rank wait for their answer, and not in vain so far. */
  underWay(rank: Rank, nowMs: number): number {
    let count = 0;
    for (const request of this.#requests) {
      const isSent = request.attempts.length > 0 && this.#dueMs(request) > nowMs;
      if (isSent && request.ask.rank === rank) count++;
    }
    return count;
  }

  /** The op 8 to send now; `null` where it is not due, or not wanted any more. */
  take(request: MemberRequest, nowMs: number): ShardPayload | null {
    const tracked = request as Tracked;
    if (!this.#requests.has(tracked) || this.#dueMs(tracked) > nowMs) return null;
    const { ask, attempts } = tracked;
    if (attempts.length > 0) tracked.inVain++;
    const attempt = { request: tracked, nonce: this.#newNonce(), chunks: new Map(), count: null };
    this.#attempts.set(attempt.nonce, attempt);
    attempts.push(attempt);
    if (attempts.length > MOST_ATTEMPTS) this.#attempts.delete(attempts.shift()!.nonce);
    tracked.dueMs = nowMs + STALLED_AFTER_MS;
    if (ask.wantsAll) this.#pace.note(ask.guildId, nowMs);
    return { op: OP.REQUEST_GUILD_MEMBERS, d: { ...ask.body, nonce: attempt.nonce } };
  }

  /** Takes a dispatch; it is read only where it can be an answer and something waits for one. */
  see(t: string, payload: Uint8Array, nowMs: number): Finished | null {
    if (this.#attempts.size === 0) return null;
    try {
      if (t === "GUILD_MEMBERS_CHUNK") return this.#chunk(payload, nowMs);
      if (t === "RATE_LIMITED") this.#limited(payload, nowMs);
    } catch (error) {
      // It goes to the bot as it came, whose side says that it cannot be read.
      if (!(error instanceof SyntaxError)) throw error;
    }
    return null;
  }

  /** The session goes on: what it owed has come, up to what Discord never heard of. */
  resumed(nowMs: number): void {
    for (const request of this.#requests) {
      const { attempts } = request;
      if (attempts.length === 0 || attempts.some(({ chunks }) => chunks.size > 0)) continue;
      request.dueMs = Math.min(request.dueMs, nowMs + LOST_AFTER_MS);
    }
  }

  /** A new session: what the old one owed will not come. */
  sessionBegan(nowMs: number): void {
    for (const request of this.#requests) {
      this.#forgetAttempts(request);
      request.dueMs = Math.min(request.dueMs, nowMs);
    }
  }

  /** How far a request has come, in a person's words. */
  progress(request: MemberRequest, nowMs: number): string {
    const { attempts } = request as Tracked;
    const best = attempts.toSorted((a, b) => b.chunks.size - a.chunks.size)[0];
    if (best && best.count !== null) return `${best.chunks.size} of ${best.count} chunks have come`;
    if (best) return "Discord has not answered";
    return this.#dueMs(request as Tracked) > nowMs
      ? "Discord lets all members of a guild be requested once in 30 s"
      : "it waits for its turn";
  }

  #dueMs({ ask, dueMs }: Tracked): number {
    return ask.wantsAll ? Math.max(dueMs, this.#pace.freeMs(ask.guildId)) : dueMs;
  }

  #chunk(payload: Uint8Array, nowMs: number): Finished | null {
    const head = readChunkHead(payload);
    const attempt = head && this.#attempts.get(head.nonce);
    if (!attempt) return null;
    const { request, chunks } = attempt;
    attempt.count = head.count;
    chunks.set(head.index, request.ask.rank === "bot" ? readChunk(payload) : NOTHING);
    request.inVain = 0;
    request.dueMs = nowMs + STALLED_AFTER_MS;
    if (chunks.size < head.count) return null;
    this.drop(request);
    return { request, answer: joined(chunks) };
  }

  #limited(payload: Uint8Array, nowMs: number): void {
    const limit = readMembersLimit(payload);
    const attempt = limit && this.#attempts.get(limit.nonce);
    if (!attempt) return;
    const { request, nonce } = attempt;
    const freeMs = nowMs + limit.retryAfterMs;
    if (request.ask.wantsAll) this.#pace.note(request.ask.guildId, nowMs, freeMs);
    this.#attempts.delete(nonce);
    request.attempts.splice(request.attempts.indexOf(attempt), 1);
    // Where an earlier op 8 of the same request is answered meanwhile, that puts it off.
    request.dueMs = freeMs;
  }

  #forgetAttempts({ attempts }: Tracked): void {
    for (const { nonce } of attempts.splice(0)) this.#attempts.delete(nonce);
  }
}

/** The chunks of one answer in their order. */
function joined(chunks: ReadonlyMap<number, MembersAnswer>): MembersAnswer {
  const parts = [...chunks].sort(([a], [b]) => a - b).map(([, part]) => part);
  const hasPresences = parts.some(({ presences }) => presences !== undefined);
  return {
    members: parts.flatMap(({ members }) => members),
    ...(hasPresences ? { presences: parts.flatMap(({ presences = [] }) => presences) } : {}),
    // Each chunk may name them.
    notFound: [...new Set(parts.flatMap(({ notFound }) => notFound))],
  };
}

/** Discord's 30 s, and one more for a request that was slower on its way than the next. */
export const ALL_MEMBERS_PACE_MS = 31_000;

/**
 * How often all members of a guild may be asked for: once in 30 s per guild and bot, as far as this shard
 * knows: somebody else's request counts too. See
 * [Discord Docs/Request Guild Members](https://discord.com/developers/docs/events/gateway-events#request-guild-members).
 */
export class AllMembersPace {
  /** Guild id → when it may be asked for again; the oldest note first. */
  readonly #freeMs = new Map<string, number>();

  /** When a guild may be asked for; in the past, or never heard of: now. */
  freeMs(guildId: string): number {
    return this.#freeMs.get(guildId) ?? -Infinity;
  }

  /** It was asked for just now, or Discord says that it may be at `freeMs`. */
  note(guildId: string, nowMs: number, freeMs: number = nowMs + ALL_MEMBERS_PACE_MS): void {
    this.#freeMs.delete(guildId);
    this.#freeMs.set(guildId, freeMs);
    for (const [oldest, overMs] of this.#freeMs) {
      if (overMs > nowMs) return;
      this.#freeMs.delete(oldest);
    }
  }
}

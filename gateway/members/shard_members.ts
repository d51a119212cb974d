/**
 * The members of one shard's guilds, inside the worker: those that the bot asks for, and with
 * `CACHE_ALL_MEMBERS` everybody.
 *
 * @module
 */

import { GatehouseError } from "../../protocol/errors.ts";
import { calculateShardId } from "../../protocol/ids.ts";
import { INTENTS } from "../../protocol/discord/intents.ts";
import {
  intentLacking,
  MEMBERS_DEADLINE_MS,
  type MembersAnswer,
  membersBody,
  type MembersRequest,
  OWN_NONCE,
  wantsAllMembers,
} from "../../protocol/discord/members.ts";
import type { ShardPayload, WorkerOptions } from "../../protocol/worker_message.ts";
import type { Cancel } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import type { Shard } from "../shard.ts";
import type { Random } from "../../ports/random.ts";
import { type Finished, type MemberRequest, MemberRequests, type MembersAsk } from "./requests.ts";
import { AllMembers, type AllMembersOptions } from "./all_members.ts";

/** Guilds of a shard that Discord is asked for at the same time: chunks must not flood the bot. */
export const MOST_FETCHES = 4;
/** A guild that was asked for in vain so often is told to the operator. */
const TELL_AFTER = 2;
/** What Discord does not give without an intent. */
const NEEDED_FOR = {
  GUILD_MEMBERS: "all of them need",
  GUILD_PRESENCES: "presences need",
} as const;
const BLAMED = { refused: "caller", deadline: "discord", not_ready: "host" } as const;

/** What it works with. */
export interface ShardMembersOptions
  extends Omit<AllMembersOptions, "requests" | "isReady" | "mayAsk"> {
  readonly worker: Pick<WorkerOptions, "totalShards" | "cacheAllMembers">;
  readonly log: Log;
  readonly shard: Pick<Shard, "status" | "turn" | "intents">;
  /** See {@linkcode MemberRequests}. */
  readonly newNonce: () => string;
}

interface Asked {
  readonly resolve: (answer: MembersAnswer) => void;
  readonly reject: (error: unknown) => void;
  readonly cancelDeadline: Cancel;
  /** Whether the shard knows that it wants to send something. */
  hasTurn: boolean;
}

/** The members of one shard's guilds. */
export class ShardMembers {
  /** What is kept of all members; `null` without `CACHE_ALL_MEMBERS`. */
  readonly all: AllMembers | null;
  readonly #options: ShardMembersOptions;
  readonly #requests: MemberRequests;
  /** What the bot waits for. */
  readonly #asked = new Map<MemberRequest, Asked>();
  /** Whether the shard knows that there is something to send in the background. */
  #hasTurn = false;
  #cancelTimer: Cancel = () => {};
  #isOver = false;

  constructor(options: ShardMembersOptions) {
    this.#options = options;
    const requests = this.#requests = new MemberRequests(options.newNonce);
    const isReady = () => options.shard.status.state === "ready";
    const mayAsk = () => (options.shard.intents & INTENTS.GUILD_MEMBERS) !== 0;
    const { cacheAllMembers } = options.worker;
    this.all = cacheAllMembers ? new AllMembers({ ...options, requests, isReady, mayAsk }) : null;
  }

  /**
   * Asks Discord for members of a guild.
   *
   * @returns When the last chunk has come. What was lost, or belonged to a session that has ended, or
   * was RATE_LIMITED, is asked for again.
   * @throws {GatehouseError} `refused` where Discord would not answer, `deadline`, or `not_ready` where
   * the shard has stopped, or is not ready at the deadline.
   */
  request(wanted: MembersRequest): Promise<MembersAnswer> {
    return new Promise((resolve, reject) => {
      const { clock } = this.#options;
      const { guildId, deadlineMs = MEMBERS_DEADLINE_MS } = wanted;
      this.#refuseVain(guildId, membersBody(wanted));
      const about = { guildId, body: membersBody(wanted), wantsAll: wantsAllMembers(wanted) };
      const request = this.#requests.add({ ...about, rank: "bot" }, clock.now());
      const late = () => this.#refuse(request, this.#late(request, deadlineMs));
      const cancelDeadline = clock.after(deadlineMs, late);
      this.#asked.set(request, { resolve, reject, cancelDeadline, hasTurn: false });
      this.#wake();
    });
  }

  /** Takes a dispatch, after it was queued. */
  see(t: string, payload: Uint8Array): void {
    const nowMs = this.#options.clock.now();
    if (t === "READY") {
      // It may have fewer intents than the session before.
      for (const request of [...this.#asked.keys()]) this.#refuseIfVain(request);
      this.#requests.sessionBegan(nowMs);
    }
    if (t === "RESUMED") this.#requests.resumed(nowMs);
    if (t === "READY" || t === "RESUMED") this.all?.live();
    const finished = this.#requests.see(t, payload, nowMs);
    if (finished) this.#finish(finished);
    this.#wake();
  }

  /** The shard has stopped: nothing will come. */
  stopped(reason: string): void {
    for (const request of [...this.#asked.keys()]) {
      const { guildId } = request.ask;
      this.#refuse(request, this.#error("not_ready", guildId, `the shard has stopped: ${reason}`));
    }
  }

  /** The shard is gone: nothing is asked for any more. */
  end(): void {
    this.stopped("it is over");
    this.#isOver = true;
    this.#cancelTimer();
  }

  /** Discord gives no answer at all to these. */
  #refuseVain(guildId: string, body: MembersAsk["body"]): void {
    const { shardId, shard, worker: { totalShards } } = this.#options;
    const home = calculateShardId(guildId, totalShards);
    if (home !== shardId) {
      throw this.#error("refused", guildId, `it is on shard ${home}, not on ${shardId}`);
    }
    const intent = intentLacking(body, shard.intents);
    if (intent) throw this.#error("refused", guildId, `${NEEDED_FOR[intent]} the intent ${intent}`);
  }

  #refuseIfVain(request: MemberRequest): void {
    try {
      this.#refuseVain(request.ask.guildId, request.ask.body);
    } catch (error) {
      this.#refuse(request, error);
    }
  }

  #finish({ request, answer }: Finished): void {
    if (request.ask.wantsAll) this.all?.done(request.ask.guildId);
    this.#settle(request)?.resolve(answer);
  }

  #refuse(request: MemberRequest, error: unknown): void {
    this.#requests.drop(request);
    this.#settle(request)?.reject(error);
  }

  #settle(request: MemberRequest): Asked | undefined {
    const asked = this.#asked.get(request);
    asked?.cancelDeadline();
    this.#asked.delete(request);
    return asked;
  }

  /** Sends what is due, and comes back when more is. */
  #wake(): void {
    if (this.#isOver) return;
    const { clock, shard } = this.#options;
    const nowMs = clock.now();
    for (const request of this.#requests.due("bot", nowMs)) this.#turnOfBot(request);
    if (!this.#hasTurn && this.#nextFetch(nowMs)) {
      this.#hasTurn = true;
      shard.turn("background", () => this.#turnOfBackground());
    }
    const waitMs = Math.min(this.#requests.nextMs(nowMs) - nowMs, this.all?.check() ?? Infinity);
    this.#cancelTimer();
    this.#cancelTimer = waitMs < Infinity ? clock.after(waitMs, () => this.#wake()) : () => {};
  }

  #turnOfBot(request: MemberRequest): void {
    const asked = this.#asked.get(request);
    if (!asked || asked.hasTurn) return;
    asked.hasTurn = true;
    try {
      this.#options.shard.turn("bot", () => {
        asked.hasTurn = false;
        return this.#take(request);
      });
    } catch (error) {
      this.#refuse(request, error);
    }
  }

  #turnOfBackground(): ShardPayload | null {
    const { clock, log, shardId } = this.#options;
    this.#hasTurn = false;
    const request = this.#nextFetch(clock.now());
    if (!request) return null;
    const payload = this.#take(request);
    if (request.inVain === TELL_AFTER) {
      const { guildId } = request.ask;
      log.warn("members of a guild do not come, they are asked for again", { shardId, guildId });
    }
    return payload;
  }

  #nextFetch(nowMs: number): MemberRequest | undefined {
    if (this.#requests.underWay("background", nowMs) >= MOST_FETCHES) return undefined;
    do {
      const [request] = this.#requests.due("background", nowMs);
      if (request) return request;
    } while (this.all?.next());
    return undefined;
  }

  #take(request: MemberRequest): ShardPayload | null {
    const payload = this.#requests.take(request, this.#options.clock.now());
    this.#wake();
    return payload;
  }

  #late(request: MemberRequest, deadlineMs: number): GatehouseError {
    const { clock, shard } = this.#options;
    const { state, reason } = shard.status;
    const [code, why] = state === "ready"
      ? ["deadline", this.#requests.progress(request, clock.now())] as const
      : ["not_ready", `the shard is ${state} (${reason})`] as const;
    return this.#error(code, request.ask.guildId, `after ${deadlineMs} ms ${why}`);
  }

  #error(code: keyof typeof BLAMED, guildId: string, why: string): GatehouseError {
    const { shardId } = this.#options;
    const message = `Cannot request members of guild ${guildId}: ${why}`;
    return new GatehouseError(code, BLAMED[code], message, { shardId, guildId });
  }
}

/** Possible first parts of a nonce: 9 characters. */
const LIVES = 36 ** 9;

/** What they work with. */
type MembersOptions =
  & Omit<ShardMembersOptions, "shardId" | "shard" | "newNonce">
  & { readonly random: Random };

/** The members of the shards of one worker. */
export class Members {
  readonly #options: MembersOptions;
  readonly #shards = new Map<number, ShardMembers>();
  /** A replay brings nonces of earlier lives of the worker: this part tells them apart. */
  readonly #life: string;
  #nonces = 0;

  constructor(options: MembersOptions) {
    this.#options = options;
    this.#life = Math.floor(options.random() * LIVES).toString(36);
  }

  /** A shard is there. */
  add(shardId: number, shard: ShardMembersOptions["shard"]): void {
    const newNonce = () => `${OWN_NONCE}${this.#life}-${(++this.#nonces).toString(36)}`;
    this.#shards.set(
      shardId,
      new ShardMembers({ ...this.#options, shardId, shard, newNonce }),
    );
  }

  /** A shard is gone. */
  remove(shardId: number): void {
    this.#shards.get(shardId)?.end();
    this.#shards.delete(shardId);
  }

  /** The members of one shard. */
  of(shardId: number): ShardMembers | undefined {
    return this.#shards.get(shardId);
  }
}

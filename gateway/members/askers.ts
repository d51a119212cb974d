/**
 * Who has asked Discord for members through the shards of a worker, where several read one shard: the
 * answer to an op 8 is for whoever sent it. It is known by its guild and its nonce, by the guild alone
 * where it has none; two who ask for the same with the same nonce get both answers.
 *
 * @module
 */

import {
  type AnswerHead,
  isOwnNonce,
  readAnswerHead,
  usableNonce,
} from "../../protocol/discord/members.ts";
import { OP } from "../../protocol/discord/opcodes.ts";
import { readId } from "../../protocol/ids.ts";
import { isRecord } from "../../protocol/record.ts";
import type { ShardPayload } from "../../protocol/worker_message.ts";
import type { Clock } from "../../ports/clock.ts";

/** What nothing comes of for so long is not waited for any more. */
export const ANSWER_PATIENCE_MS = 120_000;
/** Requests that are remembered; the oldest are forgotten first. */
const MOST_REQUESTS = 10_000;

/** Who asks: the shard's bot (`null`), or somebody who reads beside it, by name. */
export type Asker = string | null;

interface Request {
  readonly askers: Set<Asker>;
  untilMs: number;
}

const BOT: ReadonlySet<Asker> = new Set([null]);

/** Who waits for members. */
export class MemberAskers {
  readonly #clock: Pick<Clock, "now">;
  /** Those that were asked or answered last come last. */
  readonly #requests = new Map<string, Request>();

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
  }

  /** A command is about to be sent. */
  asked(shardId: number, { op, d, reader }: ShardPayload): void {
    if (op !== OP.REQUEST_GUILD_MEMBERS || !isRecord(d)) return;
    const key = keyOf(shardId, readId(d.guild_id), usableNonce(d.nonce));
    const { askers } = this.#requests.get(key) ?? { askers: new Set<Asker>() };
    this.#keep(key, askers.add(reader ?? null));
    for (const [oldest, { untilMs }] of this.#requests) {
      if (untilMs > this.#clock.now() && this.#requests.size <= MOST_REQUESTS) break;
      this.#requests.delete(oldest);
    }
  }

  /**
   * For whom a dispatch is; `null`: for everybody, as what is no answer, or one that nobody is known to
   * wait for: who asked in an earlier life of the worker must get it. So must what cannot be read: whoever
   * gets it says so.
   */
  of(shardId: number, t: string, payload: Uint8Array): ReadonlySet<Asker> | null {
    const answer = headOf(t, payload);
    if (!answer) return null;
    // Ours feed the bot's cache, and nobody else's.
    if (isOwnNonce(answer.nonce)) return BOT;
    const key = keyOf(shardId, answer.guildId, answer.nonce);
    const request = this.#requests.get(key);
    if (!request || request.untilMs <= this.#clock.now()) return null;
    if (answer.isLast) this.#requests.delete(key);
    else this.#keep(key, request.askers);
    return request.askers;
  }

  #keep(key: string, askers: Set<Asker>): void {
    this.#requests.delete(key);
    this.#requests.set(key, { askers, untilMs: this.#clock.now() + ANSWER_PATIENCE_MS });
  }
}

function headOf(t: string, payload: Uint8Array): AnswerHead | null {
  try {
    return readAnswerHead(t, payload);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function keyOf(shardId: number, guildId: string | null, nonce: string | null): string {
  return `${shardId} ${guildId} ${nonce ?? ""}`;
}

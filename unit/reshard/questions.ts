/**
 * What was asked of guilds a moment ago: the answer comes to the session that asked, and to no other. A shard
 * that takes a guild over asks again.
 *
 * @module
 */

import type { ShardPayload } from "../../protocol/worker_message.ts";

/** Discord has answered what was asked so long ago. */
export const ANSWERED_MS = 10_000;

interface Question {
  readonly guildId: string;
  readonly payload: ShardPayload;
  readonly atMs: number;
}

/** The questions of a unit, each of one guild. */
export class Questions {
  /** In the order in which they were asked. */
  #questions: Question[] = [];

  /** A question was sent. */
  note(guildId: string, payload: ShardPayload, nowMs: number): void {
    if (this.#questions[0] && this.#questions[0].atMs < nowMs - 2 * ANSWERED_MS) {
      this.#questions = this.#questions.filter(({ atMs }) => atMs >= nowMs - ANSWERED_MS);
    }
    this.#questions.push({ guildId, payload, atMs: nowMs });
  }

  /**
   * Those that may not have been answered when answers were held back.
   *
   * @param isOf Of which guilds.
   */
  of(isOf: (guildId: string) => boolean, heldAtMs: number): [string, ShardPayload][] {
    return this.#questions
      .filter(({ guildId, atMs }) => atMs >= heldAtMs - ANSWERED_MS && isOf(guildId))
      .map(({ guildId, payload }) => [guildId, payload]);
  }
}

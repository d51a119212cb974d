/**
 * What a session was told of a guild and would end with it: where the bot is in voice, and what was asked a
 * moment ago, whose answer comes to who asked. A shard that takes the guild over is told it again.
 *
 * @module
 */

import { OP } from "../../protocol/discord/opcodes.ts";
import { isRecord } from "../../protocol/record.ts";
import type { ShardPayload } from "../../protocol/worker_message.ts";

/** Discord has answered what was asked so long ago. */
export const ANSWERED_MS = 10_000;

/** A command for one guild. */
export interface Told {
  readonly guildId: string;
  readonly payload: ShardPayload;
}

interface Question extends Told {
  readonly atMs: number;
}

/** What the sessions of a unit were told of guilds. */
export class ToldOfGuilds {
  /** The last op 4 of each guild with a channel. */
  readonly #voice = new Map<string, ShardPayload>();
  /** In the order in which they were asked. */
  #questions: Question[] = [];

  /** A command for a guild was sent. */
  note(guildId: string, payload: ShardPayload, nowMs: number): void {
    const { op, d } = payload;
    if (op === OP.VOICE_STATE_UPDATE) {
      const isThere = isRecord(d) && d.channel_id !== null && d.channel_id !== undefined;
      if (isThere) this.#voice.set(guildId, payload);
      else this.#voice.delete(guildId);
      return;
    }
    if (this.#questions[0] && this.#questions[0].atMs < nowMs - 2 * ANSWERED_MS) {
      this.#questions = this.#questions.filter(({ atMs }) => atMs >= nowMs - ANSWERED_MS);
    }
    this.#questions.push({ guildId, payload, atMs: nowMs });
  }

  /**
   * What is to be told again of the guilds that are asked for: voice first.
   *
   * @param isOf Whether a guild is one of them.
   * @param sinceMs What was asked before is answered.
   */
  of(isOf: (guildId: string) => boolean, sinceMs: number): Told[] {
    const voice = [...this.#voice].map(([guildId, payload]) => ({ guildId, payload }));
    const questions = this.#questions.filter(({ atMs }) => atMs >= sinceMs);
    return [...voice, ...questions].filter(({ guildId }) => isOf(guildId))
      .map(({ guildId, payload }) => ({ guildId, payload }));
  }
}

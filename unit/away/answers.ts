/**
 * Stands in for a bot that is away: gives interactions their first response, and remembers which, until
 * the bot has dealt with them. It decides neither when a bot is away nor what is said
 * (`protocol/discord/interaction.ts`).
 *
 * @module
 */

import {
  answerWhileAway,
  type AwayWords,
  type Interaction,
  INTERACTION_TOKEN_MS,
  type InteractionMark,
  isExpired,
  parseInteraction,
} from "../../protocol/discord/interaction.ts";
import type { Log } from "../../ports/log.ts";
import { type CallbackWorld, postCallback } from "./interaction_callback.ts";

/** What standing in needs. */
export interface AwayOptions extends CallbackWorld, AwayWords {
  readonly log: Log;
  /** Called after each change that is worth writing down. */
  readonly changed: () => void;
}

/** An INTERACTION_CREATE that nobody is there to deal with. */
export interface AwayEvent {
  readonly shardId: number;
  readonly cursor: number;
  readonly payload: Uint8Array;
}

/** What became of the interactions since the unit began. */
export interface AwayTally {
  readonly deferred: number;
  readonly answered: number;
  /** Discord did not take the response, or could not be reached in time. */
  readonly failed: number;
  /** Too old to be responded to. */
  readonly expired: number;
}

/** What is written down: by shard id, the cursor, its mark, and when it was made (wall clock). */
export interface SavedMarks {
  readonly shards: Readonly<
    Record<string, readonly (readonly [cursor: number, mark: InteractionMark, atMs: number])[]>
  >;
}

/** `mark` is `null` while the response is under way. */
interface Entry {
  readonly response: Promise<InteractionMark | null>;
  readonly atMs: number;
  mark: InteractionMark | null;
}

/** The responses that were given for a bot, of all shards of a unit. */
export class AwayAnswers {
  readonly #options: AwayOptions;
  readonly #tally = { deferred: 0, answered: 0, failed: 0, expired: 0 };
  /** Shard id → cursor → entry, in the order in which they came. */
  readonly #entries = new Map<number, Map<number, Entry>>();

  constructor(options: AwayOptions) {
    this.#options = options;
  }

  /** What became of the interactions since the unit began. */
  get tally(): AwayTally {
    return this.#tally;
  }

  /**
   * Gives an interaction its first response, unless it has one of ours: then nothing is sent. Settles
   * 2.5 s after the interaction was made at the latest (for one that is older, soon); never rejects.
   *
   * @returns How to mark the event before it is delivered; `null` where there was nothing to say, or it
   * could not be said: then the bot gets the event as it came.
   */
  answer(event: AwayEvent): Promise<InteractionMark | null> {
    this.#forgetOld();
    const entries = this.#of(event.shardId);
    const known = entries.get(event.cursor);
    if (known) return known.response;
    const response = this.#respond(event).then((mark) => {
      entry.mark = mark;
      if (mark === null) entries.delete(event.cursor);
      // An acknowledgement may have come first: then there is nothing to remember.
      else if (entries.has(event.cursor)) this.#options.changed();
      return mark;
    });
    const entry: Entry = { response, atMs: this.#options.clock.wallMs(), mark: null };
    entries.set(event.cursor, entry);
    return response;
  }

  /** The marks of a shard's events that are not acknowledged: cursor → mark. */
  marksOf(shardId: number): Map<number, InteractionMark> {
    this.#forgetOld();
    const marks = new Map<number, InteractionMark>();
    for (const [cursor, { mark }] of this.#entries.get(shardId) ?? []) {
      if (mark !== null) marks.set(cursor, mark);
    }
    return marks;
  }

  /** The bot has dealt with everything up to `cursor`. */
  acknowledged(shardId: number, cursor: number): void {
    const entries = this.#entries.get(shardId);
    if (!entries?.size) return;
    const before = entries.size;
    for (const each of entries.keys()) {
      // Almost all are in order. One that is not is forgotten with a later one, or when it is old.
      if (each > cursor) break;
      entries.delete(each);
    }
    if (entries.size < before) this.#options.changed();
  }

  /** Every mark, to be written down. */
  save(): SavedMarks {
    this.#forgetOld();
    const shards: Record<string, [number, InteractionMark, number][]> = {};
    for (const [shardId, entries] of this.#entries) {
      const marks = [...entries].flatMap(([cursor, { mark, atMs }]) =>
        mark === null ? [] : [[cursor, mark, atMs] as [number, InteractionMark, number]]
      );
      if (marks.length > 0) shards[shardId] = marks;
    }
    return { shards };
  }

  /** Takes over what an earlier life wrote down under the same numbering of cursors. */
  load(saved: unknown): void {
    const { shards } = (saved ?? {}) as { shards?: unknown };
    for (const [shardId, marks] of Object.entries(shards ?? {})) {
      if (!Array.isArray(marks)) continue;
      for (const each of marks) {
        const [cursor, mark, atMs] = Array.isArray(each) ? each : [];
        if (!Number.isSafeInteger(cursor) || !Number.isFinite(atMs) || !isMark(mark)) continue;
        this.#of(Number(shardId)).set(cursor, { response: Promise.resolve(mark), atMs, mark });
      }
    }
    this.#forgetOld();
  }

  async #respond({ shardId, cursor, payload }: AwayEvent): Promise<InteractionMark | null> {
    const interaction = parseInteraction(payload);
    const answer = interaction && answerWhileAway(interaction, this.#options);
    if (!answer) return null;
    const outcome = this.#isExpired(interaction)
      ? { kind: "expired" } as const
      : await postCallback(this.#options, interaction, answer.body);
    if (outcome.kind === "accepted") {
      this.#tally[answer.mark]++;
      return answer.mark;
    }
    this.#tally[outcome.kind]++;
    if (outcome.kind === "failed") {
      const { reason } = outcome;
      const facts = { shardId, cursor, interactionId: interaction.id, reason };
      this.#options.log.warn("an interaction got no response while the bot was away", facts);
    }
    return null;
  }

  #isExpired({ id }: Interaction): boolean {
    return isExpired(id, this.#options.clock.wallMs());
  }

  #of(shardId: number): Map<number, Entry> {
    const known = this.#entries.get(shardId);
    if (known) return known;
    const entries = new Map<number, Entry>();
    this.#entries.set(shardId, entries);
    return entries;
  }

  /** A mark is of no use once the interaction's token is dead. */
  #forgetOld(): void {
    const oldestMs = this.#options.clock.wallMs() - INTERACTION_TOKEN_MS;
    for (const entries of this.#entries.values()) {
      for (const [cursor, { atMs }] of entries) {
        if (atMs > oldestMs) break;
        entries.delete(cursor);
      }
    }
  }
}

function isMark(value: unknown): value is InteractionMark {
  return value === "deferred" || value === "answered";
}

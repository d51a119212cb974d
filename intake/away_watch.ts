/**
 * Interactions whose bot is away, in the worker: asks for a first response in the bot's place before
 * Discord gives up, holds each one until that is settled, and marks it when it is delivered.
 *
 * @module
 */

import { annotate, textField } from "../protocol/discord/body.ts";
import { readEnvelope } from "../protocol/discord/envelope.ts";
import { type EventRecord, gapRecord, RECORD } from "../protocol/event_frame.ts";
import {
  INTERACTION_TOKEN_MS,
  type InteractionMark,
  isExpired,
  isInteractionId,
} from "../protocol/discord/interaction.ts";
import type { AnswerMark } from "../protocol/estate.ts";
import type { Clock } from "../ports/clock.ts";

/** A bot that is back so soon answers by itself. Discord waits for 3 s. */
export const ASK_AFTER_MS = 1_000;

/** What the watch needs. */
export interface AwayWatchOptions {
  readonly clock: Clock;
  /** Whether nobody gets the events of a shard at this moment. */
  readonly isAway: (shardId: number) => boolean;
  /** Asks for a response in the bot's place; {@linkcode AwayWatch.settle} follows. */
  readonly ask: (shardId: number, cursor: number, payload: Uint8Array<ArrayBuffer>) => void;
  /** An interaction was dropped because its token is dead. */
  readonly expired: (shardId: number) => void;
}

interface Entry {
  /** `waiting`: the bot may still come; `asked`: a response is under way, and delivery waits for it. */
  readonly is: "waiting" | "asked" | { readonly mark: InteractionMark | null };
  /** When it came, by the monotonic clock; `null`: in an earlier life. */
  readonly tookMs: number | null;
}

interface Shard {
  readonly entries: Map<number, Entry>;
  /** Up to here events waited on disk in an earlier life: their interactions may be dead. */
  backlog: number;
  /** Up to here the bot is done with all: it comes again where somebody else is not. */
  done: number;
}

/** The interactions of one worker whose bot is away. */
export class AwayWatch {
  readonly #options: AwayWatchOptions;
  readonly #shards = new Map<number, Shard>();

  constructor(options: AwayWatchOptions) {
    this.#options = options;
  }

  /** An INTERACTION_CREATE is about to be queued. */
  took(shardId: number, cursor: number, payload: Uint8Array): void {
    const { clock, isAway, ask } = this.#options;
    if (!isAway(shardId)) return;
    const { entries, done } = this.#shard(shardId);
    if (cursor <= done) return;
    const copy = new Uint8Array(payload);
    const tookMs = clock.now();
    entries.set(cursor, { is: "waiting", tookMs });
    clock.after(ASK_AFTER_MS, () => {
      if (entries.get(cursor)?.is !== "waiting" || !isAway(shardId)) return;
      entries.set(cursor, { is: "asked", tookMs });
      ask(shardId, cursor, copy);
    });
  }

  /** The response was given, or could not be (`null`). */
  settle(shardId: number, cursor: number, mark: InteractionMark | null): void {
    const entries = this.#shards.get(shardId)?.entries;
    const entry = entries?.get(cursor);
    if (entry?.is === "asked") entries!.set(cursor, { ...entry, is: { mark } });
  }

  /** What is known of events that wait on disk: the marks given before, and the last cursor. */
  load(shardId: number, marks: readonly AnswerMark[], backlog: number): void {
    const shard = this.#shard(shardId);
    shard.backlog = backlog;
    for (const { cursor, mark } of marks) shard.entries.set(cursor, { is: { mark }, tookMs: null });
  }

  /** The bot is done with everything up to `cursor`. */
  acknowledged(shardId: number, cursor: number): void {
    const shard = this.#shard(shardId);
    shard.done = cursor;
    const { entries } = shard;
    if (entries.size === 0) return;
    for (const each of entries.keys()) if (each <= cursor) entries.delete(each);
  }

  /** A shard is gone: nothing is said to its interactions any more. */
  forget(shardId: number): void {
    this.#shards.get(shardId)?.entries.clear();
    this.#shards.delete(shardId);
  }

  /** Events were dropped: nothing is said to their interactions any more, and nothing is marked. */
  dropped(shardId: number, { from, to }: { readonly from: number; readonly to: number }): void {
    const entries = this.#shards.get(shardId)?.entries;
    if (!entries?.size) return;
    for (const each of entries.keys()) if (from <= each && each <= to) entries.delete(each);
  }

  /**
   * The record as it is to be sent; `null`: not yet, nor what comes after it.
   *
   * @throws {SyntaxError} When it cannot be read.
   */
  prepare(record: EventRecord): EventRecord | null {
    const shard = this.#shards.get(record.shardId);
    if (!shard || (shard.entries.size === 0 && record.cursor > shard.backlog)) return record;
    const entry = shard.entries.get(record.cursor);
    if (entry === undefined && record.cursor > shard.backlog) return record;
    if (!isInteraction(record)) {
      // What the mark was for has gone: this stands in its place.
      shard.entries.delete(record.cursor);
      return record;
    }
    if (entry?.is === "asked") return null;
    return this.#isDead(record, entry) ? this.#drop(record) : marked(record, entry);
  }

  #isDead({ body }: EventRecord, entry: Entry | undefined): boolean {
    const { clock } = this.#options;
    // Of what came to us the age is sure; what came to an earlier life has only its date.
    if (typeof entry?.tookMs === "number") {
      return clock.now() - entry.tookMs >= INTERACTION_TOKEN_MS;
    }
    const id = textField(body, "id");
    return isInteractionId(id) && isExpired(id, clock.epochMs());
  }

  #drop({ shardId, cursor }: EventRecord): EventRecord {
    this.#options.expired(shardId);
    const reason = "the token of this interaction is dead: it waited for more than 15 min";
    return gapRecord(shardId, { from: cursor, to: cursor, count: 1, reason });
  }

  #shard(shardId: number): Shard {
    const known = this.#shards.get(shardId);
    if (known) return known;
    const shard = { entries: new Map<number, Entry>(), backlog: -1, done: -1 };
    this.#shards.set(shardId, shard);
    return shard;
  }
}

function isInteraction({ kind, body }: EventRecord): boolean {
  return kind === RECORD.DISPATCH && readEnvelope(body).t === "INTERACTION_CREATE";
}

function marked(record: EventRecord, entry: Entry | undefined): EventRecord {
  if (typeof entry?.is !== "object" || entry.is.mark === null) return record;
  return { ...record, body: annotate(record.body, { answered: entry.is.mark }) };
}

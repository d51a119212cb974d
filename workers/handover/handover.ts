/**
 * What the shards of one worker do for the bot while guilds go from one total to another: those that rise keep what
 * comes, those that end are held back, and those that were handed guilds leave out what others have served.
 *
 * @module
 */

import type { Clock } from "../../ports/clock.ts";
import type { EventRecord } from "../../protocol/event_frame.ts";
import type { Cuts, Held, ShardRole } from "../../protocol/reshard.ts";
import type { EventQueue } from "../../queue/worker_queue.ts";
import type { ServedChanges } from "../../guilds/shard_guilds.ts";
import { asServed, isServed } from "./served.ts";
import { type IdentityOf, SeenNotes, type SeenNotesOptions } from "./seen_notes.ts";

/** Nothing of a shard that rises is above it. */
const FROM_THE_FIRST = -1;

/** Whom it asks and tells. */
export interface HandoverOptions extends SeenNotesOptions {
  readonly clock: Clock;
  readonly identityOf: IdentityOf;
  readonly queue: () => Pick<EventQueue, "hold" | "release" | "safety">;
  /** Guilds that have loaded in a shard's session. */
  readonly loaded: (shardId: number) => readonly string[];
}

/** The handovers of one worker. */
export class Handover {
  readonly #options: HandoverOptions;
  readonly #notes: SeenNotes;
  readonly #rising = new Set<number>();
  readonly #cuts = new Map<number, Cuts>();

  constructor(options: HandoverOptions) {
    this.#options = options;
    this.#notes = new SeenNotes(options);
  }

  /** Whether nobody is to get what comes on a shard, so that nobody is missed either. */
  isRising(shardId: number): boolean {
    return this.#rising.has(shardId);
  }

  /** A shard is brought up, before its disk is looked at; or it is asked to be what it is. */
  begin(shardId: number, role: ShardRole): void {
    if (role.kind === "serves") return this.serve(shardId, role.cuts);
    this.#rising.add(shardId);
    this.#options.queue().hold(shardId, FROM_THE_FIRST);
    this.#notes.watch(shardId, true);
  }

  /** Tells what comes on a shard from here on, or does so no more. */
  watch(shardId: number, isOn: boolean): void {
    this.#notes.watch(shardId, isOn || this.isRising(shardId));
  }

  /** A dispatch of a shard came, be it again. */
  see(shardId: number, cursor: number, t: string, payload: Uint8Array): void {
    this.#notes.see(shardId, cursor, t, payload);
  }

  /**
   * Nothing that comes on a shard from here on is sent. What has come before is told first, and that is all that it
   * does for one that rises: whoever gets the answer knows that he has been told.
   */
  hold(shardId: number): Held {
    const { clock, queue, loaded } = this.#options;
    this.#notes.flush(shardId);
    const through = queue().hold(shardId);
    return { through, guildIds: loaded(shardId), atMs: clock.epochMs() };
  }

  /** A shard that was held goes on; one that rises still waits. */
  lift(shardId: number): void {
    if (!this.isRising(shardId)) this.#options.queue().release(shardId);
  }

  /** A shard that rose serves. One that serves already goes on as it does, held or not. */
  serve(shardId: number, cuts: Cuts | null): void {
    if (cuts) this.#cuts.set(shardId, cuts);
    this.acknowledged(shardId);
    if (!this.#rising.delete(shardId)) return;
    this.#notes.watch(shardId, false);
    this.#options.queue().release(shardId);
  }

  /**
   * A record as it is to be sent.
   *
   * @throws {SyntaxError} When it cannot be read.
   */
  prepare(record: EventRecord): EventRecord {
    const cuts = this.#cuts.size > 0 ? this.#cuts.get(record.shardId) : undefined;
    return cuts ? asServed(record, cuts, this.#options.identityOf) : record;
  }

  /** What others have served of what came on a shard; `null`: nothing. */
  servedOf(shardId: number): ServedChanges | null {
    const cuts = this.#cuts.get(shardId);
    if (!cuts) return null;
    const { identityOf } = this.#options;
    return { through: cuts.through, has: (record) => isServed(record, cuts, identityOf) };
  }

  /** Somebody is done with more of a shard: when all are done with what others have served that is forgotten. */
  acknowledged(shardId: number): void {
    const cuts = this.#cuts.get(shardId);
    if (cuts && this.#options.queue().safety(shardId).done >= cuts.through) {
      this.#cuts.delete(shardId);
    }
  }

  /** A shard is gone. */
  forget(shardId: number): void {
    this.#rising.delete(shardId);
    this.#cuts.delete(shardId);
    this.#notes.watch(shardId, false);
  }
}

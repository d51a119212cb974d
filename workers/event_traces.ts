/**
 * Now and then an event is followed: from when it came until its bot had dealt with it. Both are seen by the shard's
 * worker, so that one clock says how long it took, whatever other threads and hosts go by.
 *
 * @module
 */

import { type Clock, every } from "../ports/clock.ts";
import type { TellSpan } from "../ports/telemetry/telemetry.ts";
import { eventTrace, type TracedEvent } from "../ports/telemetry/event_trace.ts";
import { rounded } from "../protocol/rounded.ts";

/** What it takes. */
export interface EventTracesOptions {
  readonly clock: Clock;
  readonly span: TellSpan;
  /** What the worker's events are events of. */
  readonly worker: Pick<TracedEvent, "stream" | "totalShards">;
  /** Events that are followed at most. */
  readonly perSecond: number;
}

interface Followed {
  readonly cursor: number;
  readonly type: string;
  readonly atMs: number;
}

/** Events that are followed at a time: while a bot is away they wait, and others are not followed. */
const MOST_FOLLOWED = 256;
/** A second has this many parts, and each has its share of what may be followed in it. */
const PARTS = 10;

/** The events of one worker that are followed. */
export class EventTraces {
  readonly #options: EventTracesOptions;
  readonly #shards = new Map<number, Followed[]>();
  #count = 0;
  /** Events that may be followed in this part: a clock is too dear to be asked for each that comes. */
  #free = 0;

  constructor(options: EventTracesOptions) {
    this.#options = options;
    let [part, given] = [0, 0];
    const next = () => {
      const due = Math.ceil(++part * options.perSecond / PARTS);
      // A part whose share is less than one event goes on with what the one before has left; nothing else is saved up.
      if (due > given) this.#free = due - given;
      given = due;
    };
    next();
    every(options.clock, 1000 / PARTS, next);
  }

  /** An event was queued. */
  came(shardId: number, cursor: number, type: string): void {
    if (this.#free === 0 || this.#count >= MOST_FOLLOWED) return;
    this.#free--;
    const followed = this.#shards.get(shardId);
    const event = { cursor, type, atMs: this.#options.clock.now() };
    if (!followed) this.#shards.set(shardId, [event]);
    // One that comes again after a RESUME is followed already.
    else if (followed.at(-1)!.cursor < cursor) followed.push(event);
    else return;
    this.#count++;
  }

  /** The bot is done with everything of a shard up to `cursor`. */
  acknowledged(shardId: number, cursor: number): void {
    const followed = this.#shards.get(shardId);
    if (!followed || followed[0]!.cursor > cursor) return;
    const { clock, span, worker } = this.#options;
    const [nowMs, endedMs] = [clock.now(), clock.wallMs()];
    const after = followed.findIndex((event) => event.cursor > cursor);
    const done = followed.splice(0, after < 0 ? followed.length : after);
    if (followed.length === 0) this.#shards.delete(shardId);
    this.#count -= done.length;
    for (const { cursor, type, atMs } of done) {
      span({
        name: `deliver ${type}`,
        kind: "internal",
        startedMs: endedMs - rounded(nowMs - atMs),
        endedMs,
        parent: eventTrace({ ...worker, shardId, cursor }),
        attributes: { "discord.event.type": type, "discord.shard.id": shardId },
      });
    }
  }

  /** A shard is gone, and what waited of it. */
  forget(shardId: number): void {
    this.#count -= this.#shards.get(shardId)?.length ?? 0;
    this.#shards.delete(shardId);
  }
}

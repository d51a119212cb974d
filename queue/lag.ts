/**
 * How long the bot takes: from when an event of a shard came until it was acknowledged, and how old the
 * oldest is that waits. It notes a time now and then, not for each event.
 *
 * @module
 */

/** Times that are noted, at most one in so long. */
const SAMPLE_MS = 50;
/** Samples that are kept: half of them make room for new ones when it is full. */
const MOST_SAMPLES = 512;
/** Weight of the newest in the mean. */
const WEIGHT = 0.2;

interface Sample {
  readonly cursor: number;
  readonly atMs: number;
}

/**
 * The lag of one shard.
 *
 * @example
 * ```ts
 * import { Lag } from "./lag.ts";
 * const lag = new Lag();
 * lag.accepted(1, 0);
 * console.assert(lag.ageMs(500) === 500);
 * lag.acknowledged(1, 800);
 * console.assert(lag.ageMs(900) === 0 && lag.lagMs === 800);
 * ```
 */
export class Lag {
  /** Mean time until an acknowledgement, of late; `null` before the first. */
  lagMs: number | null = null;
  #samples: Sample[] = [];
  #newest = 0;
  #acknowledged = 0;
  #heldAfter = Infinity;

  /** What comes above this cursor is held back: it waits for nobody. */
  holdAfter(cursor: number): void {
    this.#heldAfter = cursor;
  }

  /** What was held back, up to the cursor `newest`, waits for the bot from now on. */
  release(newest: number, nowMs: number): void {
    this.#heldAfter = Infinity;
    if (newest > this.#newest) this.accepted(newest, nowMs);
  }

  /** An event has come. */
  accepted(cursor: number, nowMs: number): void {
    if (cursor > this.#heldAfter) return;
    this.#newest = cursor;
    const last = this.#samples.at(-1);
    if (last && nowMs - last.atMs < SAMPLE_MS) return;
    this.#samples.push({ cursor, atMs: nowMs });
    // Of those in the middle every other one is enough: the oldest tells the age.
    if (this.#samples.length > MOST_SAMPLES) {
      this.#samples = this.#samples.filter((_, i) => i % 2 === 0);
    }
  }

  /** The bot is done with everything up to `cursor`. */
  acknowledged(cursor: number, nowMs: number): void {
    if (cursor <= this.#acknowledged) return;
    this.#acknowledged = cursor;
    const after = this.#samples.findIndex((sample) => sample.cursor > cursor);
    const done = after < 0 ? this.#samples.length : after;
    const sample = this.#samples[done - 1];
    if (!sample) return;
    const lagMs = nowMs - sample.atMs;
    this.lagMs = this.lagMs === null ? lagMs : this.lagMs + WEIGHT * (lagMs - this.lagMs);
    // The last one done stays while something younger than it waits: it bounds its age.
    this.#samples.splice(0, this.#acknowledged < this.#newest ? done - 1 : done);
  }

  /** Age of the oldest event that waits, within what is noted; 0 where none does. */
  ageMs(nowMs: number): number {
    if (this.#acknowledged >= this.#newest) return 0;
    const oldest = this.#samples.find(({ cursor }) => cursor > this.#acknowledged) ??
      this.#samples[0];
    return oldest ? nowMs - oldest.atMs : 0;
  }
}

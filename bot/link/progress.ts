/**
 * How far a consumer has come with one shard: which events are new, and up to which cursor every
 * one is dealt with.
 *
 * @module
 */

/** Before the first event: no cursor is that low. */
const NONE = -1;

/** Progress of one shard. Cursors must be given to {@linkcode ShardProgress.begin} as they come. */
export class ShardProgress {
  #seen = NONE;
  #told = NONE;
  /** Cursor of each event that is not settled → cursor of the event before it, in order. */
  readonly #open = new Map<number, number>();

  /** Whether the event is new. */
  begin(cursor: number): boolean {
    if (cursor <= this.#seen) return false;
    this.#open.set(cursor, this.#seen);
    this.#seen = cursor;
    return true;
  }

  /** The event is dealt with. */
  settle(cursor: number): void {
    this.#open.delete(cursor);
  }

  /** Who sends it again has not heard of its acknowledgement: that is due again. */
  repeat(): void {
    this.#told = NONE;
  }

  /** The highest cursor up to which every event is settled. */
  get done(): number {
    const [low] = this.#open.values();
    return low ?? this.#seen;
  }

  /** The same, once: `undefined` while it is not above what was taken before. */
  takeAck(): number | undefined {
    const { done } = this;
    if (done <= this.#told) return undefined;
    this.#told = done;
    return done;
  }
}

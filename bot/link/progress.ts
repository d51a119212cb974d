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

  /** Whether the event is new. One that was seen before makes the acknowledgement due again. */
  begin(cursor: number): boolean {
    if (cursor <= this.#seen) {
      this.#told = NONE;
      return false;
    }
    this.#open.set(cursor, this.#seen);
    this.#seen = cursor;
    return true;
  }

  /** The event is dealt with. */
  settle(cursor: number): void {
    this.#open.delete(cursor);
  }

  /**
   * The highest cursor up to which every event is settled, once: `undefined` while it is not above
   * what was taken before.
   */
  takeAck(): number | undefined {
    const [low] = this.#open.values();
    const done = low ?? this.#seen;
    if (done <= this.#told) return undefined;
    this.#told = done;
    return done;
  }
}

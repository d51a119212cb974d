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
  /** What never came, and may come late; before the first event nothing did. */
  readonly #missing: { readonly from: number; readonly to: number; readonly came: Set<number> }[] =
    [];

  /** Whether the event is new. */
  begin(cursor: number): boolean {
    if (cursor <= this.#seen) return false;
    if (this.#seen === NONE) this.gap(0, cursor - 1);
    this.#open.set(cursor, this.#seen);
    this.#seen = cursor;
    return true;
  }

  /** Events up to `to` will not come in their place, those from `from` on (`null`: nobody knows) that are not there yet. */
  gap(from: number | null, to: number): void {
    const first = Math.max(from ?? 0, this.#seen + 1);
    if (first <= to) this.#missing.push({ from: first, to, came: new Set() });
  }

  /**
   * An event comes late: whether it is `new`, was `seen`, or comes too `early`: the GAP that it was in has not come.
   */
  late(cursor: number): "new" | "seen" | "early" {
    const gap = this.#missing.find(({ from, to }) => from <= cursor && cursor <= to);
    if (!gap) return cursor > this.#seen ? "early" : "seen";
    if (gap.came.has(cursor)) return "seen";
    gap.came.add(cursor);
    return "new";
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

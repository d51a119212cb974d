/**
 * Copies of events that come closely after one another, in memory that they share: that is cheaper than
 * memory of its own for each.
 *
 * @module
 */

/** Memory that several events share, at most. */
const SLAB_BYTES = 64 * 1024;
const NONE = new Uint8Array();

/**
 * Memory for copies.
 *
 * @example
 * ```ts
 * import { Slab } from "./slab.ts";
 * const slab = new Slab();
 * const [one, two] = [1, 2].map((byte) => slab.copy(Uint8Array.of(byte), 1_000));
 * console.assert(one!.buffer === two!.buffer && one![0] === 1 && two![0] === 2);
 * ```
 */
export class Slab {
  #bytes = NONE;
  #used = 0;

  /**
   * A copy: of its own where `mostBytes` are little beside it, else one of several.
   *
   * @param mostBytes What the copies may share. It may be held by the last one, so it should be no more
   * than what is kept anyway.
   */
  copy(payload: Uint8Array, mostBytes: number): Uint8Array {
    const { length } = payload;
    if (this.#bytes === NONE || this.#bytes.length - this.#used < length) {
      const size = Math.floor(Math.min(SLAB_BYTES, mostBytes));
      if (size < 2 * length) return new Uint8Array(payload);
      this.#bytes = new Uint8Array(size);
      this.#used = 0;
    }
    const from = this.#used;
    this.#bytes.set(payload, from);
    this.#used = from + length;
    return this.#bytes.subarray(from, this.#used);
  }

  /** Lets go of memory that nobody shares yet. */
  clear(): void {
    this.#bytes = NONE;
  }
}

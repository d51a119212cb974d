/**
 * What is under way from one worker to all its consumers together, and how it is shared: what a consumer
 * does not read lies in our sockets, and cannot be taken back.
 *
 * @module
 */

/** The part of `QUEUE_MEMORY_BYTES` that may be under way. */
export const UNDER_WAY_SHARE = 1 / 4;

/**
 * What each of so many consumers of a worker may have under way, whatever the others do; more where they
 * leave it. `memoryBytes` is the worker's `QUEUE_MEMORY_BYTES`.
 */
export function surelyUnderWay(memoryBytes: number, consumers: number): number {
  return memoryBytes * UNDER_WAY_SHARE / 2 / consumers;
}

/**
 * The bytes under way. Half of what there may be is shared evenly and surely: a consumer that reads needs
 * it, also where many have stopped before. Of the other half a consumer may have as much as is free
 * besides.
 *
 * @example
 * ```ts
 * import { UnderWay } from "./under_way.ts";
 * const underWay = new UnderWay(16_000, () => 8);
 * underWay.add(1_000);
 * console.assert(underWay.room(1_000) === 0, "who has half of what is free");
 * console.assert(underWay.room(0) === 500, "anybody else");
 * underWay.add(1_000);
 * console.assert(underWay.room(0) === 250, "which is its own");
 * ```
 */
export class UnderWay {
  readonly #memoryBytes: number;
  readonly #consumers: () => number;
  #bytes = 0;

  /**
   * @param memoryBytes The worker's `QUEUE_MEMORY_BYTES`. Beyond our share of it goes one record for each
   * consumer.
   * @param consumers How many there may be.
   */
  constructor(memoryBytes: number, consumers: () => number) {
    this.#memoryBytes = memoryBytes;
    this.#consumers = consumers;
  }

  /** So many bytes more are under way, or less (below 0). */
  add(bytes: number): void {
    this.#bytes += bytes;
  }

  /**
   * What may be sent now to a consumer that has `ownBytes` under way; 0 or less: nothing. Who has nothing
   * under way may always be sent something, and so hears of it by an acknowledgement when there is more.
   */
  room(ownBytes: number): number {
    const freeBytes = this.#memoryBytes * UNDER_WAY_SHARE / 2 - this.#bytes;
    const sureBytes = surelyUnderWay(this.#memoryBytes, this.#consumers());
    const room = Math.max((freeBytes - ownBytes) / 2, sureBytes - ownBytes);
    return ownBytes === 0 ? Math.max(1, room) : room;
  }
}

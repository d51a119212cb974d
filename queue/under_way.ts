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
  return memoryBytes * UNDER_WAY_SHARE / (consumers + 1);
}

/**
 * The bytes under way. A consumer may have as much under way as is free besides: one alone gets half of
 * what there may be, each of nine that do not read a tenth, and there is always something left for the
 * next.
 *
 * @example
 * ```ts
 * import { UnderWay } from "./under_way.ts";
 * const underWay = new UnderWay(4_000);
 * underWay.add(500);
 * console.assert(underWay.room(500) === 0, "who has half of it");
 * console.assert(underWay.room(0) === 250, "anybody else");
 * ```
 */
export class UnderWay {
  readonly #mostBytes: number;
  #bytes = 0;

  /** @param memoryBytes The worker's `QUEUE_MEMORY_BYTES`. Beyond our share of it goes one record for each consumer. */
  constructor(memoryBytes: number) {
    this.#mostBytes = memoryBytes * UNDER_WAY_SHARE;
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
    const bytes = (this.#mostBytes - this.#bytes - ownBytes) / 2;
    return ownBytes === 0 ? Math.max(1, bytes) : bytes;
  }
}

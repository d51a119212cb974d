/**
 * Deletes from disk what a shard is done with.
 *
 * @module
 */

import { messageOf } from "../protocol/errors.ts";
import type { Spool } from "../ports/spool.ts";

/**
 * Deletes from a spool what is dealt with, one deletion at a time, always up to the newest cursor asked
 * for.
 */
export class Trimmer {
  readonly #spool: Spool;
  readonly #failed: (reason: string) => void;
  #wanted = -1;
  #done = -1;
  #isAtWork = false;

  /** @param failed Told why a deletion failed; the next one tries again. */
  constructor(spool: Spool, failed: (reason: string) => void) {
    this.#spool = spool;
    this.#failed = failed;
  }

  /** Everything up to `cursor` may go. */
  trim(cursor: number): void {
    this.#wanted = Math.max(this.#wanted, cursor);
    if (!this.#isAtWork) this.#work();
  }

  async #work(): Promise<void> {
    this.#isAtWork = true;
    try {
      while (this.#done < this.#wanted && this.#spool.first !== null) {
        const cursor = this.#wanted;
        await this.#spool.trim(cursor);
        this.#done = cursor;
      }
    } catch (error) {
      this.#failed(messageOf(error));
    }
    this.#isAtWork = false;
  }
}

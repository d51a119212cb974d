/**
 * The record of a reshard, and its one writer: what is asked for is written in turn, each upon what the one
 * before it has left.
 *
 * @module
 */

import type { Store } from "../../../ports/store.ts";
import type { ShardKey } from "../../../protocol/ids.ts";
import { type ReshardRecord, saveRecord, withoutPassed } from "../record.ts";

/** What a ledger works with. */
export interface LedgerOptions {
  readonly store: Store;
  /** As it was left. */
  readonly record: ReshardRecord;
  /** Up to which cursor everybody is done with what came on a shard: cuts before it are of no use. */
  readonly doneOf: (key: ShardKey) => number;
  /** What is written down is another. */
  readonly recorded: (record: ReshardRecord) => void;
}

/** The record of a reshard. */
export class Ledger {
  readonly #options: LedgerOptions;
  #record: ReshardRecord;
  #turn: Promise<void> = Promise.resolve();

  constructor(options: LedgerOptions) {
    this.#options = options;
    this.#record = options.record;
  }

  /** What is on disk. */
  get record(): ReshardRecord {
    return this.#record;
  }

  /** Whether it has cuts that everybody has passed. */
  get isUntidy(): boolean {
    return this.#tidied(this.#record) !== this.#record;
  }

  /**
   * Changes the record, in its turn. When that resolves it outlives whatever happens; when it rejects, nobody knows
   * whether it does, but whoever asks here is told that it does not.
   */
  write(change: (record: ReshardRecord) => ReshardRecord): Promise<void> {
    const { store, recorded } = this.#options;
    const written = this.#turn.then(async () => {
      const record = this.#tidied(change(this.#record));
      await saveRecord(store, record);
      this.#record = record;
      recorded(record);
    });
    this.#turn = written.catch(() => {});
    return written;
  }

  /** Resolves when nothing is being written. */
  settled(): Promise<void> {
    return this.#turn;
  }

  #tidied(record: ReshardRecord): ReshardRecord {
    return withoutPassed(record, this.#options.doneOf);
  }
}

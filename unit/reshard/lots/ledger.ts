/**
 * The record of who serves what, and its one writer in this unit: what is asked for is written in turn, each upon
 * what the one before it has left. Cuts that everybody has passed are taken out.
 *
 * @module
 */

import type { Cancel } from "../../../ports/clock.ts";
import type { World } from "../../../ports/world.ts";
import { messageOf } from "../../../protocol/errors.ts";
import type { ShardKey } from "../../../protocol/ids.ts";
import { type ReshardRecord, withoutPassed } from "../record.ts";
import { merged } from "../written/merged.ts";
import type { RecordStore } from "../written/records.ts";

/** Cuts that everybody has passed are taken out of the record so often. */
const TIDY_MS = 10_000;

/** What a ledger works with. */
export interface LedgerOptions extends Pick<World, "clock" | "log"> {
  readonly records: RecordStore;
  /** As it was left. */
  readonly record: ReshardRecord;
  /** Up to which cursor everybody is done with what came on a shard: cuts before it are of no use. */
  readonly doneOf: (key: ShardKey) => number;
  /** What is written down is another. */
  readonly recorded: (record: ReshardRecord) => void;
}

/** The record of a unit. */
export class Ledger {
  readonly #options: LedgerOptions;
  #record: ReshardRecord;
  #turn: Promise<void> = Promise.resolve();
  #cancelTidy: Cancel | null = null;
  readonly #cancelWatch: Cancel;
  #isStopped = false;

  constructor(options: LedgerOptions) {
    this.#options = options;
    this.#record = options.record;
    this.#cancelWatch = options.records.watch((record) => this.#set(merged(this.#record, record)));
    this.#tidySoon();
  }

  /** What is written down, as far as is known here. */
  get record(): ReshardRecord {
    return this.#record;
  }

  /** Why nothing can be written just now, in a person's words; `null`: it can. */
  get away(): string | null {
    return this.#options.records.away;
  }

  /**
   * Changes the record, in its turn. When that resolves it outlives whatever happens; when it rejects, nobody knows
   * whether it does (but where that is `refused`), but whoever asks here is told that it does not.
   */
  write(change: (record: ReshardRecord) => ReshardRecord): Promise<void> {
    const { records, doneOf } = this.#options;
    const written = this.#turn.then(async () => {
      const record = await records.save(
        this.#record,
        (each) => withoutPassed(change(each), doneOf),
      );
      this.#set(merged(record, this.#record));
    });
    this.#turn = written.catch(() => {});
    return written;
  }

  /** A move begins: that is written down with the next change. */
  begin(record: ReshardRecord): void {
    this.#record = record;
  }

  /** Writes nothing any more by itself, and hears of nothing. Resolves when nothing is being written. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancelTidy?.();
    this.#cancelWatch();
    await this.#turn;
  }

  #set(record: ReshardRecord): void {
    if (this.#isStopped) return;
    this.#record = record;
    this.#options.recorded(record);
    this.#tidySoon();
  }

  #tidySoon(): void {
    if (this.#cancelTidy || this.#isStopped || Object.keys(this.#record.cuts).length === 0) return;
    this.#cancelTidy = this.#options.clock.after(TIDY_MS, () => {
      this.#cancelTidy = null;
      void this.#tidy().finally(() => this.#tidySoon());
    });
  }

  async #tidy(): Promise<void> {
    const { log, doneOf } = this.#options;
    if (this.away !== null || withoutPassed(this.#record, doneOf) === this.#record) return;
    await this.write((record) => record).catch((error) =>
      log.error("cuts of a reshard were not taken out", { error: messageOf(error) })
    );
  }
}

/**
 * A disk that does what a test says, when it says so: it answers at once, or step by step; each kind
 * of step can be made to fail; it can lose its power.
 *
 * @module
 */

import { type EventRecord, RECORD_HEADER_BYTES } from "../../protocol/event_frame.ts";
import { requireGrowing, type Spool } from "../../ports/spool.ts";

/** Steps of a disk. */
export type DiskStep = "append" | "read" | "trim";

interface Waiting {
  readonly step: DiskStep;
  readonly work: () => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** The disk of one shard. */
export class ScriptedDisk {
  /** What survives. */
  records: EventRecord[] = [];
  /** Steps in the order in which they were carried out, failed ones too. */
  readonly done: DiskStep[] = [];
  /** Steps of these kinds fail. */
  readonly failing = new Set<DiskStep>();
  /** Steps wait for {@linkcode ScriptedDisk.finish}. */
  isSlow = false;
  #waiting: Waiting[] = [];
  #lives = 0;

  /** Kinds of the steps that wait, oldest first. */
  get waiting(): DiskStep[] {
    return this.#waiting.map(({ step }) => step);
  }

  /** Carries out the oldest step that waits; `false` where none does. */
  finish(): boolean {
    const waiting = this.#waiting.shift();
    if (!waiting) return false;
    const { step, work, resolve, reject } = waiting;
    this.done.push(step);
    if (this.failing.has(step)) reject(new Error(`the disk does not ${step}`));
    else resolve(work());
    return true;
  }

  /** The power goes: nobody hears of what waits, which may be on disk (`isWritten`) or not. */
  crash(isWritten: boolean): void {
    const [next] = this.#waiting;
    this.#waiting = [];
    if (isWritten && next?.step === "append") next.work();
  }

  /** The spool of this disk, in one life: one that was opened earlier is never answered again. */
  open(shardId = 0): Spool {
    const life = ++this.#lives;
    const records = () => this.records;
    const step = <Result>(kind: DiskStep, work: () => Result): Promise<Result> =>
      life === this.#lives ? this.#step(kind, work) : new Promise(() => {});
    return {
      get first() {
        return records()[0]?.cursor ?? null;
      },
      get last() {
        return records().at(-1)?.cursor ?? null;
      },
      get bytes() {
        return records().reduce((sum, { body }) => sum + RECORD_HEADER_BYTES + body.length, 0);
      },
      damaged: 0,
      append: (more) =>
        step("append", () => {
          requireGrowing(shardId, records().at(-1)?.cursor ?? -1, more);
          records().push(...more);
        }),
      read: (cursor, limitBytes) => step("read", () => readOn(records(), cursor, limitBytes)),
      trim: (cursor) =>
        step("trim", () => {
          this.records = records().filter((record) => record.cursor > cursor);
        }),
      close: () => Promise.resolve(),
    };
  }

  #step<Result>(step: DiskStep, work: () => Result): Promise<Result> {
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    this.#waiting.push({ step, work, resolve: resolve as (value: unknown) => void, reject });
    if (!this.isSlow) this.finish();
    return promise;
  }
}

function readOn(records: readonly EventRecord[], cursor: number, limitBytes: number) {
  const found: EventRecord[] = [];
  let bytes = 0;
  for (const record of records) {
    if (record.cursor <= cursor) continue;
    if (bytes >= limitBytes && found.length > 0) break;
    bytes += RECORD_HEADER_BYTES + record.body.length;
    found.push(record);
  }
  return found;
}

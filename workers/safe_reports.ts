/**
 * What has become safe of the shards of a worker, told together and not each time: how far bot and readers
 * have come, and the guilds as of then.
 *
 * @module
 */

import type { SafeEvents } from "../protocol/estate.ts";
import type { FromWorker } from "../protocol/worker_message.ts";
import type { Clock } from "../ports/clock.ts";
import type { Intake } from "../intake/intake.ts";
import type { EventQueue } from "../queue/worker_queue.ts";

/** Safe cursors are reported together, this long after the first. */
export const SAFE_AFTER_MS = 100;

/** Whom it asks and tells. */
export interface SafeReportsOptions {
  readonly clock: Clock;
  readonly queue: () => Pick<EventQueue, "safety">;
  readonly intake: () => Pick<Intake, "guilds">;
  readonly post: (message: Extract<FromWorker, { type: "SAFE" }>) => void;
  /** Bot and readers are done with everything up to this cursor, as was just told. */
  readonly done: (shardId: number, cursor: number) => void;
}

/** The reports of one worker. */
export class SafeReports {
  readonly #options: SafeReportsOptions;
  readonly #open = new Set<number>();
  /** What has changed and is not reported yet. */
  #changed: Set<number> | null = null;

  constructor(options: SafeReportsOptions) {
    this.#options = options;
  }

  /** The disk of a shard has been looked at, for its bot and for all who read beside it. */
  open(shardId: number): void {
    this.#open.add(shardId);
  }

  /** A shard is gone. */
  forget(shardId: number): void {
    this.#open.delete(shardId);
    this.#changed?.delete(shardId);
  }

  /** Something of a shard has become safe, or who reads it has changed. */
  note(shardId: number): void {
    // Of readers that are still being opened nothing can be said.
    if (!this.#open.has(shardId)) return;
    if (!this.#changed) this.#options.clock.after(SAFE_AFTER_MS, () => this.report());
    this.#changed ??= new Set();
    this.#changed.add(shardId);
  }

  /** Tells what has become safe, with the guilds as of then where they have changed. */
  report(): void {
    const { queue, intake, post, done } = this.#options;
    const changed = this.#changed;
    this.#changed = null;
    if (!changed) return;
    const shards: Record<string, SafeEvents> = {};
    for (const shardId of changed) {
      const { acknowledged, safe, readers } = queue().safety(shardId);
      const loads = intake().guilds(shardId);
      loads?.confirm(safe);
      const guilds = loads?.takeUnsaved();
      shards[shardId] = { acknowledged, safe, readers, ...(guilds && { guilds }) };
    }
    post({ type: "SAFE", shards });
    for (const shardId of changed) done(shardId, queue().safety(shardId).done);
  }
}

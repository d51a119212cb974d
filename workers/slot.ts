/**
 * One place for a worker: starts it, and starts another when it is lost. The shards of a lost worker
 * come back by RESUME in the next one, from the points that the main thread keeps.
 *
 * @module
 */

import type { WorkerSnapshot } from "../protocol/status.ts";
import type { FromWorker, WorkerOptions } from "../protocol/worker_message.ts";
import type { Cancel, Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import { Life, type SpawnThread } from "./life.ts";
import { restartDelayMs } from "./restarts.ts";

/** What a slot needs. */
export interface SlotOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly spawn: SpawnThread;
  readonly worker: WorkerOptions;
  readonly shardIds: readonly number[];
  readonly message: (message: FromWorker) => void;
  /** A worker began: it is to be told what it has to know. */
  readonly greet: () => void;
  /** A worker is lost, and with it what its shards had asked for. */
  readonly lost: () => void;
  /** Workers are lost again and again: only a new process can help. */
  readonly exhausted: (reason: string) => void;
}

/** A place for a worker. */
export class WorkerSlot {
  readonly #options: SlotOptions;
  readonly #startsMs: number[] = [];
  #life: Life | null = null;
  #epoch = 0;
  #state: WorkerSnapshot["state"] = "stopped";
  #reason = "not started";
  #cancelRestart: Cancel = () => {};

  constructor(options: SlotOptions) {
    this.#options = options;
  }

  /** The worker as seen from outside. */
  get snapshot(): WorkerSnapshot {
    return {
      workerId: this.#options.worker.workerId,
      state: this.#state,
      reason: this.#reason,
      shards: this.#options.shardIds,
      restarts: Math.max(0, this.#epoch - 1),
    };
  }

  /** The worker that runs now. Asking a slot without one is refused in the same way as a dead one. */
  get life(): Life | null {
    return this.#life;
  }

  /** Starts a worker, unless one runs. */
  start(): void {
    if (this.#life) return;
    const { clock, spawn, worker, greet } = this.#options;
    this.#state = "starting";
    this.#reason = "waiting for its first word";
    this.#life = new Life({
      epoch: ++this.#epoch,
      clock,
      spawn,
      worker,
      message: (message) => this.#message(message),
      lost: (reason) => this.#lost(reason),
    });
    greet();
  }

  /** Ends the worker as if it had crashed; the next one resumes its shards. */
  replace(reason: string): void {
    if (!this.#life) return;
    this.#life.end(reason);
    this.#lost(reason);
  }

  /** Ends the worker for good. */
  end(reason: string): void {
    this.#cancelRestart();
    this.#life?.end(reason);
    this.#life = null;
    this.#state = "stopped";
    this.#reason = reason;
  }

  #message(message: FromWorker): void {
    if (message.type === "STARTED") {
      this.#state = "running";
      this.#reason = "well";
    }
    this.#options.message(message);
  }

  #lost(reason: string): void {
    const { clock, log, lost, exhausted, worker } = this.#options;
    const { workerId } = worker;
    this.#life = null;
    this.#reason = reason;
    lost();
    const nowMs = clock.now();
    const delayMs = restartDelayMs(this.#startsMs, nowMs);
    if (delayMs === null) {
      this.#state = "failed";
      log.error("worker was lost too often, the unit has to be restarted", { workerId, reason });
      return exhausted(reason);
    }
    this.#state = "restarting";
    this.#startsMs.push(nowMs);
    log.error("worker was lost, its shards resume in a new one", { workerId, reason, delayMs });
    this.#cancelRestart = clock.after(delayMs, () => this.start());
  }
}

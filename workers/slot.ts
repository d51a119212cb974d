/**
 * One place for a worker: starts it, and starts another when it is lost. The shards of a lost worker
 * come back by RESUME in the next one, from the points that the main thread keeps.
 *
 * @module
 */

import type { WorkerSnapshot } from "../protocol/status.ts";
import { type Policy, type State, Supervision } from "../ports/supervision.ts";
import type { World } from "../ports/world.ts";
import { Life, type LifeOptions } from "./life.ts";

/** A worker that is lost is replaced at once, then later each time, ten times in ten minutes. */
export const WORKER_POLICY: Policy = {
  delaysMs: [0, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000],
  windowMs: 10 * 60 * 1000,
  stableMs: Infinity,
  budget: 10,
};

const SEEN: Readonly<Record<State["kind"], WorkerSnapshot["state"]>> = {
  stopped: "stopped",
  starting: "starting",
  up: "running",
  away: "running",
  stopping: "stopped",
  "backing off": "restarting",
  failed: "failed",
};

type Word = Parameters<LifeOptions["message"]>[0];

/** What a slot needs. */
export interface SlotOptions
  extends Pick<LifeOptions, "clock" | "spawn" | "worker">, Pick<World, "log"> {
  readonly shardIds: readonly number[];
  readonly message: (message: Exclude<Word, { type: "STARTED" }>) => void;
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
  readonly #supervision: Supervision;
  #life: Life | null = null;
  #epoch = 0;

  constructor(options: SlotOptions) {
    this.#options = options;
    this.#supervision = new Supervision({
      clock: options.clock,
      policy: WORKER_POLICY,
      start: () => this.#start(),
      end: (reason) => this.#end(reason),
      lost: (reason, delayMs) => this.#lost(reason, delayMs),
    });
  }

  /** The worker as seen from outside. */
  get snapshot(): WorkerSnapshot {
    const { worker: { workerId }, shardIds } = this.#options;
    const { kind, reason, restarts } = this.#supervision.state;
    return {
      workerId,
      state: SEEN[kind],
      reason: kind === "starting" ? "waiting for its first word" : reason,
      shards: shardIds,
      restarts,
    };
  }

  /** The worker that runs now. Asking a slot without one is refused in the same way as a dead one. */
  get life(): Life | null {
    return this.#life;
  }

  /** Starts a worker, unless one runs. */
  start(): void {
    this.#supervision.take({ kind: "start" });
  }

  /** Ends the worker as if it had crashed; the next one resumes its shards. */
  replace(reason: string): void {
    if (!this.#life) return;
    this.#life.end(reason);
    this.#supervision.take({ kind: "ended", reason });
  }

  /** Ends the worker for good. */
  end(reason: string): void {
    this.#supervision.take({ kind: "stop", reason, deadlineMs: 0 });
  }

  #start(): void {
    this.#life = new Life({
      ...this.#options,
      epoch: ++this.#epoch,
      message: (message) => this.#message(message),
      lost: (reason) => this.#supervision.take({ kind: "ended", reason }),
    });
    this.#options.greet();
  }

  #end(reason: string): void {
    this.#life?.end(reason);
    this.#life = null;
    this.#supervision.take({ kind: "ended", reason });
  }

  #message(message: Word): void {
    if (message.type !== "STARTED") return this.#options.message(message);
    this.#supervision.take({ kind: "up", reason: "well" });
  }

  #lost(reason: string, delayMs: number | null): void {
    const { log, lost, exhausted, worker: { workerId } } = this.#options;
    this.#life = null;
    lost();
    if (delayMs === null) {
      log.error("worker was lost too often, the unit has to be restarted", { workerId, reason });
      return exhausted(reason);
    }
    log.error("worker was lost, its shards resume in a new one", { workerId, reason, delayMs });
  }
}

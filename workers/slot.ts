/**
 * One place for a worker, and its lives: starts it, and starts another when it is lost. The shards of a lost worker
 * come back by RESUME in the next one, from the points that the main thread keeps.
 *
 * @module
 */

import { GatehouseError } from "../protocol/errors.ts";
import type { WorkerSnapshot } from "../protocol/status.ts";
import {
  type FromWorker,
  parseStamped,
  type Question,
  type Reply,
  stamp,
  type ToWorker,
  valueOf,
  type WorkerOptions,
} from "../protocol/worker_message.ts";
import { type Policy, type State, Supervision } from "../ports/lives/supervision.ts";
import { Asks } from "../ports/asks.ts";
import { type Cancel, every } from "../ports/clock.ts";
import type { World } from "../ports/world.ts";

/** From starting a worker to its first word. */
export const START_DEADLINE_MS = 20_000;
/** A worker that has said nothing for so long is lost: it reports every second when it is well. */
export const SILENCE_DEADLINE_MS = 15_000;
/** How long a worker may take to answer a question; some questions say otherwise. */
export const ASK_DEADLINE_MS = 10_000;
/** The longest that a command waits in a worker, and a little more. */
export const SEND_DEADLINE_MS = 130_000;
/** How often we look. */
const WATCH_MS = 1_000;

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

/** What a worker says of itself and its shards. */
export type WorkerWord = Exclude<Word, { type: "STARTED" }>;

/** What a slot needs. */
export interface SlotOptions
  extends Pick<LifeOptions, "clock" | "spawn" | "worker">, Pick<World, "log"> {
  readonly shardIds: readonly number[];
  readonly message: (message: WorkerWord) => void;
  /** A worker began: it is to be told what it has to know. */
  readonly greet: () => void;
  /** A worker is lost, and with it what its shards had asked for. */
  readonly lost: () => void;
  /** Workers are lost again and again: only a new process can help. */
  readonly exhausted: (reason: string) => void;
  /** A module of the user's cannot be loaded in it, and never could. */
  readonly refused: (reason: string) => void;
}

/** A place for a worker. */
export class WorkerSlot {
  readonly #options: SlotOptions;
  readonly #supervision: Supervision;
  readonly #settled = Promise.withResolvers<void>();
  #life: Life | null = null;
  #epoch = 0;
  #isDoubted = false;
  #isClosed = false;

  constructor(options: SlotOptions) {
    this.#options = options;
    this.#supervision = new Supervision({
      clock: options.clock,
      policy: WORKER_POLICY,
      start: () => this.#start(),
      end: (reason) => this.#end(reason),
      lost: (reason, delayMs) => this.#lost(reason, delayMs),
      refused: (reason) => this.#refused(reason),
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

  /** Resolves when its first worker is well, or lost; at once where none was started. */
  get settled(): Promise<void> {
    return this.#epoch === 0 ? Promise.resolve() : this.#settled.promise;
  }

  /** Starts a worker, unless one runs. */
  start(): void {
    if (!this.#isClosed) this.#supervision.take({ kind: "start" });
  }

  /** Ends the worker for good: nobody starts another one. */
  close(reason: string): void {
    this.#isClosed = true;
    this.end(reason);
  }

  /** Others may have resumed sessions of its shards, or not any more. Outlives the worker. */
  doubt(isOn: boolean): void {
    if (this.#isDoubted === isOn) return;
    this.#isDoubted = isOn;
    this.#life?.tell({ type: "DOUBT", isOn });
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
      lost: (reason, isUnloadable) =>
        this.#supervision.take({ kind: "ended", reason, isUnloadable }),
    });
    if (this.#isDoubted) this.#life.tell({ type: "DOUBT", isOn: true });
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
    this.#settled.resolve();
  }

  #lost(reason: string, delayMs: number | null): void {
    const { log, lost, exhausted, worker: { workerId } } = this.#options;
    this.#life = null;
    this.#settled.resolve();
    lost();
    if (delayMs === null) {
      log.error("worker was lost too often, the unit has to be restarted", { workerId, reason });
      return exhausted(reason);
    }
    log.error("worker was lost, its shards resume in a new one", { workerId, reason, delayMs });
  }

  #refused(reason: string): void {
    this.#life = null;
    this.#options.lost();
    this.#options.refused(reason);
  }
}

/** A worker thread, as this file needs it. Tests bring one of their own. */
export interface Thread {
  post(message: unknown): void;
  terminate(): void;
}

/** Starts a thread. `failed` is called when it dies of an error. */
export type SpawnThread = (
  events: { message(data: unknown): void; failed(reason: string): void },
) => Thread;

/** What a life needs. */
export interface LifeOptions extends Pick<World, "clock"> {
  readonly epoch: number;
  readonly spawn: SpawnThread;
  readonly worker: WorkerOptions;
  readonly message: (message: Exclude<FromWorker, { type: "NONCE_REPLY" | "DYING" }>) => void;
  /** Called once, unless the life was ended by {@linkcode Life.end}. */
  readonly lost: (reason: string, isUnloadable: boolean) => void;
}

type WithoutNonce<Message> = Message extends Question ? Omit<Message, "nonce"> : never;

/** A question that has no number yet. */
export type Asked = WithoutNonce<Question>;

/**
 * One life of a shard worker, seen from the main thread: started, spoken with, given up. Every question
 * settles: by its answer, its deadline, or the end of the life.
 */
export class Life {
  readonly #options: LifeOptions;
  readonly #thread: Thread;
  readonly #asks: Asks<Reply>;
  readonly #cancelWatch: Cancel;
  /** Grows while we look: time in which the whole process stood still is no silence of the worker's. */
  #silentMs = 0;
  #deadlineMs = START_DEADLINE_MS;
  #over = false;

  /** Starts the worker. */
  constructor(options: LifeOptions) {
    this.#options = options;
    const { clock, spawn } = options;
    this.#asks = new Asks(clock, { read: valueOf, late: unanswered, gone: lost });
    this.#thread = spawn({
      message: (data) => this.#message(data),
      failed: (reason) => this.#lose(reason),
    });
    this.#cancelWatch = every(clock, WATCH_MS, () => this.#watch());
    const epochAheadMs = clock.epochMs() - clock.wallMs();
    this.tell({ type: "START", options: options.worker, epochAheadMs });
  }

  /** Says something to the worker. */
  tell(message: ToWorker): void {
    if (!this.#over) this.#thread.post(stamp(this.#options.epoch, message));
  }

  /**
   * Asks the worker.
   *
   * @throws {GatehouseError} What the worker answered, `deadline`, or `worker_lost`.
   */
  ask(question: Asked, deadlineMs: number): Promise<unknown> {
    return this.#asks.ask(question.type, deadlineMs, (nonce) => {
      if (this.#over) throw lost("the worker has ended");
      this.tell({ ...question, nonce } as Question);
    });
  }

  /** Ends the life: nothing is heard of it any more. */
  end(reason: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#cancelWatch();
    this.#thread.terminate();
    this.#asks.drop(reason);
  }

  #message(data: unknown): void {
    if (this.#over) return;
    const message = parseStamped<FromWorker>(data);
    if (message.epoch !== this.#options.epoch) return;
    this.#silentMs = 0;
    this.#deadlineMs = SILENCE_DEADLINE_MS;
    if (message.type === "NONCE_REPLY") this.#asks.settle(message.nonce, message.reply);
    else if (message.type === "DYING") this.#lose(message.reason, message.isUnloadable);
    else this.#options.message(message);
  }

  #watch(): void {
    this.#silentMs += WATCH_MS;
    if (this.#silentMs > this.#deadlineMs) this.#lose(`silent for ${this.#silentMs} ms`);
  }

  #lose(reason: string, isUnloadable = false): void {
    if (this.#over) return;
    this.end(reason);
    this.#options.lost(reason, isUnloadable);
  }
}

function unanswered(what: string, deadlineMs: number): GatehouseError {
  const text = `Cannot ${what}: the worker did not answer in ${deadlineMs} ms`;
  return new GatehouseError("deadline", "host", text);
}

function lost(reason: string): GatehouseError {
  return new GatehouseError("worker_lost", "host", `Cannot reach worker: ${reason}`);
}

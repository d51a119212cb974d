/**
 * One life of a shard worker, seen from the main thread: started, spoken with, given up. Every
 * question settles: by its answer, its deadline, or the end of the life.
 *
 * @module
 */

import { GatehouseError } from "../protocol/errors.ts";
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
import { Asks } from "../ports/asks.ts";
import { type Cancel, type Clock, every } from "../ports/clock.ts";

/** From starting a worker to its first word. */
export const START_DEADLINE_MS = 20_000;
/** A worker that has said nothing for so long is lost: it reports every second when it is well. */
export const SILENCE_DEADLINE_MS = 15_000;

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
export interface LifeOptions {
  readonly epoch: number;
  readonly clock: Clock;
  readonly spawn: SpawnThread;
  readonly worker: WorkerOptions;
  readonly message: (message: Exclude<FromWorker, { type: "NONCE_REPLY" | "DYING" }>) => void;
  /** Called once, unless the life was ended by {@linkcode Life.end}. */
  readonly lost: (reason: string) => void;
}

type WithoutNonce<Message> = Message extends Question ? Omit<Message, "nonce"> : never;

/** A question that has no number yet. */
export type Asked = WithoutNonce<Question>;

/** One life of a worker. */
export class Life {
  readonly #options: LifeOptions;
  readonly #thread: Thread;
  readonly #asks: Asks<Reply>;
  readonly #cancelWatch: Cancel;
  #lastWordMs: number;
  #deadlineMs = START_DEADLINE_MS;
  #over = false;

  /** Starts the worker. */
  constructor(options: LifeOptions) {
    this.#options = options;
    const { clock, spawn } = options;
    this.#asks = new Asks(clock, { read: valueOf, late: unanswered, gone: lost });
    this.#lastWordMs = clock.now();
    this.#thread = spawn({
      message: (data) => this.#message(data),
      failed: (reason) => this.#lose(reason),
    });
    this.#cancelWatch = every(clock, 1_000, () => this.#watch());
    this.tell({ type: "START", options: options.worker });
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
    this.#lastWordMs = this.#options.clock.now();
    this.#deadlineMs = SILENCE_DEADLINE_MS;
    if (message.type === "NONCE_REPLY") this.#asks.settle(message.nonce, message.reply);
    else if (message.type === "DYING") this.#lose(message.reason);
    else this.#options.message(message);
  }

  #watch(): void {
    const silentMs = this.#options.clock.now() - this.#lastWordMs;
    if (silentMs > this.#deadlineMs) this.#lose(`silent for ${Math.round(silentMs)} ms`);
  }

  #lose(reason: string): void {
    if (this.#over) return;
    this.end(reason);
    this.#options.lost(reason);
  }
}

function unanswered(what: string, deadlineMs: number): GatehouseError {
  const text = `Cannot ${what}: the worker did not answer in ${deadlineMs} ms`;
  return new GatehouseError("deadline", "host", text);
}

function lost(reason: string): GatehouseError {
  return new GatehouseError("worker_lost", "host", `Cannot reach worker: ${reason}`);
}

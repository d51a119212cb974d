/**
 * When the events that have come are sent: once per turn of the event loop, and under load less often.
 * What an event costs is the threads that it wakes, so that events which follow each other closely share
 * their wake-ups.
 *
 * @module
 */

import type { Cancel, Clock, Nap } from "../ports/clock.ts";

/** What the turns are made with. */
export interface TurnsOptions {
  readonly clock: Clock;
  /** How long an event may be held so that others share its wake-up; 0: not at all. */
  readonly delayMs: number;
  /** Holds the thread up, where there is a `delayMs`. */
  readonly nap: Nap;
}

/** A nap that is shorter than this costs more than it saves. */
const SHORTEST_NAP_MS = 0.5;

/**
 * The turns of one worker. An event that comes alone is sent at once. After a turn that followed another
 * within `delayMs` the thread naps for the rest of `delayMs`: meanwhile the kernel collects what Discord
 * sends, and the next turn reads and sends it all. A thread that is busy anyway never naps.
 */
export class Turns {
  readonly #options: TurnsOptions;
  readonly #tasks = new Set<() => void>();
  #cancel: Cancel | null = null;
  /** When the last turn, and the nap after it, were over. */
  #overMs = -Infinity;

  constructor(options: TurnsOptions) {
    this.#options = options;
  }

  /** Runs `task` in this turn, once what is here has been read. Asked twice, it runs once. */
  add(task: () => void): void {
    this.#tasks.add(task);
    this.#cancel ??= this.#options.clock.soon(() => this.#run());
  }

  /** It is not to run any more. */
  remove(task: () => void): void {
    this.#tasks.delete(task);
  }

  #run(): void {
    this.#cancel = null;
    const tasks = [...this.#tasks];
    this.#tasks.clear();
    for (const task of tasks) task();
    // What the tasks send goes out first: a socket writes once the task that sends is over.
    if (this.#options.delayMs > 0) queueMicrotask(() => this.#rest());
  }

  #rest(): void {
    const { clock, delayMs, nap } = this.#options;
    const restMs = delayMs - (clock.now() - this.#overMs);
    if (restMs >= SHORTEST_NAP_MS) nap(restMs);
    this.#overMs = clock.now();
  }
}

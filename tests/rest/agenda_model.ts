/**
 * Virtual time for models that run to their end at once, without promises. Not a test.
 *
 * @module
 */

interface Task {
  readonly atMs: number;
  readonly run: () => void;
}

/** Tasks in the order of their time and, at the same time, in the order of asking. */
export class Agenda {
  /** Latest first. */
  readonly #tasks: Task[] = [];
  /** Now. */
  nowMs = 0;

  /** Adds a task. */
  at(atMs: number, run: () => void): void {
    let low = 0;
    let high = this.#tasks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#tasks[middle]!.atMs > atMs) low = middle + 1;
      else high = middle;
    }
    this.#tasks.splice(low, 0, { atMs, run });
  }

  /** Runs all that is due until then, and what comes of it. */
  run(untilMs = Infinity): void {
    while (this.#tasks.length > 0 && this.#tasks.at(-1)!.atMs <= untilMs) {
      const { atMs, run } = this.#tasks.pop()!;
      this.nowMs = atMs;
      run();
    }
  }
}

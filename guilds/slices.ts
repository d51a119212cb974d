/**
 * Work that is done in slices, so that nothing else waits for it: one piece after the other, in the order
 * in which they were asked for.
 *
 * @module
 */

import type { Clock } from "../ports/clock.ts";

/**
 * Work in steps, each of well below a millisecond or two. Between two steps others may have their turn; where
 * a promise is given, the next waits for it.
 */
export type Work<T> = Generator<Promise<unknown> | void, T, void>;

/** How long the thread is used at a time. */
export const SLICE_MS = 2;

/** Does the work of one thread, one after another. */
export class Slices {
  readonly #clock: Clock;
  readonly #waiting: { run(): Work<void> }[] = [];
  #current: Work<void> | null = null;
  #isScheduled = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether nothing is to be done. */
  get isIdle(): boolean {
    return !this.#current && this.#waiting.length === 0;
  }

  /**
   * Does a piece of work, when all that was asked for before is done.
   *
   * @throws What it throws.
   */
  do<T>(work: () => Work<T>): Promise<T> {
    const done = Promise.withResolvers<T>();
    this.#waiting.push({
      *run() {
        try {
          done.resolve(yield* work());
        } catch (error) {
          done.reject(error);
        }
      },
    });
    this.#schedule();
    return done.promise;
  }

  #schedule(): void {
    if (this.#isScheduled || this.isIdle) return;
    this.#isScheduled = true;
    this.#clock.soon(() => {
      this.#isScheduled = false;
      this.#slice();
    });
  }

  #slice(): void {
    const untilMs = this.#clock.now() + SLICE_MS;
    do {
      this.#current ??= this.#waiting.shift()?.run() ?? null;
      if (!this.#current) return;
      const { done, value } = this.#current.next();
      if (done) this.#current = null;
      else if (value) return void this.#after(value);
    } while (this.#clock.now() < untilMs);
    this.#schedule();
  }

  /** What becomes of the promise is for who gave it. */
  #after(promise: Promise<unknown>): void {
    this.#isScheduled = true;
    const goOn = () => {
      this.#isScheduled = false;
      this.#schedule();
    };
    promise.then(goOn, goOn);
  }
}

/** Waits for a promise in the midst of work, and gives or throws what comes of it. */
export function* wait<T>(promise: Promise<T>): Work<T> {
  let outcome: PromiseSettledResult<T> | undefined;
  yield promise.then(
    (value) => void (outcome = { status: "fulfilled", value }),
    (reason) => void (outcome = { status: "rejected", reason }),
  );
  if (outcome!.status === "rejected") throw outcome!.reason;
  return (outcome as PromiseFulfilledResult<T>).value;
}

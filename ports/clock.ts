/**
 * Time, as everything above this floor sees it. Nothing else may read a clock or start a timer
 * (`tools/lint` checks it), so that a test owns all of time.
 *
 * @module
 */

/** Ends what it was given for. Calling it again does nothing. */
export type Cancel = () => void;

/** Time and timers. */
export interface Clock {
  /** Monotonic milliseconds; only differences mean anything. */
  now(): number;
  /** Milliseconds since the Unix epoch as the computer has it, for people; it may be set at any moment. */
  wallMs(): number;
  /**
   * Milliseconds since the Unix epoch to reckon with and to write down: read once, from then on by the
   * monotonic clock. Who sets the computer's clock does not move it; who knows better does.
   */
  epochMs(): number;
  /** It is `epochMs` now, as somebody says whose clock is right. */
  setEpoch(epochMs: number): void;
  /** Runs `task` once, `delayMs` from now, unless cancelled. */
  after(delayMs: number, task: () => void): Cancel;
  /** Runs `task` once, after the I/O events that are already here: the natural moment to flush. */
  soon(task: () => void): Cancel;
}

/** The most that the runtime's timers count to, 24 days. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
/** A timer that rings so late was held up with its whole thread: stopped, suspended or starved. */
export const HELD_UP_MS = 500;
/** Then what has come meanwhile is read first, for so long: most timers are deadlines for it. */
const CATCH_UP_MS = 250;

/** What a clock of the computer's reads. Tests bring readings of their own. */
export interface Readings {
  /** Monotonic. */
  readonly now: () => number;
  readonly wallMs: () => number;
}

/** The computer's own time. */
export function createSystemClock(
  { now, wallMs }: Readings = { now: () => performance.now(), wallMs: () => Date.now() },
): Clock {
  let epochAtZeroMs = wallMs() - now();
  const after = (delayMs: number, task: () => void): Cancel => {
    // By itself a timer beyond it would ring at once.
    if (delayMs > LONGEST_TIMER_MS) {
      let cancel = after(LONGEST_TIMER_MS, () => {
        cancel = after(delayMs - LONGEST_TIMER_MS, task);
      });
      return () => cancel();
    }
    const lateMs = now() + Math.max(0, delayMs) + HELD_UP_MS;
    let timer = setTimeout(() => {
      if (now() > lateMs) timer = setTimeout(task, CATCH_UP_MS);
      else task();
    }, delayMs);
    return () => clearTimeout(timer);
  };
  return {
    now,
    wallMs,
    epochMs: () => Math.floor(epochAtZeroMs + now()),
    setEpoch: (epochMs) => void (epochAtZeroMs = epochMs - now()),
    after,
    soon(task) {
      const immediate = setImmediate(task);
      return () => clearImmediate(immediate);
    },
  };
}

/** The computer's own time, as this thread reads it. */
export const systemClock: Clock = createSystemClock();

/**
 * Resolves after `delayMs`.
 *
 * @throws The signal's reason, when it is aborted first.
 */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const cancel = clock.after(delayMs, () => {
      signal?.removeEventListener("abort", abort);
      resolve();
    });
    const abort = () => {
      cancel();
      reject(signal?.reason);
    };
    signal?.addEventListener("abort", abort, { once: true });
  });
}

/**
 * Waits for `task`, for so long at most.
 *
 * @throws What it rejects with until then.
 */
export async function within(
  clock: Clock,
  longestMs: number,
  task: Promise<unknown>,
): Promise<void> {
  const patience = Promise.withResolvers<void>();
  const cancel = clock.after(longestMs, patience.resolve);
  await Promise.race([task, patience.promise]).finally(cancel);
}

/** Runs `task` every `intervalMs`, the first time one interval from now, until cancelled. */
export function every(clock: Clock, intervalMs: number, task: () => void): Cancel {
  let cancel = clock.after(intervalMs, function tick() {
    cancel = clock.after(intervalMs, tick);
    task();
  });
  return () => cancel();
}

/** Holds the thread up for `durationMs`. */
export type Nap = (durationMs: number) => void;

/**
 * The thread's own sleep: what its sockets get meanwhile waits in the kernel, and is there all at once
 * afterwards. For shard workers; the main thread must never do it.
 */
export function threadNap(): Nap {
  const never = new Int32Array(new SharedArrayBuffer(4));
  return (durationMs) => void Atomics.wait(never, 0, 0, durationMs);
}

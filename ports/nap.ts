/**
 * Sleeping with the whole thread: what its sockets get meanwhile waits in the kernel, and is there all at
 * once afterwards. For shard workers; the main thread must never do it.
 *
 * @module
 */

/** Holds the thread up for `durationMs`. */
export type Nap = (durationMs: number) => void;

/** The thread's own sleep. */
export function threadNap(): Nap {
  const never = new Int32Array(new SharedArrayBuffer(4));
  return (durationMs) => void Atomics.wait(never, 0, 0, durationMs);
}

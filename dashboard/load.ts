/**
 * How much of a processor a process uses, from what it says of its time.
 *
 * @module
 */

import type { ProcessStats } from "../protocol/status.ts";
import type { ProcessFigures } from "./words.ts";

/** What is not known. */
export const NO_FIGURES: ProcessFigures = { memoryBytes: null, cpuPercent: null };

interface Look {
  readonly atMs: number;
  /** µs of processor time. */
  readonly usedUs: number | null;
}

/** The load of processes, by a key of each. */
export class Loads<Key> {
  readonly #looks = new Map<Key, Look>();

  /**
   * What a process uses, since the look before: of the processor, nothing is known before the second.
   *
   * @param nowMs By the monotonic clock.
   */
  look(
    key: Key,
    nowMs: number,
    { memory, cpu }: Pick<ProcessStats, "memory" | "cpu">,
  ): ProcessFigures {
    const before = this.#looks.get(key);
    const usedUs = cpu ? cpu.user + cpu.system : null;
    this.#looks.set(key, { atMs: nowMs, usedUs });
    return {
      memoryBytes: memory?.rss ?? memory?.heapTotal ?? null,
      cpuPercent: percentSince(before, { atMs: nowMs, usedUs }),
    };
  }
}

/** `null` where one of them is not known, or the process has been started anew. */
function percentSince(before: Look | undefined, now: Look): number | null {
  if (!before || before.usedUs === null || now.usedUs === null) return null;
  const [forMs, usedUs] = [now.atMs - before.atMs, now.usedUs - before.usedUs];
  if (forMs <= 0 || usedUs < 0) return null;
  return Math.round(usedUs / 1000 / forMs * 1000) / 10;
}

/**
 * What a process or a thread can say of its use of memory and processor.
 *
 * @module
 */

import process from "node:process";
import type { ProcessStats } from "../protocol/stats.ts";

type Figures = Pick<ProcessStats, "memory" | "cpu">;

/** Of a process: all of it is its own. */
export function processFigures(): Figures {
  return { memory: { ...process.memoryUsage() }, cpu: process.cpuUsage() };
}

/**
 * Of a thread: the heap is its own, and nothing else. Deno counts resident memory and processor time
 * for the whole process, so `rss` is left out and `cpu` is `null`.
 */
export function threadFigures(): Figures {
  const { heapTotal, heapUsed, external } = process.memoryUsage();
  return { memory: { heapTotal, heapUsed, external }, cpu: null };
}

/**
 * How far a program has come that runs for minutes.
 *
 * @module
 */

import { bar } from "../app/cli/print/figures.ts";

const BAR_WIDTH = 30;

/**
 * How far it has come of `totalMs`: `██████░░░░ 2:05 of 5:00`.
 *
 * @example
 * ```ts
 * import { progressText } from "./progress.ts";
 * console.assert(progressText(125_000, 300_000, 10) === "████░░░░░░ 2:05 of 5:00");
 * ```
 */
export function progressText(doneMs: number, totalMs: number, width: number = BAR_WIDTH): string {
  const part = totalMs > 0 ? Math.min(1, doneMs / totalMs) : 1;
  return `${bar(part, width)} ${clockText(Math.min(doneMs, totalMs))} of ${clockText(totalMs)}`;
}

/** Minutes and seconds: `2:05`. */
export function clockText(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

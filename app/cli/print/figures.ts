/**
 * Figures of a unit as its tables show them.
 *
 * @module
 */

import { duration } from "../../../protocol/rounded.ts";
import type { ShardState } from "../../../protocol/status.ts";
import type { Style } from "../output.ts";

/** What stands where nothing is known. */
export const NOTHING = "–";

/** `1,234,567`. */
export function count(number: number | null | undefined): string {
  return number == null ? NOTHING : Math.round(number).toLocaleString("en-US");
}

/** `12 ms`, `3.2 s`. */
export function milliseconds(ms: number | null | undefined): string {
  if (ms == null) return NOTHING;
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** How long ago something was; of what is to come `0 s`. */
export function since(atMs: number, nowMs: number): string {
  return duration(Math.max(0, nowMs - atMs));
}

/** A duration where there is little room: `44s`, `7m44s`, `3h12m`, `4d3h`. */
export function short(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const [minutes, hours, days] = [60, 3600, 86_400].map((each) => Math.floor(seconds / each));
  if (days! > 0) return `${days}d${hours! % 24}h`;
  if (hours! > 0) return `${hours}h${minutes! % 60}m`;
  return minutes! > 0 ? `${minutes}m${seconds % 60}s` : `${seconds}s`;
}

/** The value in the middle; `null` of none. */
export function median(values: readonly number[]): number | null {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? null;
}

/** A sum over what has counters, and over what has none. */
export function sum<Item>(items: readonly Item[], of: (item: Item) => number | undefined): number {
  return items.reduce((total, item) => total + (of(item) ?? 0), 0);
}

/** How a shard's state looks. */
export function stateStyle(state: ShardState): Style {
  if (state === "ready") return "green";
  return state === "stopped" || state === "backing off" ? "red" : "yellow";
}

/** A bar of so many characters, `part` of it full: `██████░░░░`. */
export function bar(part: number, width: number): string {
  const full = Math.round(Math.min(1, Math.max(0, part)) * width);
  return "█".repeat(full) + "░".repeat(width - full);
}

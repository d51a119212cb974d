/**
 * Figures as a person reads them.
 *
 * @module
 */

/**
 * A number with three decimals at most: of a millisecond, µs. `null` stays.
 *
 * @example
 * ```ts
 * import { rounded } from "./rounded.ts";
 * console.assert(rounded(0.6820889999980864) === 0.682 && rounded(null) === null);
 * ```
 */
export function rounded(figure: number): number;
export function rounded(figure: number | null): number | null;
export function rounded(figure: number | null): number | null {
  return figure === null ? null : Math.round(figure * 1000) / 1000;
}

/**
 * A number of things: `1 shard`, `4 shards`, `12,345 events`.
 *
 * @param many What several are called. Default: `one` with an `s`.
 */
export function counted(number: number, one: string, many = `${one}s`): string {
  return `${number.toLocaleString("en-US")} ${number === 1 ? one : many}`;
}

/** A duration: `0 s`, `4 s`, `2 min 5 s`, `1 h 3 min`. Rounded up. */
export function duration(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  if (minutes === 0) return `${seconds} s`;
  if (minutes < 60) return `${minutes} min${seconds % 60 ? ` ${seconds % 60} s` : ""}`;
  return `${Math.floor(minutes / 60)} h${minutes % 60 ? ` ${minutes % 60} min` : ""}`;
}

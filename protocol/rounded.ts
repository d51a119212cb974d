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

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
export function rounded<Figure extends number | null>(figure: Figure): Figure {
  return (figure === null ? null : Math.round(figure * 1000) / 1000) as Figure;
}

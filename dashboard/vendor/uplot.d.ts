/**
 * Types of `uplot.js`, as far as the page uses it. Ours, not the library's.
 *
 * @module
 */

/** Times in seconds, then the values of each series. */
export type Columns = readonly (readonly (number | null)[])[];

/** A chart on a canvas. */
export default class Chart {
  /** @param place The element that it is put in. */
  constructor(options: object, columns: Columns, place: object);
  setData(columns: Columns): void;
  setSize(size: { readonly width: number; readonly height: number }): void;
  destroy(): void;
  readonly cursor: { readonly idx?: number | null };
  readonly data: Columns;
}

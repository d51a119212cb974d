/**
 * Tables without lines, as wide as they need to be.
 *
 * @module
 */

import { loadTable } from "../../../deps.ts";
import type { Paint } from "../output.ts";

/** A column. */
export interface Column {
  readonly title: string;
  /** Numbers stand right. Default: left. */
  readonly isNumber?: boolean;
  /** Left out where the terminal is narrower than the table. Default: it stays. */
  readonly isSpare?: boolean;
}

/** Draws a table, a line per row with its line break; of no rows nothing. */
export type DrawTable = (
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
) => string;

/** Between two columns. */
const GAP = "  ";
/** What stands between cells elsewhere: nothing. */
const LINES = [
  ...["top", "top-mid", "top-left", "top-right", "bottom", "bottom-mid", "bottom-left"],
  ...["bottom-right", "left", "left-mid", "mid", "mid-mid", "right", "right-mid"],
];
const CHARS = { ...Object.fromEntries(LINES.map((name) => [name, ""])), middle: GAP };
/** A last column that is narrower could not be read: lines are longer than the terminal then. */
const LEAST_LAST = 24;

/**
 * What draws tables.
 *
 * @param width Columns of the terminal, within which texts of the last column are wrapped; `null`: there is none.
 */
export async function tableDrawer(paint: Paint, width: number | null): Promise<DrawTable> {
  const { default: Table } = await loadTable();
  return (allColumns, allRows) => {
    if (allRows.length === 0) return "";
    const [columns, rows] = fitting(allColumns, allRows, width);
    const table = new Table({
      head: columns.map(({ title }) => paint("dim", title.toUpperCase())),
      chars: CHARS,
      style: { "padding-left": 0, "padding-right": 0, head: [], border: [], compact: true },
      colAligns: columns.map(({ isNumber }) => isNumber ? "right" : "left"),
      ...width !== null && { colWidths: lastWidth(columns, rows, width), wordWrap: true },
    });
    table.push(...rows.map((row) => [...row]));
    return `${table.toString().split("\n").map((line) => line.trimEnd()).join("\n")}\n`;
  };
}

/** The table, or where it is wider than the terminal the table without its spare columns. */
function fitting(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number | null,
): readonly [readonly Column[], readonly (readonly string[])[]] {
  const widest = widestCells(columns, rows);
  // What can be wrapped counts as narrow as it can be.
  const last = Math.min(LEAST_LAST, widest.pop() ?? 0);
  if (width === null || widest.reduce((sum, cell) => sum + cell + GAP.length, last) <= width) {
    return [columns, rows];
  }
  const isKept = (_: unknown, i: number) => !columns[i]!.isSpare;
  return [columns.filter(isKept), rows.map((row) => row.filter(isKept))];
}

/** How wide each column has to be. */
function widestCells(columns: readonly Column[], rows: readonly (readonly string[])[]): number[] {
  return columns.map(({ title }, i) =>
    Math.max(title.length, ...rows.map((row) => plainLength(row[i]!)))
  );
}

/** Every column as wide as its widest cell, and the last one what is left where it is a text. */
function lastWidth(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
): (number | null)[] {
  const widest = widestCells(columns, rows);
  const last = columns.length - 1;
  const before = widest.slice(0, last).reduce((sum, cell) => sum + cell + GAP.length, 0);
  const room = Math.max(LEAST_LAST, width - before);
  return columns.map((_, i) => i === last && widest[last]! > room ? room : null);
}

// deno-lint-ignore no-control-regex
const PAINT = /\x1b\[[\d;]*m/g;
// deno-lint-ignore no-control-regex
const PAINT_PARTS = /(\x1b\[[\d;]*m)/;

/** How many characters of a text are seen. */
export function plainLength(text: string): number {
  return text.replace(PAINT, "").length;
}

/** A text of which no more is seen than `width` characters, and whose paint ends where it ends. */
export function cutTo(text: string, width: number): string {
  if (plainLength(text) <= width) return text;
  let left = width;
  const kept = text.split(PAINT_PARTS).map((part, i) => {
    if (i % 2 === 1) return part;
    const piece = part.slice(0, left);
    left -= piece.length;
    return piece;
  });
  return kept.join("");
}

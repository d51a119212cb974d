/**
 * How shards are laid out in a grid, and where a key leads in it.
 *
 * @module
 */

/** Sizes of a cell, by how many there are. */
export const SIZES = /** @type {const} */ (["card", "tile", "cell"]);
/** @typedef {typeof SIZES[number]} Size */

/** Least width of each, and the gap between two, px. */
const WIDTHS = /** @type {const} */ ({ card: 280, tile: 104, cell: 24 });
const GAPS = /** @type {const} */ ({ card: 12, tile: 6, cell: 3 });
/** Rows of cells tell with which shard they begin. */
const LABEL_PX = 36;

/** Numbers of columns that people can count by. */
const COUNTABLE = [1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 25, 32, 40, 48, 50, 64];

/**
 * Few shards tell everything, many are small.
 *
 * @param {number} shards
 * @returns {Size}
 */
export function sizeFor(shards) {
  if (shards <= 8) return "card";
  return shards <= 160 ? "tile" : "cell";
}

/**
 * How many stand in a row.
 *
 * @param {number} widthPx
 * @param {number} shards
 * @param {Size} size
 */
export function columnsFor(widthPx, shards, size) {
  const room = size === "cell" ? widthPx - LABEL_PX : widthPx;
  const fit = Math.max(1, Math.floor((room + GAPS[size]) / (WIDTHS[size] + GAPS[size])));
  if (size === "card") return Math.min(fit, Math.max(1, shards));
  const countable = COUNTABLE.filter((each) => each <= fit);
  const most = countable.at(-1) ?? 1;
  if (shards <= most) return size === "tile" ? most : Math.max(1, shards);
  // One that divides them all leaves no row short.
  const even = countable.findLast((each) => shards % each === 0 && each >= most * 0.75);
  return even ?? most;
}

/**
 * Where a key leads from one of `count` places; `null`: it is none of the grid's.
 *
 * @param {string} key As `KeyboardEvent.key` has it.
 * @param {number} at
 * @param {{ columns: number, count: number, isCtrl?: boolean }} grid
 * @returns {number | null}
 */
export function moveBy(key, at, { columns, count, isCtrl = false }) {
  const row = at - at % columns;
  const to = {
    ArrowLeft: at - 1,
    ArrowRight: at + 1,
    ArrowUp: at - columns,
    ArrowDown: at + columns,
    Home: isCtrl ? 0 : row,
    End: isCtrl ? count - 1 : Math.min(row + columns, count) - 1,
    PageUp: Math.max(at % columns, at - columns * 5),
    PageDown: Math.min(at + columns * 5, count - 1),
  }[key];
  if (to === undefined) return null;
  // The last row may be short: below a place that it does not have is its end.
  if (key === "ArrowDown" && to >= count && row + columns < count) return count - 1;
  return to < 0 || to >= count ? at : to;
}

/**
 * Rows of `columns` each.
 *
 * @template Item
 * @param {readonly Item[]} items
 * @param {number} columns
 * @returns {Item[][]}
 */
export function rowsOf(items, columns) {
  return Array.from(
    { length: Math.ceil(items.length / columns) },
    (_, row) => items.slice(row * columns, (row + 1) * columns),
  );
}

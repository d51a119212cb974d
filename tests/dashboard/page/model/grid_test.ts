import assert from "node:assert/strict";
import { columnsFor, moveBy, rowsOf, sizeFor } from "../../../../dashboard/page/model/grid.js";

Deno.test("sizeFor() says everything of few shards and little of many", () => {
  assert.deepEqual([1, 8, 9, 160, 161, 1_000].map(sizeFor), [
    "card",
    "card",
    "tile",
    "tile",
    "cell",
    "cell",
  ]);
});

Deno.test("columnsFor() takes a number that people can count by, and that leaves no row short", () => {
  assert.equal(columnsFor(1_370, 1_000, "cell"), 40);
  assert.equal(columnsFor(334, 1_000, "cell"), 10);
  assert.equal(columnsFor(970, 64, "tile"), 8);
  assert.equal(columnsFor(334, 64, "tile"), 3);
});

Deno.test("columnsFor() has one at least, and of cards no more than there are", () => {
  for (const size of ["card", "tile", "cell"] as const) {
    assert.equal(columnsFor(10, 1_000, size), 1);
    assert.equal(columnsFor(0, 1, size), 1);
  }
  assert.equal(columnsFor(2_000, 2, "card"), 2);
});

Deno.test("moveBy() leads by arrows, and not out of the grid", () => {
  const grid = { columns: 10, count: 95 };
  const from = (key: string, at: number) => moveBy(key, at, grid);
  assert.equal(from("ArrowRight", 0), 1);
  assert.equal(from("ArrowLeft", 0), 0);
  assert.equal(from("ArrowRight", 94), 94);
  assert.equal(from("ArrowDown", 4), 14);
  assert.equal(from("ArrowUp", 4), 4);
  // Row nine ends at 94.
  assert.equal(from("ArrowDown", 87), 94);
  assert.equal(from("ArrowDown", 93), 93);
});

Deno.test("moveBy() leads to the ends of a row, of the grid, and pages on", () => {
  const grid = { columns: 10, count: 95 };
  assert.equal(moveBy("Home", 27, grid), 20);
  assert.equal(moveBy("End", 27, grid), 29);
  assert.equal(moveBy("End", 92, grid), 94);
  assert.equal(moveBy("Home", 27, { ...grid, isCtrl: true }), 0);
  assert.equal(moveBy("End", 27, { ...grid, isCtrl: true }), 94);
  assert.equal(moveBy("PageDown", 27, grid), 77);
  assert.equal(moveBy("PageDown", 77, grid), 94);
  assert.equal(moveBy("PageUp", 27, grid), 7);
});

Deno.test("moveBy() leaves other keys alone", () => {
  for (const key of ["Tab", "a", "Enter", "Escape"]) {
    assert.equal(moveBy(key, 0, { columns: 10, count: 95 }), null);
  }
});

Deno.test("rowsOf() leaves none out", () => {
  assert.deepEqual(rowsOf([1, 2, 3, 4, 5], 2), [[1, 2], [3, 4], [5]]);
  assert.deepEqual(rowsOf([], 2), []);
});

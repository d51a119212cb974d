/** The tables of floors tell what `tools/tree.ts` has and what is there. */

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { DOOR_FLOOR, floorOf, FLOORS, topOf } from "../../tools/tree.ts";

/** Rows of the table that begins with a number, as their folders by floor. */
function rowsOf(file: string): [floor: number, folders: string[]][] {
  return [...Deno.readTextFileSync(file).matchAll(/^\| (\d) +\| ([^|]+)/gm)].map(
    (
      [, floor, cell],
    ) => [Number(floor), [...cell!.matchAll(/`([^`]+)`/g)].map(([, name]) => name!)],
  );
}

Deno.test("docs/architecture.md has a row for every room, on its floor, and none for one that is not there", () => {
  const rows = rowsOf("docs/architecture.md").flatMap(([floor, folders]) =>
    folders.map((folder) => [folder, floor] as const)
  );
  for (const [folder, floor] of rows) {
    assert.ok(existsSync(folder), `${folder} is not there`);
    assert.equal(floorOf(topOf(folder)) ?? DOOR_FLOOR, floor, folder);
  }
  const told = new Set(rows.map(([folder]) => folder));
  const rooms = FLOORS.flat().filter((folder) => existsSync(folder)).map((folder) => `${folder}/`);
  assert.deepEqual(rooms.filter((room) => !told.has(room)), []);
});

Deno.test("CONTRIBUTING.md has the floors of tools/tree.ts", () => {
  const expected = FLOORS.map((folders, floor) => [floor, folders.map((folder) => `${folder}/`)]);
  assert.deepEqual(rowsOf("CONTRIBUTING.md").toReversed().slice(0, DOOR_FLOOR), expected);
});

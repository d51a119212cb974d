import assert from "node:assert/strict";
import { floorOf, FLOORS, OUTSIDE_FOLDERS, SOURCE_FOLDERS, topOf } from "../../tools/tree.ts";

Deno.test("every folder with sources is in the tree, once", () => {
  const known = [...SOURCE_FOLDERS, ...OUTSIDE_FOLDERS];
  assert.deepEqual(known.length, new Set(known).size);
  const found = [...Deno.readDirSync(".")].filter(({ name, isDirectory }) =>
    isDirectory && [...Deno.readDirSync(name)].some((entry) => entry.name.endsWith(".ts"))
  );
  assert.ok(found.length > 10);
  assert.deepEqual(found.map(({ name }) => name).filter((name) => !known.includes(name)), []);
});

Deno.test("floorOf() counts from the ground, and knows what stands on none", () => {
  assert.deepEqual(["protocol", "ports", "gateway", "app"].map(floorOf), [0, 1, 2, 5]);
  assert.deepEqual(["sim", "tests", "mod.ts", "attic"].map(floorOf), Array(4).fill(undefined));
  assert.equal(FLOORS.length, 6);
});

Deno.test("topOf() gives the folder at the top, or the file's name", () => {
  assert.deepEqual(["a/b/c.ts", "a/", "mod.ts"].map(topOf), ["a", "a", "mod.ts"]);
});

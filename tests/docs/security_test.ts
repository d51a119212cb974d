/** SECURITY.md promises only what a test or an attack shows. */

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { ATTACKS } from "../../tools/attack/attacks.ts";

const DOC = await Deno.readTextFile("SECURITY.md");

/** Cells of the second column of the tables of promises. */
const shown = [...DOC.matchAll(/^\|[^|\n]+\|([^|\n]+)\|$/gm)].map(([, cell]) => cell!.trim())
  .filter((cell) => cell !== "shown by" && !/^-+$/.test(cell));

Deno.test("each promise in SECURITY.md names a test or an attack", () => {
  assert.ok(shown.length > 25, `${shown.length} promises`);
  const bare = shown.filter((cell) => !/_test\.ts|attacks? "|^the same$/.test(cell));
  assert.deepEqual(bare, []);
});

Deno.test("the tests that SECURITY.md names are there", () => {
  const named = [...DOC.matchAll(/`(tests\/[\w/]+_test\.ts)`/g)].map(([, path]) => path!);
  assert.deepEqual(named.filter((path) => !existsSync(path)), []);
});

Deno.test("SECURITY.md names every attack, and none that is not there", () => {
  const told = shown.flatMap((cell) =>
    [...(/attacks? (.*)$/.exec(cell)?.[1] ?? "").matchAll(/"([^"]+)"/g)].map(([, name]) => name!)
  );
  assert.deepEqual(told.filter((name) => !Object.hasOwn(ATTACKS, name)), []);
  assert.deepEqual(Object.keys(ATTACKS).filter((name) => !told.includes(name)), []);
});

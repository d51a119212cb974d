/** docs/feature-matrix.md: marks that it explains, notes that it has, and every peer in every table. */

import assert from "node:assert/strict";
import { NOT_SHOWN, SHOWN } from "./feature_matrix_shown.ts";

const DOC = await Deno.readTextFile("docs/feature-matrix.md");
const MARKS = new Set(["✅", "⚠️", "❌", "·", "↗", "?", "–"]);

const rows = DOC.split("\n").filter((line) => line.startsWith("| "))
  .map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()));
const peers = [...DOC.matchAll(/^\| ([\w-]+) +\| .*\]\(https:/gm)].map(([, short]) => short!);
const heads = rows.filter(([, second]) => second === "Gatehouse");

Deno.test("every table of the feature matrix has every peer that is introduced", () => {
  assert.equal(peers.length, 13);
  assert.equal(heads.length, 5);
  for (const head of heads.slice(0, 4)) assert.deepEqual(head.slice(2), peers);
});

Deno.test("cells of the feature matrix are marks that it explains, of programs their names", () => {
  const widths = [heads[0]!.length, heads[4]!.length];
  const of = rows.filter((cells) => widths.includes(cells.length))
    .filter(([what, ours]) => !/^(-*|Programs that .*)$/.test(what!) && ours !== "Gatehouse");
  assert.ok(of.length > 40, `${of.length} rows`);
  const strange = of.flatMap(([what, ...cells]) =>
    cells.filter((cell) => !MARKS.has(cell.replace(/ \[\d+\]$/, ""))).map((cell) =>
      `${what}: ${cell}`
    )
  );
  assert.deepEqual(strange, []);
});

Deno.test("every note of the feature matrix is there, and referred to", () => {
  const notes = [...DOC.matchAll(/^(\d+)\. /gm)].map(([, number]) => Number(number));
  assert.deepEqual(notes, notes.map((_, i) => i + 1));
  const referred = new Set([...DOC.matchAll(/\[(\d+)\]/g)].map(([, number]) => Number(number)));
  assert.deepEqual([...referred].toSorted((a, b) => a - b), notes);
});

Deno.test("the feature matrix says where Gatehouse lacks something", () => {
  const lacking = rows.filter(([first, ours]) => first !== "" && /^(❌|⚠️)/.test(ours ?? ""));
  assert.ok(lacking.length > 5, `${lacking.length}`);
});

/** Names of the tests in a file, templates as they are written. */
function testsIn(file: string): string[] {
  const begins = /(?:\b\w*[tT]est\(|\bwithNode\(|\bname:)\s*(["`])((?:(?!\1)[^\\]|\\.)*)\1/g;
  return [...Deno.readTextFileSync(`tests/${file}`).matchAll(begins)].map(([, , name]) => name!);
}

Deno.test("each ✅ of Gatehouse's is shown by tests that are there, or it is said who shows it", () => {
  const ours = rows.filter(([, mark]) => mark?.startsWith("✅")).map(([what]) => what!);
  assert.ok(ours.length > 40, `${ours.length}`);
  const told = [...Object.keys(SHOWN), ...Object.keys(NOT_SHOWN)];
  assert.deepEqual(told, [...new Set(told)]);
  assert.deepEqual(told.toSorted(), ours.toSorted());
  const missing = Object.entries(SHOWN).flatMap(([what, tests]) =>
    tests.filter(([file, part]) => !testsIn(file).some((name) => name.includes(part)))
      .map(([file, part]) => `${what}: tests/${file} has no test "${part}"`)
  );
  assert.deepEqual(missing, []);
  assert.deepEqual(Object.entries(SHOWN).filter(([, tests]) => tests.length === 0), []);
});

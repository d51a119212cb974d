/** docs/feature-matrix.md: marks that it explains, notes that it has, and every peer in every table. */

import assert from "node:assert/strict";

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

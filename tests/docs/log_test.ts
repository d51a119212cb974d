/** The lines that docs tell of are those that the code writes, and the other way round. */

import assert from "node:assert/strict";
import { typescriptFiles } from "../../tools/source_files.ts";
import { floorOf, topOf } from "../../tools/tree.ts";

const CALL = /\blog(?:\.(info|warn|error)|\[\w+\])\(\s*("[^"]+"|[^,()]+)/g;
/** Levels that depend, as `log[level](…)`, are told too. */
const LITERAL = /"((?:[^"\\]|\\.)+)"/g;

const literalsIn = (text: string) => [...text.matchAll(LITERAL)].map(([, literal]) => literal!);

/** The events that a source writes at a level that is read: a literal, or a constant made of some. */
function eventsIn(source: string): string[] {
  return [...source.matchAll(CALL)].flatMap(([, , event]) => {
    const isName = /^\w+$/.test(event!.trim());
    if (!isName) return literalsIn(event!);
    const made = new RegExp(`\\bconst ${event!.trim()}\\b[^=;]*=([^;]+);`).exec(source)?.[1] ?? "";
    return literalsIn(made).filter((text) => text.includes(" "));
  });
}

const sources = new Map<string, string>();
for (const path of await typescriptFiles()) {
  if (floorOf(topOf(path)) !== undefined) sources.set(path, await Deno.readTextFile(path));
}
const written = new Map(
  [...sources].flatMap(([path, source]) => eventsIn(source).map((event) => [event, path])),
);

const OPERATIONS = await Deno.readTextFile("docs/operations.md");
const LOG = OPERATIONS.slice(
  OPERATIONS.indexOf("\n## The log\n"),
  OPERATIONS.indexOf("\n## State on disk\n"),
);
const DOCS = (await Array.fromAsync(Deno.readDir("docs")))
  .filter(({ name }) => name.endsWith(".md"))
  .map(({ name }) => Deno.readTextFileSync(`docs/${name}`)).join("\n");

/** Lines that are put together of what is known then. */
const MADE = /^(\d|NAME: |Cannot start: |reshard (begins|is running)$)/;

/** What stands in backticks. */
const codeIn = (text: string) => [...text.matchAll(/`([^`\n]+)`/g)].map(([, code]) => code!);

Deno.test("every line of info, warn and error that is written stands in docs", () => {
  assert.ok(written.size > 150, `${written.size} events`);
  const told = new Set(codeIn(DOCS));
  const missing = [...written].filter(([event]) => !told.has(event));
  assert.deepEqual(missing.map(([event, path]) => `${path}: ${event}`), []);
});

Deno.test("every line that docs/operations.md lists is written somewhere", () => {
  const code = [...sources.values()].join("\n");
  const cells = [...LOG.matchAll(/^\| ([^|]+?) +\|/gm)].flatMap(([, cell]) => codeIn(cell!));
  assert.ok(cells.length > 150, `${cells.length} lines`);
  assert.deepEqual(cells.filter((line) => !MADE.test(line) && !code.includes(line)), []);
});

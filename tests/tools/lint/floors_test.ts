import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import plugin from "../../../tools/lint/floors.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

const messages = (file: string, source: string) =>
  Deno.lint.runPlugin(plugin, ROOT + file, source).map((found) => found.message);

const said: [title: string, file: string, source: string][] = [
  ["an import", "ports/a.ts", 'import { b } from "../rest/b.ts";'],
  ["a type import", "ports/a.ts", 'import type { b } from "../rest/b.ts";'],
  ["an export of another file", "ports/a.ts", 'export { b } from "../rest/b.ts";'],
  ["an export of everything", "ports/a.ts", 'export * from "../rest/b.ts";'],
  ["a dynamic import", "ports/a.ts", 'await import("../rest/b.ts");'],
  ["a type in place", "ports/a.ts", 'type B = import("../rest/b.ts").B;'],
];

for (const [title, file, source] of said) {
  Deno.test(`floors sees ${title}`, () => {
    const wanted = "ports/a.ts (floor 1) may not import rest/b.ts (floor 2): imports go down only";
    assert.deepEqual(messages(file, source), [wanted]);
  });
}

Deno.test("floors cites the page with the floors", () => {
  const [found] = Deno.lint.runPlugin(plugin, `${ROOT}ports/a.ts`, 'import "../app/b.ts";');
  assert.match(found!.hint!, /docs\/architecture\.md/);
});

Deno.test("floors says nothing about a file without imports, or with good ones", () => {
  assert.deepEqual(messages("gateway/a.ts", "export const a = 1; export { a as b };"), []);
  assert.deepEqual(messages("gateway/a.ts", 'import { a } from "../protocol/ids.ts";'), []);
});

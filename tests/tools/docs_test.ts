import assert from "node:assert/strict";
import { type DocTree, isHidden, privateTypes, undocumented } from "../../tools/docs.ts";

const FILE = "file:///repo/app/a.ts";

function tree(doc: string | undefined, ...declared: [kind: string, doc?: string][]): DocTree {
  const declarations = declared.map(([declarationKind, text], line) => ({
    kind: "function",
    declarationKind,
    location: { filename: FILE, line },
    ...(text ? { jsDoc: { doc: text } } : {}),
  }));
  const symbols = declarations.length > 0 ? [{ name: "a", declarations }] : [];
  return { nodes: { [FILE]: { ...(doc ? { module_doc: { doc } } : {}), symbols } } };
}

Deno.test("undocumented() finds exports without a comment", () => {
  assert.deepEqual(undocumented(tree("It is.", ["export"])), [`${FILE}:1: a is not documented`]);
  assert.deepEqual(undocumented(tree("It is.", ["export", "A."])), []);
});

Deno.test("undocumented() finds a module that says nothing about itself", () => {
  assert.deepEqual(undocumented(tree(undefined)), [
    `${FILE}: the module says nothing about itself`,
  ]);
});

Deno.test("undocumented() wants no comment on what is private, and one per overloaded function", () => {
  assert.deepEqual(undocumented(tree("It is.", ["private"])), []);
  assert.deepEqual(undocumented(tree("It is.", ["export"], ["export", "A."])), []);
});

Deno.test("undocumented() leaves what is exported again to the file that made it", () => {
  const { nodes } = tree("It is.", ["export"]);
  assert.deepEqual(undocumented({ nodes: { "file:///repo/mod.ts": nodes[FILE]! } }), []);
  const reference = {
    kind: "reference",
    declarationKind: "export",
    location: { filename: FILE, line: 1 },
  };
  const symbols = [{ name: "a", declarations: [reference] }];
  assert.deepEqual(
    undocumented({ nodes: { [FILE]: { module_doc: { doc: "It." }, symbols } } }),
    [],
  );
});

const finding = (name: string, declaration: string) =>
  `error[private-type-ref]: public type 'f' references private type '${name}'\n --> a.ts:7:3\n` +
  `  = hint: make it public\n  | \n5 | ${declaration}\n  | - this is the referenced type`;
const HIDDEN = finding("Hidden", "interface Hidden {");
const SHOWN = finding("Shown", "export interface Shown {");

Deno.test("privateTypes() takes from deno doc --lint all that it says of types, and nothing else", () => {
  const comment = "error[missing-jsdoc]: x\n --> a.ts";
  const lint = [comment, HIDDEN, SHOWN, "error[missing-return-type]: w"].join("\n\n\n");
  assert.deepEqual(privateTypes(lint), [HIDDEN, SHOWN]);
  assert.deepEqual(privateTypes(`Warning Failed resolving types.\n    at b.ts\n${SHOWN}\n`), [
    SHOWN,
  ]);
  assert.deepEqual(privateTypes(comment), []);
});

Deno.test("isHidden() tells a type that its own file exports from one that nobody can name", () => {
  assert.deepEqual([HIDDEN, SHOWN].map(isHidden), [true, false]);
});

import assert from "node:assert/strict";
import { type DocTree, privateTypes, undocumented } from "../../tools/docs.ts";

const FILE = "file:///repo/app/a.ts";

function tree(doc: string | undefined, ...declared: [kind: string, doc?: string][]): DocTree {
  const declarations = declared.map(([declarationKind, text], line) => ({
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
});

Deno.test("privateTypes() takes only that finding from deno doc --lint", () => {
  const lint = "error[missing-jsdoc]: x\n --> a.ts\n\n\nerror[private-type-ref]: y\n --> b.ts\n\n" +
    "  info: z\n\n\nerror[missing-return-type]: w";
  assert.deepEqual(privateTypes(lint).map((finding) => finding.split("\n")[0]), [
    "error[private-type-ref]: y",
  ]);
});

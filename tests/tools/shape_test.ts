import assert from "node:assert/strict";
import { lockProblems, MAX_LINES, shapeProblems } from "../../tools/shape.ts";

const problems = (files: Record<string, string>) => shapeProblems(new Map(Object.entries(files)));

Deno.test("shapeProblems() finds a file that is too long", () => {
  assert.deepEqual(problems({ "app/a.ts": "x\n".repeat(MAX_LINES) }), []);
  assert.deepEqual(problems({ "app/a.ts": "x\n".repeat(MAX_LINES + 1) }), [
    `app/a.ts: ${MAX_LINES + 1} lines, at most ${MAX_LINES}`,
  ]);
});

Deno.test("shapeProblems() finds a source without its test", () => {
  const source = { "gateway/a.ts": "export function a() {}\n" };
  assert.deepEqual(problems(source), ["gateway/a.ts: no test at tests/gateway/a_test.ts"]);
  assert.deepEqual(problems({ ...source, "tests/gateway/a_test.ts": "" }), []);
  assert.deepEqual(problems({ ...source, "tests/wire/a_test.ts": "" }), []);
  assert.deepEqual(problems({ ...source, "tests/rest/a_test.ts": "" }).length, 1);
});

Deno.test("shapeProblems() wants no test of types, nor of folders that are tested as a whole", () => {
  assert.deepEqual(problems({ "ports/a.ts": "export interface A { b(): void }\n" }), []);
  assert.deepEqual(problems({ "app/a.ts": "export function a() {}\n" }), []);
  assert.deepEqual(problems({ "deps.ts": "export const a = 1;\n" }), []);
});

Deno.test("shapeProblems() finds words that mean later, with their line", () => {
  for (const word of ["TODO", "FIXME", "not implemented", "Unimplemented"]) {
    assert.deepEqual(problems({ "app/a.ts": `ok\n// ${word}: x\n` }), [
      `app/a.ts:2: says "${word}"`,
    ]);
  }
  assert.deepEqual(problems({ "app/a.ts": "const TODOS = 1;\n" }), []);
});

Deno.test("lockProblems() finds the address of a registry", () => {
  assert.deepEqual(lockProblems('{"integrity": "sha512-x"}'), []);
  assert.deepEqual(lockProblems('{"tarball": "https://host/ws.tgz"}'), [
    "deno.lock: names https://host/ws.tgz",
  ]);
});

import assert from "node:assert/strict";
import {
  lockProblems,
  MAX_FILES,
  MAX_LINES,
  shapeProblems,
  startProblems,
} from "../../tools/shape.ts";

const problems = (files: Record<string, string>) => shapeProblems(new Map(Object.entries(files)));

Deno.test("shapeProblems() finds a file that is too long", () => {
  assert.deepEqual(problems({ "app/a.ts": "x\n".repeat(MAX_LINES) }), []);
  const [problem, ...others] = problems({ "app/a.ts": "x\n".repeat(MAX_LINES + 1) });
  assert.match(problem!, /^app\/a\.ts: 401 lines, at most 400/);
  assert.deepEqual(others, []);
});

Deno.test("shapeProblems() finds a folder that is too full, and leaves tests alone", () => {
  const files = (folder: string, count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, at) => [`${folder}${at}.ts`, ""]));
  assert.deepEqual(problems({ ...files("rest/", MAX_FILES), ...files("rest/limits/", 1) }), []);
  assert.deepEqual(problems(files("tests/rest/", MAX_FILES + 1)), []);
  const [problem, ...others] = problems(files("sim/rest/", MAX_FILES + 1));
  assert.match(problem!, /^sim\/rest\/: 21 files, at most 20/);
  assert.deepEqual(others, []);
});

Deno.test("shapeProblems() finds a circle of imports", () => {
  const files = { "sim/a.ts": 'import "./b.ts";\n', "sim/b.ts": 'import "./a.ts";\n' };
  assert.deepEqual(problems(files), ["sim/a.ts → sim/b.ts → sim/a.ts: a circle of imports"]);
});

Deno.test("shapeProblems() finds a source without its test, on every floor", () => {
  for (const room of ["protocol", "gateway/session", "workers", "unit/peers", "app/http"]) {
    const source = { [`${room}/a.ts`]: "export function a() {}\n" };
    assert.deepEqual(problems(source), [`${room}/a.ts: no test at tests/${room}/a_test.ts`]);
    assert.deepEqual(problems({ ...source, [`tests/${room}/a_test.ts`]: "" }), []);
    assert.deepEqual(problems({ ...source, "tests/wire/a_test.ts": "" }), []);
    assert.deepEqual(problems({ ...source, "tests/a_test.ts": "" }).length, 1);
  }
});

Deno.test("shapeProblems() wants no test of types, nor of what stands on no floor", () => {
  assert.deepEqual(problems({ "ports/a.ts": "export interface A { b(): void }\n" }), []);
  for (
    const path of ["sim/a.ts", "deps.ts", "mod.ts", "bench/a.ts", "dashboard/vendor/a.d.ts"]
  ) {
    assert.deepEqual(problems({ [path]: "export const a = 1;\n" }), []);
  }
});

Deno.test("shapeProblems() wants tests of what the page computes; what it draws a browser tests", () => {
  const code = "export const a = 1;\n";
  assert.deepEqual(problems({ "dashboard/page/parts/a.js": code }), []);
  assert.deepEqual(problems({ "dashboard/page/model/a.js": code }), [
    "dashboard/page/model/a.js: no test at tests/dashboard/page/model/a_test.ts",
  ]);
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

Deno.test("what no start needs may not be locked at the root", () => {
  const deps = `export const loadHono = () => import("npm:hono@4.0.0");
export const loadNats = () => later("npm:nats@1.0.0");
`;
  const lock = (...names: string[]) =>
    JSON.stringify({ specifiers: Object.fromEntries(names.map((name) => [name, "1"])) });
  assert.deepEqual(startProblems(lock("npm:hono@4.0.0"), deps), []);
  assert.deepEqual(startProblems(lock("npm:hono@4.0.0", "npm:nats@1.0.0"), deps), [
    "deno.lock: locks npm:nats@1.0.0, so that each start downloads it; give --lock",
  ]);
});

import assert from "node:assert/strict";
import { circleProblems, importsOf } from "../../tools/circles.ts";

const problems = (files: Record<string, string>) => circleProblems(new Map(Object.entries(files)));

Deno.test("circleProblems() names every file that stands in a circle", () => {
  const files = {
    "a/one.ts": 'import { two } from "./two.ts";\n',
    "a/two.ts": 'import { three } from "../b/three.ts";\n',
    "b/three.ts": 'import { one } from "../a/one.ts";\n',
    "b/four.ts": 'import { three } from "./three.ts";\nimport { five } from "./five.ts";\n',
    "b/five.ts": "export const five = 5;\n",
  };
  assert.deepEqual(problems(files), [
    "a/one.ts → a/two.ts → b/three.ts → a/one.ts: a circle of imports",
  ]);
  assert.deepEqual(problems({ ...files, "b/three.ts": "" }), []);
});

Deno.test("circleProblems() names the shortest circle, and the next one that holds others", () => {
  assert.deepEqual(
    problems({
      "a.ts": 'import "./b.ts";\n',
      "b.ts": 'import "./c.ts";\nimport "./a.ts";\n',
      "c.ts": 'import "./a.ts";\n',
      "d.ts": 'import "./d.ts";\n',
    }),
    [
      "a.ts → b.ts → a.ts: a circle of imports",
      "c.ts → a.ts → b.ts → c.ts: a circle of imports",
      "d.ts → d.ts: a circle of imports",
    ],
  );
});

Deno.test("importsOf() reads every way to import a file of ours", () => {
  const text = `import { a } from "./a.ts";
import type { B } from "../b.ts";
import {
  type C,
  c,
} from "./deep/c.ts";
import * as d from "./d.ts";
import "./e.ts";
export { f } from "./f.ts";
export * from "./g.ts";
export type { H } from "./h.ts";
import { z } from "node:zlib";
const lazy = () => import("./i.ts");
type J = import("./j.ts").J;
`;
  assert.deepEqual(importsOf("x/y.ts", text), [
    "x/a.ts",
    "b.ts",
    "x/deep/c.ts",
    "x/d.ts",
    "x/e.ts",
    "x/f.ts",
    "x/g.ts",
    "x/h.ts",
    "x/i.ts",
    "x/j.ts",
  ]);
});

Deno.test("importsOf() is not taken in by comments, texts and addresses", () => {
  const text = `/**
 * import { a } from "./a.ts";
 * const b = await import("./b.ts");
 */
// import("./c.ts")
export function d() {
  return new URL("./d.ts", import.meta.url);
}
const source = \`import * as bot from \${name};
import { run } from \${JSON.stringify(name)};\`;
export const e = "./e.ts";
`;
  assert.deepEqual(importsOf("x/y.ts", text), []);
});

import assert from "node:assert/strict";
import { floorProblem } from "../../../tools/lint/floor_problem.ts";

const good: [file: string, specifier: string][] = [
  ["protocol/a.ts", "./b.ts"],
  ["ports/a.ts", "../protocol/b.ts"],
  ["ports/a.ts", "../deps.ts"],
  ["ports/a.ts", "node:zlib"],
  ["gateway/a.ts", "./deep/b.ts"],
  ["gateway/deep/a.ts", "../b.ts"],
  ["gateway/deep/a.ts", "../../ports/b.ts"],
  ["workers/a.ts", "../gateway/b.ts"],
  ["app/a.ts", "../dashboard/b.ts"],
  ["app/a.ts", "../sim/mod.ts"],
  ["mod.ts", "./app/main.ts"],
  ["mod.ts", "./sim/mod.ts"],
  ["sim/a.ts", "../ports/clock.ts"],
  ["sim/a.ts", "../protocol/b.ts"],
  ["sim/a.ts", "./b.ts"],
  ["deps.ts", "npm:ws@8.0.0"],
  ["tests/gateway/a_test.ts", "../../sim/mod.ts"],
  ["tests/gateway/a_test.ts", "fast-check"],
  ["examples/a.ts", "gatehouse"],
  ["bench/a.ts", "../gateway/b.ts"],
  ["tools/a.ts", "../gateway/session.ts"],
];

const bad: [file: string, specifier: string, says: RegExp][] = [
  ["protocol/a.ts", "../ports/b.ts", /floor 0.*floor 1/],
  ["protocol/a.ts", "../deps.ts", /imports nothing/],
  ["protocol/a.ts", "node:zlib", /foreign/],
  ["ports/a.ts", "../gateway/b.ts", /floor 1.*floor 2/],
  ["gateway/a.ts", "../rest/b.ts", /floor 2.*floor 2/],
  ["gateway/a.ts", "../workers/b.ts", /down only/],
  ["gateway/a.ts", "npm:ws@8.0.0", /deps\.ts/],
  ["gateway/a.ts", "ws", /deps\.ts/],
  ["gateway/a.ts", "https://example.com/a.ts", /deps\.ts/],
  ["gateway/a.ts", "../sim/b.ts", /only app\/ and mod\.ts/],
  ["workers/a.ts", "../clusters/b.ts", /floor 3.*floor 3/],
  ["unit/a.ts", "../dashboard/b.ts", /floor 4.*floor 4/],
  ["workers/a.ts", "../app/b.ts", /down only/],
  ["app/a.ts", "../mod.ts", /down only/],
  ["app/a.ts", "../tests/support/b.ts", /nothing imports tests/],
  ["app/a.ts", "../tools/b.ts", /nothing imports tools/],
  ["mod.ts", "./examples/bot.ts", /nothing imports examples/],
  ["sim/a.ts", "../gateway/b.ts", /floors 0 and 1/],
  ["sim/a.ts", "../app/b.ts", /floors 0 and 1/],
  ["attic/a.ts", "../protocol/b.ts", /tree\.ts knows no/],
  ["gateway/a.ts", "../attic/b.ts", /tree\.ts knows no/],
  ["deps.ts", "./ports/clock.ts", /list of foreign modules/],
];

for (const [file, specifier] of good) {
  Deno.test(`floorProblem() lets ${file} import ${specifier}`, () => {
    assert.equal(floorProblem(file, specifier), undefined);
  });
}

for (const [file, specifier, says] of bad) {
  Deno.test(`floorProblem() does not let ${file} import ${specifier}`, () => {
    assert.match(floorProblem(file, specifier) ?? "nothing", says);
  });
}

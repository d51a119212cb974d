import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import plugin, { isExempt } from "../../../tools/lint/ports_only.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

const messages = (source: string, file = "gateway/a.ts") =>
  Deno.lint.runPlugin(plugin, ROOT + file, source).map((found) => found.message);

const forbidden: Readonly<Record<string, string>> = {
  "Date.now();": "Date.now outside ports/",
  "new Date();": "new Date() without a time outside ports/",
  "performance.now();": "performance.now outside ports/",
  "Math.random();": "Math.random outside ports/",
  "const random = Math.random;": "Math.random outside ports/",
  "setTimeout(f, 1);": "setTimeout outside ports/",
  "setInterval(f, 1);": "setInterval outside ports/",
  "setImmediate(f);": "setImmediate outside ports/",
  "const later = setTimeout;": "setTimeout outside ports/",
  "globalThis.setTimeout(f, 1);": "setTimeout outside ports/",
  "crypto.randomUUID();": "crypto.randomUUID outside ports/",
  "crypto.getRandomValues(a);": "crypto.getRandomValues outside ports/",
  "AbortSignal.timeout(5);": "AbortSignal.timeout outside ports/",
  'import { setTimeout as later } from "node:timers/promises";':
    "node:timers/promises outside ports/",
};

for (const [source, message] of Object.entries(forbidden)) {
  Deno.test(`ports-only forbids ${source}`, () => {
    assert(messages(source).includes(message), messages(source).join());
  });
}

const allowed = [
  "new Date(0);",
  "Date.parse(text);",
  "queueMicrotask(f);",
  "clock.now(); clock.setTimeout(f);",
  "const timers = { setTimeout: f };",
  "interface T { setTimeout(f: () => void): void }",
  "class T { setTimeout() {} }",
  "crypto.subtle.digest(name, bytes);",
  "Math.floor(1.5);",
  "AbortSignal.any(signals);",
  'import { createInflate } from "node:zlib";',
];

for (const source of allowed) {
  Deno.test(`ports-only allows ${source}`, () => assert.deepEqual(messages(source), []));
}

Deno.test("ports-only leaves ports, real servers, wire tests, benchmarks and tools alone", () => {
  const exempt = [
    "dashboard/page/live.js",
    "ports/clock.ts",
    "sim/wire/server.ts",
    "tests/wire/a_test.ts",
    "tests/support/a.ts",
    "bench/a.ts",
    "tools/a.ts",
  ];
  for (const file of exempt) assert.deepEqual(messages("Date.now();", file), [], file);
});

Deno.test("ports-only holds everywhere else, tests included", () => {
  const files = [
    "app/a.ts",
    "sim/world/world.ts",
    "sim/server/a.ts",
    "tests/gateway/a_test.ts",
    "mod.ts",
  ];
  for (const file of files) assert.equal(isExempt(file), false, file);
});

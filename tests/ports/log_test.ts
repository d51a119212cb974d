import assert from "node:assert/strict";
import { logTo, silentLog } from "../../ports/log.ts";

Deno.test("logTo() hands over level, event and fields, and no fields as an empty record", () => {
  const lines: unknown[] = [];
  const log = logTo((...line) => lines.push(line));
  log.debug("a");
  log.info("b", { shard: 3 });
  log.warn("c");
  log.error("d", { code: 1 });
  assert.deepEqual(lines, [
    ["debug", "a", {}],
    ["info", "b", { shard: 3 }],
    ["warn", "c", {}],
    ["error", "d", { code: 1 }],
  ]);
});

Deno.test("silentLog takes every line", () => {
  for (const level of ["debug", "info", "warn", "error"] as const) silentLog[level]("x", { a: 1 });
});

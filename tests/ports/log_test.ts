import assert from "node:assert/strict";
import { logTo, seldom, silentLog } from "../../ports/log.ts";
import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";

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

Deno.test("seldom() lets ten through in ten seconds, and then tells how many more there were", async () => {
  const clock = createVirtualClock();
  const isSaid = seldom(clock);
  const ask = (times: number) => Array.from({ length: times }, isSaid);
  assert.deepEqual(ask(12), [...Array(10).fill(0), null, null]);
  await clock.advance(9_999);
  assert.equal(isSaid(), null);
  await clock.advance(1);
  assert.deepEqual(ask(2), [3, 0]);
});

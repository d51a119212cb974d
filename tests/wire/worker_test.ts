import assert from "node:assert/strict";
import { startThread } from "../../clusters/worker.ts";
import { LEAST, withUnit } from "../support/cluster_bench.ts";

Deno.test("a cluster as a thread handles events without the token, and runs shutdown()", () =>
  withUnit(async ({ lines, options, permissions, reports, say, unit }) => {
    const cluster = startThread(options);
    assert.deepEqual(await permissions(), LEAST);
    say(2, "log");
    say(3, "forget a rejection");
    await unit.until(() => unit.acked.get(1) === 3);
    await cluster.stop(10_000);
    assert.deepEqual(reports().at(-1), "shutdown");
    assert.deepEqual(await cluster.exited, { code: 0, reason: "asked to" });
    assert.ok(lines.some((line) => line.startsWith("info words of a bot")), lines.join("\n"));
    assert.ok(lines.some((line) => /^error uncaught error.*forgotten/.test(line)), lines.join());
  }));

Deno.test("a thread that does not stop in time is reported", () =>
  withUnit(async ({ lines, options, say, unit }) => {
    const cluster = startThread(options);
    say(1, "refuse to stop");
    await unit.until(() => unit.acked.get(1) === 1);
    await cluster.stop(100);
    assert.deepEqual(await cluster.exited, { code: null, reason: "did not stop within 100 ms" });
    assert.match(lines.at(-1)!, /^error thread did not stop/);
  }));

Deno.test("a thread whose module is no bot ends with a clear reason", () =>
  withUnit(async ({ options }) => {
    const noBot = new URL("../../protocol/ids.ts", import.meta.url).href;
    const { code, reason } = await startThread({ ...options, botModule: noBot }).exited;
    assert.equal(code, 1);
    assert.match(reason, /^Cannot run file:.*ids\.ts: it has no default export/);
  }));

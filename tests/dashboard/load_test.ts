import assert from "node:assert/strict";
import { Loads } from "../../dashboard/load.ts";

Deno.test("Loads tells the part of a core that was used since the look before", () => {
  const loads = new Loads<string>();
  const look = (nowMs: number, user: number, key = "a") =>
    loads.look(key, nowMs, { memory: { rss: 1_000 }, cpu: { user, system: 1_000 } });
  assert.deepEqual(look(0, 0), { memoryBytes: 1_000, cpuPercent: null });
  assert.equal(look(5_000, 1_000_000).cpuPercent, 20);
  assert.equal(look(5_000, 1_000_000).cpuPercent, null, "no time has passed");
  assert.equal(look(10_000, 500_000).cpuPercent, null, "it has been started anew");
  assert.equal(look(10_000, 9_000_000, "b").cpuPercent, null, "another");
});

Deno.test("Loads knows of a thread no more than its heap, and nothing of who did not answer", () => {
  const loads = new Loads<string>();
  const thread = { memory: { heapTotal: 5 }, cpu: null };
  loads.look("thread", 0, thread);
  assert.deepEqual(loads.look("thread", 1_000, thread), { memoryBytes: 5, cpuPercent: null });
  const away = { memory: null, cpu: null };
  assert.deepEqual(loads.look("away", 0, away), { memoryBytes: null, cpuPercent: null });
});

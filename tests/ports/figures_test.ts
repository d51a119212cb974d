import assert from "node:assert/strict";
import { systemClock } from "../../ports/clock.ts";
import { processFigures, threadFigures } from "../../ports/figures.ts";

Deno.test("a process tells of its memory in bytes and its processor time in µs", () => {
  const { memory, cpu } = processFigures() as {
    memory: Record<string, number>;
    cpu: Record<string, number>;
  };
  assert.ok(memory.rss! > 1e6 && memory.heapUsed! > 0);
  const spentUs = () => {
    const later = (processFigures() as { cpu: Record<string, number> }).cpu;
    return later.user! + later.system! - cpu.user! - cpu.system!;
  };
  const startedMs = systemClock.now();
  while (spentUs() < 20_000) {
    assert.ok(systemClock.now() - startedMs < 5000, "it counts too slowly");
  }
});

Deno.test("a thread tells of its own heap only, and claims nothing that is the process'", () => {
  const { memory, cpu } = threadFigures() as { memory: Record<string, number>; cpu: null };
  assert.deepEqual(Object.keys(memory).sort(), ["external", "heapTotal", "heapUsed"]);
  assert.ok(Object.values(memory).every((bytes) => Number.isInteger(bytes) && bytes >= 0));
  assert.ok(memory.heapTotal! >= memory.heapUsed!);
  assert.equal(cpu, null);
});

Deno.test("figures can be sent as JSON", () => {
  for (const figures of [processFigures(), threadFigures()]) {
    assert.deepEqual(JSON.parse(JSON.stringify(figures)), figures);
  }
});

import assert from "node:assert/strict";
import { silentLog } from "../../../../ports/log.ts";
import { localBus } from "../../../../ports/fleet/bus.ts";
import { createVirtualClock } from "../../../../sim/mod.ts";
import { LotReports, SILENT_MS } from "../../../../unit/reshard/fleet/reports.ts";

const lot = { rest: 1, phase: "rising", reason: "the new shards come up", sinceMs: 5 } as const;
const report = (unit: string) => ({
  unit,
  turn: 3,
  lots: [lot],
  need: { shards: 2, identifies: 1 },
});

Deno.test("units hear what the others are under way with, and forget who is silent", async () => {
  const clock = createVirtualClock();
  const bus = localBus({ clock, log: silentLog });
  const [a, b] = ["a", "b"].map((self) => new LotReports({ clock, bus, self })) as [
    LotReports,
    LotReports,
  ];
  a.tell(report("a"));
  await clock.advance(10);
  assert.deepEqual([a.others, b.others], [[], [report("a")]]);
  a.tell({ ...report("a"), lots: [] });
  await clock.advance(10);
  assert.deepEqual(b.others.map(({ lots }) => lots), [[]]);
  await clock.advance(SILENT_MS);
  assert.deepEqual(b.others, []);
  b.stop();
  a.tell(report("a"));
  await clock.advance(10);
  assert.deepEqual(b.others, []);
});

Deno.test("what cannot be read is heard by nobody", async () => {
  const clock = createVirtualClock();
  const bus = localBus({ clock, log: silentLog });
  const reports = new LotReports({ clock, bus, self: "a" });
  for (
    const wrong of [
      ...[1, {}, { ...report("b"), turn: -1 }, { ...report("b"), need: null }],
      ...[{ ...report("b"), lots: [{ ...lot, phase: "asleep" }] }, { ...report("b"), lots: 1 }],
    ]
  ) bus.publish("all.reshard", wrong);
  await clock.advance(10);
  assert.deepEqual(reports.others, []);
});

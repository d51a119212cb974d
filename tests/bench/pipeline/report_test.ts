import assert from "node:assert/strict";
import { type Cell, ratios, scaleTable, spread, tablesOf } from "../../../bench/pipeline/report.ts";
import { NOTHING_SPENT } from "../../../bench/pipeline/schedstat.ts";
import type { Measurement } from "../../../bench/pipeline/stage.ts";

const CONDITIONS = { payload: "1200", compression: "zlib-stream", shards: 16 } as const;
const OURS = { name: "gatehouse", label: "Gatehouse" };
const FLOOR = { name: "floor", label: "floor", unitOnly: true as const };

/** A run of 100 events of which the unit's main thread and the cluster's took so many µs each. */
function cell(party: string, round: number, unitUs: number, clusterUs: number): Cell {
  const measurement: Measurement = {
    sent: 100,
    received: 100,
    tookMs: 100,
    together: 1,
    p50: 0.25,
    p99: 1.5,
    unit: { ...NOTHING_SPENT, main: unitUs * 100 },
    cluster: { ...NOTHING_SPENT, main: clusterUs * 100 },
    unitMiB: 90,
    clusterMiB: 60,
  };
  return { ...CONDITIONS, party, round, rate: 1_000, measurement };
}

Deno.test("spread() gives the median, and least and most of several", () => {
  assert.equal(spread([3, 1, 2]), "2 (1–3)");
  assert.equal(spread([3]), "3");
  assert.equal(spread([]), "–");
});

Deno.test("ratios() compares within a round, and only rounds that both have", () => {
  const ours = [cell("gatehouse", 0, 10, 10), cell("gatehouse", 1, 40, 40)];
  const theirs = [cell("base", 1, 20, 20), cell("base", 2, 1, 1)];
  assert.deepEqual(ratios(ours, theirs), [2]);
});

Deno.test("ratios() leaves the cluster of both out for a party that has none", () => {
  assert.deepEqual(ratios([cell("gatehouse", 0, 10, 90)], [cell("floor", 0, 5, 50)], true), [2]);
});

Deno.test("tablesOf() tells costs, ratios, delays and threads, a party that failed as dashes", () => {
  const cells = [cell("gatehouse", 0, 10, 5), cell("floor", 0, 8, 1)];
  const base = { name: "base", label: "base" };
  const [cost, ratio, delay, threads] = tablesOf(CONDITIONS, [1_000], [OURS, FLOOR, base], cells);
  assert.equal(cost!.title, "CPU µs per event, unit + cluster: 1.2 KB, zlib-stream, 16 shards");
  assert.deepEqual(cost!.columns, ["party", "1,000/s"]);
  const floorName = "floor (unit only, on both sides)";
  assert.deepEqual(cost!.rows, [["Gatehouse", "15"], [floorName, "8"], ["base", "–"]]);
  assert.deepEqual(ratio!.rows, [["Gatehouse", "1"], [floorName, "1.25"], ["base", "–"]]);
  assert.equal(delay!.rows[0]![1], "0.25 / 1.5");
  const row = ["Gatehouse, 1,000/s", "10", "0", "0", "0", "5", "0", "1,000", "1", "0", "90", "60"];
  assert.deepEqual(threads!.rows[0], row);
  assert.ok(threads!.rows[2]!.slice(1).every((text) => text === "–"));
});

Deno.test("tablesOf() shows events that were lost", () => {
  const { measurement, ...rest } = cell("gatehouse", 0, 10, 5);
  const lossy = [{ ...rest, measurement: { ...measurement, received: 97 } }];
  const threads = tablesOf(CONDITIONS, [1_000], [OURS], lossy).at(-1)!;
  assert.equal(threads.rows[0]![threads.columns.indexOf("lost")], "3");
});

Deno.test("scaleTable() compares numbers of shards with 16, by party and round", () => {
  const many = { ...cell("gatehouse", 0, 20, 10), shards: 256 };
  const { title, rows } = scaleTable(CONDITIONS, [16, 256], [1_000], [OURS], [
    cell("gatehouse", 0, 10, 5),
    cell("base", 0, 1, 1),
    many,
  ]);
  assert.equal(title, "CPU, n shards ÷ 16: 1.2 KB, zlib-stream");
  assert.deepEqual(rows, [["Gatehouse, 256", "2"]]);
});

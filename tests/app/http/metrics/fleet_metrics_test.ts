import assert from "node:assert/strict";
import { FLEET_METRICS } from "../../../../app/http/metrics/fleet_metrics.ts";
import { renderText } from "../../../../app/http/metrics/metric.ts";
import { renderMetrics } from "../../../../app/http/metrics/unit_metrics.ts";
import { fleet, snapshot } from "../../../support/snapshots.ts";

const samples = (text: string) =>
  text.split("\n").filter((line) => line.startsWith("gatehouse_fleet"));

Deno.test("the metrics of a fleet say who lives, who has what, and what this unit does", () => {
  const units = [
    { unit: "a", isAlive: true, shards: 2 },
    { unit: "b", isAlive: false, shards: 1 },
  ];
  const told = fleet({ units, moves: 1, unowned: 1, taking: 2, cutOffSinceMs: 5 });
  assert.deepEqual(samples(renderText(FLEET_METRICS, snapshot({ fleet: told }))), [
    "gatehouse_fleet_units 1",
    'gatehouse_fleet_shards{unit="a"} 2',
    'gatehouse_fleet_shards{unit="b"} 1',
    "gatehouse_fleet_leads 1",
    "gatehouse_fleet_epoch 7",
    "gatehouse_fleet_moves 1",
    "gatehouse_fleet_unowned_shards 1",
    "gatehouse_fleet_taking 2",
    "gatehouse_fleet_giving 0",
    "gatehouse_fleet_cut_off 1",
  ]);
});

Deno.test("a unit by itself has no samples of a fleet, and one of a fleet has them among its others", () => {
  assert.deepEqual(samples(renderMetrics(snapshot())), []);
  assert.equal(samples(renderMetrics(snapshot({ fleet: fleet() }))).length, 10);
});

import assert from "node:assert/strict";
import { renderText } from "../../../../app/http/metrics/metric.ts";
import { RESHARD_METRICS } from "../../../../app/http/metrics/reshard_metrics.ts";
import { renderMetrics } from "../../../../app/http/metrics/unit_metrics.ts";
import type { ReshardSnapshot } from "../../../../protocol/reshard.ts";
import { lots, reshard } from "../../../support/reshards.ts";
import { snapshot } from "../../../support/snapshots.ts";

const samples = (reshard: ReshardSnapshot | null) =>
  renderText(RESHARD_METRICS, snapshot({ reshard })).split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));

Deno.test("the metrics of a reshard say how it stands, lot by lot and guild by guild", () => {
  const lines = samples(reshard({
    from: 4,
    to: 8,
    lots: lots(4, 8, "moved", "holding", "rising", "rising"),
    guildsMoved: 812,
    anchors: 700,
    quiet: 110,
    forced: 2,
    identifiesSpent: 5,
    identifiesNeeded: 3,
    leftMs: 9_500,
  }));
  assert.deepEqual(lines.filter((line) => !line.endsWith(" 0")), [
    "gatehouse_total_shards 2",
    'gatehouse_reshard_state{state="running"} 1',
    'gatehouse_reshard_lots{phase="rising"} 2',
    'gatehouse_reshard_lots{phase="holding"} 1',
    'gatehouse_reshard_lots{phase="moved"} 1',
    "gatehouse_reshard_to_shards 8",
    "gatehouse_reshard_guilds_moved 812",
    'gatehouse_reshard_cuts{at="anchor"} 700',
    'gatehouse_reshard_cuts{at="quiet"} 110',
    'gatehouse_reshard_cuts{at="forced"} 2',
    "gatehouse_reshard_identifies_spent 5",
    "gatehouse_reshard_identifies_needed 3",
    "gatehouse_reshard_left_seconds 9.5",
  ]);
});

Deno.test("the metrics of a reshard are still while there was none, and leave out what nobody knows", () => {
  const none = samples(null);
  assert.deepEqual(none.filter((line) => !line.endsWith(" 0")), ["gatehouse_total_shards 2"]);
  assert.ok(none.includes('gatehouse_reshard_lots{phase="moved"} 0'));
  assert.ok(none.includes('gatehouse_reshard_state{state="running"} 0'));
  assert.ok(!none.some((line) => /guilds_moved|cuts|identifies|left/.test(line)));
  assert.ok(!samples(reshard()).some((line) => /left_seconds/.test(line)));
});

Deno.test("the metrics of a unit have those of its reshard among them", () => {
  const text = renderMetrics(snapshot({ reshard: reshard({ state: "paused" }) }));
  assert.match(text, /^gatehouse_reshard_state\{state="paused"\} 1$/m);
});

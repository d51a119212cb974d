/**
 * The metrics of a unit for OpenTelemetry, where that is on: beside `/metrics`, not instead.
 *
 * @module
 */

import { openTelemetry, type Telemetry } from "../ports/telemetry/telemetry.ts";
import type { Snapshot } from "../protocol/status.ts";
import { measured, partsOf } from "./http/metrics/measured.ts";
import { ShardTotals } from "./http/metrics/shard_totals.ts";
import { knownOf, METRICS } from "./http/metrics/unit_metrics.ts";

/**
 * Has them asked for each time that they are sent; gives what ends that.
 *
 * @param perShard Whether each shard has series of its own.
 */
export function tellMetrics(
  unit: { readonly snapshot: Snapshot },
  perShard: boolean,
  telemetry: Telemetry | null = openTelemetry(),
): () => void {
  if (telemetry === null) return () => {};
  const parts = partsOf(METRICS);
  const totals = perShard ? null : new ShardTotals();
  return telemetry.observe(parts, () => measured(parts, knownOf(unit.snapshot, totals)));
}

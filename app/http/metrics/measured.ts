/**
 * The metrics of a unit, as OpenTelemetry takes them: under the same names, with the same labels.
 *
 * @module
 */

import type { Measured, MeasuredMetric } from "../../../ports/telemetry/telemetry.ts";
import type { Metric, Sample } from "./metric.ts";

/** One of ours, and which part of it: of a histogram there are its sum and its count, without its buckets. */
interface Part<Known> extends MeasuredMetric {
  readonly of: Metric<Known>;
  readonly suffix: Sample["suffix"];
}

/** Each metric, by its parts. */
export function partsOf<Known>(metrics: readonly Metric<Known>[]): Part<Known>[] {
  return metrics.flatMap((of): Part<Known>[] => {
    const { name, type, help } = of;
    if (type !== "histogram") return [{ of, name, type, help, suffix: undefined }];
    return (["_sum", "_count"] as const)
      .map((suffix) => ({ of, name: name + suffix, type: "counter", help, suffix }));
  });
}

/** What they say now. */
export function* measured<Known>(
  parts: readonly Part<Known>[],
  known: Known,
): Iterable<readonly [Part<Known>, Measured[]]> {
  for (const part of parts) {
    const samples = part.of.samples(known).filter(({ suffix }) => suffix === part.suffix);
    yield [part, samples.map(({ labels, value }) => ({ value, attributes: labels }))];
  }
}

/**
 * The numbers of the HTTP port.
 *
 * @module
 */

import { type Metric, metric } from "./metric.ts";

/** Every metric of the port. */
export const PORT_METRICS: readonly Metric<{ readonly size: number; readonly cut: number }>[] = [
  metric("gatehouse_connections", "Connections of the port.", ({ size }) => [
    { labels: {}, value: size },
  ]),
  metric(
    "gatehouse_connections_cut_total",
    "Connections that were ended, or not let in, because there was no room.",
    ({ cut }) => [{ labels: {}, value: cut }],
  ),
];

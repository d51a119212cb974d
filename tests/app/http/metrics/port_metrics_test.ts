import assert from "node:assert/strict";
import { renderText } from "../../../../app/http/metrics/metric.ts";
import { PORT_METRICS } from "../../../../app/http/metrics/port_metrics.ts";

Deno.test("the port's metrics say how many connections there are, and how many had no room", () => {
  const samples = renderText(PORT_METRICS, { size: 3, cut: 2 }).split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
  assert.deepEqual(samples, ["gatehouse_connections 3", "gatehouse_connections_cut_total 2"]);
});

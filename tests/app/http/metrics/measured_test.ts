import assert from "node:assert/strict";
import { measured, partsOf } from "../../../../app/http/metrics/measured.ts";
import { knownOf, METRICS } from "../../../../app/http/metrics/unit_metrics.ts";
import { fullSnapshot } from "../../../support/snapshots.ts";

Deno.test("measured() gives every metric under its name, of histograms their sum and count", () => {
  const parts = partsOf(METRICS);
  const names = parts.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  const values = new Map(
    [...measured(parts, knownOf(fullSnapshot(), null))].map(([{ name }, samples]) =>
      [name, samples] as const
    ),
  );
  assert.ok([...values.values()].every((samples) => samples.length > 0));
  assert.deepEqual(values.get("gatehouse_shard_guilds"), [{ value: 4, attributes: { shard: 0 } }]);
  const lane = { lane: "normal" };
  assert.deepEqual(values.get("gatehouse_rest_queue_seconds_sum"), [
    { value: 0.03, attributes: lane },
  ]);
  assert.deepEqual(values.get("gatehouse_rest_queue_seconds_count"), [
    { value: 2, attributes: lane },
  ]);
  assert.ok(!names.includes("gatehouse_rest_queue_seconds"));
});

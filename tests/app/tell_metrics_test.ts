import assert from "node:assert/strict";
import { tellMetrics } from "../../app/tell_metrics.ts";
import { openTelemetry } from "../../ports/telemetry/telemetry.ts";
import { providedTelemetry } from "../support/provided_telemetry.ts";
import { counters, shard, snapshot } from "../support/snapshots.ts";

const unit = {
  snapshot: snapshot({
    shards: [0, 1].map((id) => shard(id, { counters: counters(id, { received: 4 }) })),
  }),
};

Deno.test("tellMetrics() tells each shard, or all as one, until it is ended", () => {
  const received = (perShard: boolean) => {
    const { provided, collect } = providedTelemetry();
    const end = tellMetrics(unit, perShard, openTelemetry(provided));
    const name = (it: object) => (it as { name: string }).name;
    const told = collect().filter(([it]) => name(it) === "gatehouse_events_received_total");
    end();
    assert.deepEqual(collect(), []);
    return told.map(([, ...rest]) => rest);
  };
  assert.deepEqual(received(true), [[4, { shard: 0 }], [4, { shard: 1 }]]);
  assert.deepEqual(received(false), [[8, {}]]);
});

Deno.test("tellMetrics() does nothing where OpenTelemetry is off", () => {
  tellMetrics(unit, true)();
});

/** Whatever comes from outside: `/metrics` stays readable, and its series stay few. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { PORT_METRICS } from "../../../../app/http/metrics/port_metrics.ts";
import { ShardTotals } from "../../../../app/http/metrics/shard_totals.ts";
import { renderText } from "../../../../app/http/metrics/metric.ts";
import { renderMetrics } from "../../../../app/http/metrics/unit_metrics.ts";
import { TypeTally } from "../../../../intake/type_tally.ts";
import { Meter } from "../../../../rest/limits/meter.ts";
import { laneOf } from "../../../../rest/limits/permits.ts";
import { routeOf } from "../../../../rest/route.ts";
import { readExposition, type Series } from "../../../support/exposition.ts";
import { counters, fleet, IDLE_REST, shard, snapshot } from "../../../support/snapshots.ts";

/** Series of a unit beside those of its shards, clusters, services and lots, whatever comes. */
const MOST_SERIES = 20_000;

const strange = fc.oneof(
  fc.string({ unit: "binary", maxLength: 80 }),
  fc.constantFrom('"', "\\", "\n", '"} 1\n# HELP x y', "__proto__", "constructor", "other", "NaN"),
  fc.nat().map((id) => `made-up-${id}`),
);
const request = fc.record({
  method: fc.oneof(fc.constantFrom("GET", "POST", "DELETE"), strange),
  path: fc.array(strange, { maxLength: 6 }).map((parts) => `/v10/${parts.join("/")}`),
  status: fc.integer({ min: 100, max: 999 }),
  isStranger: fc.boolean(),
});

function seriesOf(text: string): Series[] {
  return readExposition(text).flatMap(({ series }) => series);
}

Deno.test("strange requests, types and names of units make neither many series nor a text that is none", () => {
  fc.assert(
    fc.property(
      fc.array(request, { maxLength: 60 }),
      fc.array(strange, { maxLength: 60 }),
      fc.uniqueArray(strange, { maxLength: 30 }),
      (requests, types, names) => {
        const meter = new Meter();
        for (const { method, path, status, isStranger } of requests) {
          const route = routeOf(method, path);
          const parcel = { route, lane: laneOf(route, new Headers()) };
          const result = { status, reason: "" };
          meter.count(
            { parcel, result, scope: "", retried: [], queueMs: 1, upstreamMs: null },
            isStranger,
          );
        }
        const tally = new TypeTally();
        for (const type of types) tally.count(type);
        const seen = snapshot({
          eventsByType: tally.totals,
          rest: { ...IDLE_REST, routes: meter.routes, lanes: meter.lanes },
          fleet: fleet({ units: names.map((unit) => ({ unit, isAlive: true, shards: 1 })) }),
        });
        seriesOf(renderMetrics(seen));
      },
    ),
    { numRuns: 200 },
  );
});

Deno.test("a hundred thousand made-up routes, answers, types and units are a bounded number of series", () => {
  const meter = new Meter();
  const tally = new TypeTally();
  const units = [];
  for (let i = 0; i < 100_000; i++) {
    const route = routeOf(`M${i % 7}`, `/v10/made/up-${letters(i)}`);
    const result = { status: 200 + i % 400, reason: "" };
    const parcel = { route, lane: laneOf(route, new Headers()) };
    meter.count(
      { parcel, result, scope: i % 2 ? "user" : "shared", retried: [], queueMs: 1, upstreamMs: 1 },
      i % 3 === 0,
    );
    tally.count(`MADE_UP_${i}`);
    units.push({ unit: `unit-${i}`, isAlive: true, shards: 1 });
  }
  const seen = snapshot({
    eventsByType: tally.totals,
    rest: { ...IDLE_REST, routes: meter.routes, lanes: meter.lanes },
    fleet: fleet({ units }),
  });
  const series = seriesOf(renderMetrics(seen));
  assert.ok(series.length < MOST_SERIES, `${series.length} series`);
  const total = (name: string) =>
    series.filter((it) => it.name === name).reduce((sum, { value }) => sum + value, 0);
  // Nothing is lost over that.
  assert.equal(total("gatehouse_rest_requests_total"), 100_000);
  assert.equal(total("gatehouse_events_by_type_total"), 100_000);
  assert.equal(total("gatehouse_fleet_shards"), 100_000);
});

Deno.test("a thousand shards are some thirty series each, or none with METRICS_PER_SHARD=0", () => {
  const reconnects = { zombie: 1, "op 7": 2 };
  const shards = Array.from(
    { length: 1000 },
    (_, id) =>
      shard(id, {
        guilds: id,
        counters: counters(id, { received: 5, queueAgeMs: id, reconnects }),
      }),
  );
  const all = seriesOf(renderMetrics(snapshot({ shards })));
  assert.ok(all.length > 20_000 && all.length < 32_000, `${all.length} series`);
  const few = seriesOf(renderMetrics(snapshot({ shards }), new ShardTotals()));
  assert.ok(few.length < 150, `${few.length} series`);
  assert.ok(few.every(({ labels }) => labels.shard === undefined));
  const value = (name: string, cause?: string) =>
    few.find((it) => it.name === name && it.labels.cause === cause)?.value;
  assert.equal(value("gatehouse_events_received_total"), 5000);
  assert.equal(value("gatehouse_shard_guilds"), 999);
  assert.equal(value("gatehouse_shard_queue_age_seconds"), 0.999);
  assert.equal(value("gatehouse_reconnects_total", "op 7"), 2000);
});

Deno.test("the metrics of the port can be read, too", () => {
  assert.equal(readExposition(renderText(PORT_METRICS, { size: 1, cut: 2 })).length, 2);
});

function letters(i: number): string {
  return String(i).replace(/\d/g, (digit) => "abcdefghij"[Number(digit)]!);
}

import assert from "node:assert/strict";
import { renderText } from "../../../../app/http/metrics/metric.ts";
import { REST_METRICS } from "../../../../app/http/metrics/rest_metrics.ts";
import type { RestRouteSnapshot, RestSnapshot, Times } from "../../../../protocol/status.ts";
import { Meter } from "../../../../rest/limits/meter.ts";
import { IDLE_REST } from "../../../support/snapshots.ts";

const ROUTE: RestRouteSnapshot = {
  method: "POST",
  route: "/channels/:id/messages",
  waiting: 0,
  queueMs: 1_500,
  upstreamMs: 250,
  answers: [
    { status: 200, scope: "", by: "discord", count: 7 },
    { status: 429, scope: "shared", by: "proxy", count: 2 },
  ],
};

const restLines = (changed: Partial<RestSnapshot> = {}) =>
  renderText(REST_METRICS, { ...IDLE_REST, ...changed }).split("\n");

function assertHas(all: readonly string[], wanted: readonly string[]): void {
  for (const line of wanted) assert.ok(all.includes(line), line);
}

Deno.test("the proxy's metrics count requests by route and answer", () => {
  const labels = 'method="POST",route="/channels/:id/messages"';
  assertHas(restLines({ routes: [ROUTE] }), [
    `gatehouse_rest_requests_total{${labels},status="200",scope="",by="discord"} 7`,
    `gatehouse_rest_requests_total{${labels},status="429",scope="shared",by="proxy"} 2`,
  ]);
});

Deno.test("the proxy's metrics sum the times of a route in seconds, queue and Discord apart", () => {
  const labels = '{method="POST",route="/channels/:id/messages"}';
  assertHas(restLines({ routes: [ROUTE] }), [
    `gatehouse_rest_route_queue_seconds_total${labels} 1.5`,
    `gatehouse_rest_route_upstream_seconds_total${labels} 0.25`,
  ]);
});

Deno.test("the proxy's metrics have a histogram per lane, in seconds, that ends with all", () => {
  const queue: Times = {
    buckets: [{ boundMs: 5, count: 1 }, { boundMs: 2_500, count: 3 }],
    count: 4,
    sumMs: 9_000,
  };
  const upstream: Times = { buckets: [{ boundMs: 5, count: 0 }], count: 0, sumMs: 0 };
  const all = restLines({ lanes: [{ lane: "low", queue, upstream }] });
  const at = all.indexOf("# TYPE gatehouse_rest_queue_seconds histogram");
  assert.deepEqual(all.slice(at + 1, at + 6), [
    'gatehouse_rest_queue_seconds_bucket{lane="low",le="0.005"} 1',
    'gatehouse_rest_queue_seconds_bucket{lane="low",le="2.5"} 3',
    'gatehouse_rest_queue_seconds_bucket{lane="low",le="+Inf"} 4',
    'gatehouse_rest_queue_seconds_sum{lane="low"} 9',
    'gatehouse_rest_queue_seconds_count{lane="low"} 4',
  ]);
  assertHas(all, [
    'gatehouse_rest_upstream_seconds_bucket{lane="low",le="0.005"} 0',
    'gatehouse_rest_upstream_seconds_bucket{lane="low",le="+Inf"} 0',
    'gatehouse_rest_upstream_seconds_count{lane="low"} 0',
  ]);
});

Deno.test("the proxy's metrics say how it stands", () => {
  const all = restLines({
    waiting: 1,
    inFlight: 2,
    credentials: 3,
    buckets: 4,
    deadEnds: 5,
    invalid: 6,
    strangersInvalid: 7,
    fuse: "slow",
  });
  assertHas(all, [
    "gatehouse_rest_waiting 1",
    "gatehouse_rest_in_flight 2",
    "gatehouse_rest_credentials 3",
    "gatehouse_rest_buckets 4",
    "gatehouse_rest_dead_ends 5",
    "gatehouse_rest_invalid 6",
    "gatehouse_rest_strangers_invalid 7",
    'gatehouse_rest_fuse{state="closed"} 0',
    'gatehouse_rest_fuse{state="slow"} 1',
    'gatehouse_rest_fuse{state="open"} 0',
    'gatehouse_rest_fuse{state="banned"} 0',
  ]);
});

Deno.test("the proxy's metrics are the text format, whatever a meter has counted", () => {
  const meter = new Meter();
  for (const [queueMs, upstreamMs] of [[0.3, 12.7], [70_000, null], [1e-7, 1]] as const) {
    meter.count({
      parcel: {
        route: { method: "GET", template: "/users/:id", major: "", kind: "other" },
        lane: "high",
      },
      result: new Response(),
      scope: "",
      retried: [],
      queueMs,
      upstreamMs,
    });
  }
  const { routes, lanes } = meter;
  let name = "";
  for (const line of restLines({ routes, lanes }).slice(0, -1)) {
    if (line.startsWith("# HELP ")) name = line.split(" ")[2]!;
    else if (line.startsWith("# TYPE ")) {
      assert.match(line, RegExp(`^# TYPE ${name} (counter|gauge|histogram)$`));
    } else {
      const labels = '(\\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\\})?';
      assert.match(line, RegExp(`^${name}(_bucket|_sum|_count)?${labels} [\\d.e+-]+$`));
    }
  }
});

Deno.test("every metric of the proxy has a name of its own, and counters alone end in _total", () => {
  assert.equal(new Set(REST_METRICS.map(({ name }) => name)).size, REST_METRICS.length);
  for (const { name, type, help } of REST_METRICS) {
    assert.match(name, /^gatehouse_rest_[a-z_]+$/);
    assert.equal(name.endsWith("_total"), type === "counter", name);
    assert.ok(help.endsWith("."), name);
  }
});

import assert from "node:assert/strict";
import {
  type Metric,
  METRICS,
  renderMetrics,
  renderText,
  REST_METRICS,
  type Sample,
} from "../../../app/http/metrics.ts";
import { counters, IDLE_REST, shard, snapshot } from "../../support/snapshots.ts";
import type { RestRouteSnapshot, RestSnapshot, Times } from "../../../protocol/status.ts";
import { Meter } from "../../../rest/limits/meter.ts";

const lines = (text: string) => text.split("\n");

Deno.test("renderMetrics() writes every counter of a shard under its label", () => {
  const counted = counters(3, {
    received: 1,
    receivedBytes: 2,
    forwarded: 3,
    acknowledged: 4,
    queued: 5,
    queuedBytes: 6,
    queueAgeMs: 1500,
    ackLagMs: 250,
    dropped: 7,
    identifies: 8,
    resumes: 9,
    reconnects: { zombie: 10, "op 7": 11 },
    stale: 12,
    illegal: 14,
    latencyMs: 13.5,
  });
  const text = lines(renderMetrics(snapshot({ shards: [shard(3, { counters: counted })] })));
  for (
    const line of [
      'gatehouse_events_received_total{shard="3"} 1',
      'gatehouse_received_bytes_total{shard="3"} 2',
      'gatehouse_events_forwarded_total{shard="3"} 3',
      'gatehouse_events_acknowledged_total{shard="3"} 4',
      'gatehouse_events_queued{shard="3"} 5',
      'gatehouse_queue_bytes{shard="3"} 6',
      'gatehouse_shard_queue_age_seconds{shard="3"} 1.5',
      'gatehouse_shard_ack_lag_seconds{shard="3"} 0.25',
      'gatehouse_events_dropped_total{shard="3"} 7',
      'gatehouse_identifies_total{shard="3"} 8',
      'gatehouse_resumes_total{shard="3"} 9',
      'gatehouse_reconnects_total{shard="3",cause="zombie"} 10',
      'gatehouse_reconnects_total{shard="3",cause="op 7"} 11',
      'gatehouse_stale_inputs_total{shard="3"} 12',
      'gatehouse_illegal_inputs_total{shard="3"} 14',
      'gatehouse_shard_latency_ms{shard="3"} 13.5',
    ]
  ) assert(text.includes(line), line);
});

Deno.test("renderMetrics() says how workers, clusters and the identify budget stand", () => {
  const text = lines(renderMetrics(snapshot({
    mode: "simulator",
    shards: [shard(0), shard(1, { state: "backing off", lacks: ["GUILD_MEMBERS"] })],
    workers: [{ workerId: 4, state: "restarting", reason: "x", shards: [], restarts: 2 }],
    clusters: [{ clusterId: 5, kind: "remote", state: "connected", reason: "", restarts: 3 }],
    eventsByType: { MESSAGE_CREATE: 6, GUILD_CREATE: 1 },
    intents: { wanted: 0x8103, refused: ["GUILD_MEMBERS"], shards: [1] },
    deafTypes: [{ type: "GUILD_CREATE", sinceMs: 0, expected: 40, others: 900 }],
  })));
  for (
    const line of [
      'gatehouse_info{mode="simulator"} 1',
      'gatehouse_shards{state="ready"} 1',
      'gatehouse_shards{state="backing off"} 1',
      'gatehouse_shards{state="stopped"} 0',
      'gatehouse_shard_state{shard="1",state="backing off"} 1',
      'gatehouse_worker_running{worker="4"} 0',
      'gatehouse_worker_restarts_total{worker="4"} 2',
      'gatehouse_cluster_connected{cluster="5"} 1',
      'gatehouse_events_by_type_total{type="MESSAGE_CREATE"} 6',
      'gatehouse_shards_without_intent{intent="GUILD_MEMBERS"} 1',
      'gatehouse_shards_without_intent{intent="MESSAGE_CONTENT"} 0',
      'gatehouse_type_deaf{type="MESSAGE_CREATE"} 0',
      'gatehouse_type_deaf{type="GUILD_CREATE"} 1',
      'gatehouse_cluster_restarts_total{cluster="5"} 3',
      "gatehouse_identify_remaining 998",
      "gatehouse_identify_limit 1000",
      "gatehouse_identify_reserve 100",
    ]
  ) assert(text.includes(line), line);
});

Deno.test("renderMetrics() has no sample for what a shard has not measured", () => {
  const text = renderMetrics(snapshot({ shards: [shard(0, { counters: counters(0) }), shard(1)] }));
  assert(!/^gatehouse_shard_latency_ms\{/m.test(text));
  assert(!/^gatehouse_shard_ack_lag_seconds\{/m.test(text));
  assert(!text.includes('gatehouse_events_received_total{shard="1"}'));
});

Deno.test("renderMetrics() is the text format: help and type before samples, one break per line", () => {
  const text = renderMetrics(snapshot({ shards: [shard(0, { counters: counters(0) })] }));
  assert(text.endsWith("\n"));
  let metric = "";
  for (const line of lines(text).slice(0, -1)) {
    if (line.startsWith("# HELP ")) metric = line.split(" ")[2]!;
    else if (line.startsWith("# TYPE ")) {
      assert.match(line, RegExp(`^# TYPE ${metric} (counter|gauge|histogram)$`));
    } else {assert.match(
        line,
        RegExp(
          `^${metric}(_bucket|_sum|_count)?(\\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\\})? -?[\\d.e+]+$`,
        ),
      );}
  }
});

Deno.test("renderMetrics() escapes what stands in a label", () => {
  const counted = counters(0, { reconnects: { ['a"b\\c\nd' as "op 7"]: 1 } });
  const text = renderMetrics(snapshot({ shards: [shard(0, { counters: counted })] }));
  assert(text.includes('cause="a\\"b\\\\c\\nd"'), text);
});

Deno.test("every metric has a name of its own; only counters end in _total", () => {
  assert.equal(new Set(METRICS.map((metric) => metric.name)).size, METRICS.length);
  for (const { name, type, help } of METRICS) {
    assert.match(name, /^gatehouse_[a-z_]+$/);
    assert.equal(name.endsWith("_total"), type === "counter", name);
    assert(help.endsWith("."), name);
  }
});

const ROUTE: RestRouteSnapshot = {
  method: "POST",
  route: "/channels/:id/messages",
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

/** A metric that reads its samples off what is known. */
function metric(changed: Partial<Metric<readonly Sample[]>> = {}): Metric<readonly Sample[]> {
  return { name: "x_total", type: "counter", help: "Help.", samples: (known) => known, ...changed };
}

/** The one line of a sample. */
function lineOf(sample: Sample): string {
  return renderText([metric()], [sample]).split("\n")[2]!;
}

Deno.test("renderText() writes help and type before the samples, and ends each line", () => {
  const text = renderText([
    metric(),
    metric({ name: "y", type: "gauge", help: "More.", samples: () => [] }),
  ], [{ labels: {}, value: 1 }, { labels: { a: 1 }, value: 2 }]);
  assert.equal(
    text,
    "# HELP x_total Help.\n# TYPE x_total counter\nx_total 1\n" +
      'x_total{a="1"} 2\n# HELP y More.\n# TYPE y gauge\n',
  );
});

Deno.test("renderText() writes nothing where there is no metric", () => {
  assert.equal(renderText([], []), "");
});

Deno.test("renderText() writes labels in their order, numbers as text", () => {
  assert.equal(
    lineOf({ labels: { shard: 3, cause: "op 7", le: 0.25 }, value: -1.5e-7 }),
    'x_total{shard="3",cause="op 7",le="0.25"} -1.5e-7',
  );
});

Deno.test("renderText() writes the parts of a histogram under its one name", () => {
  const text = renderText([metric({ name: "x_seconds", type: "histogram" })], [
    { labels: { le: "+Inf" }, value: 2, suffix: "_bucket" },
    { labels: {}, value: 0.5, suffix: "_sum" },
    { labels: {}, value: 2, suffix: "_count" },
  ]);
  assert.deepEqual(text.split("\n").slice(1, -1), [
    "# TYPE x_seconds histogram",
    'x_seconds_bucket{le="+Inf"} 2',
    "x_seconds_sum 0.5",
    "x_seconds_count 2",
  ]);
});

Deno.test("renderText() escapes backslash, quote and line break in a label", () => {
  assert.equal(
    lineOf({ labels: { a: 'a"b\\c\nd\\n"' }, value: 1 }),
    'x_total{a="a\\"b\\\\c\\nd\\\\n\\""} 1',
  );
});

Deno.test("renderText() escapes backslash and line break in a help, not quotes", () => {
  const [help] = renderText([metric({ help: 'a "b" \\ c\nd' })], []).split("\n");
  assert.equal(help, '# HELP x_total a "b" \\\\ c\\nd');
});

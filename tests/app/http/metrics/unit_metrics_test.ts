import assert from "node:assert/strict";
import { METRICS, renderMetrics } from "../../../../app/http/metrics/unit_metrics.ts";
import { counters, shard, snapshot } from "../../../support/snapshots.ts";

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
      'gatehouse_shard_latency_seconds{shard="3"} 0.0135',
    ]
  ) assert(text.includes(line), line);
});

Deno.test("renderMetrics() has one shard of each id: the one that serves", () => {
  const of = (received: number) => ({ counters: counters(3, { received }) });
  const shards = [shard(3, of(1)), shard(3, { ...of(2), totalShards: 8, role: "rises" })];
  const text = lines(renderMetrics(snapshot({ shards })));
  const received = text.filter((line) => line.startsWith("gatehouse_events_received_total{"));
  assert.deepEqual(received, ['gatehouse_events_received_total{shard="3"} 1']);
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
  assert(!/^gatehouse_shard_latency_seconds\{/m.test(text));
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

/** OpenTelemetry of a unit in a process of its own, as a collector gets it. */

import assert from "node:assert/strict";
import { createSimulator, serveSimulator } from "../../sim/mod.ts";
import { startUnit, until } from "../support/unit_process.ts";

interface Span {
  readonly name: string;
  readonly scope: string;
  readonly traceId: string;
  readonly parentSpanId?: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly tookMs: number;
}

/** A collector that takes OTLP as JSON over HTTP. */
function openCollector() {
  const spans: Span[] = [];
  const metrics = new Set<string>();
  let all = "";
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const text = await request.text();
    all += text;
    const body = JSON.parse(text);
    for (const { scopeSpans } of body.resourceSpans ?? []) {
      for (const { scope, spans: list } of scopeSpans) {
        for (const one of list) spans.push(spanOf(one, scope.name));
      }
    }
    for (const { scopeMetrics } of body.resourceMetrics ?? []) {
      for (const scope of scopeMetrics) for (const { name } of scope.metrics) metrics.add(name);
    }
    return Response.json({});
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    spans,
    metrics,
    /** Everything that it was sent. */
    all: () => all,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

// deno-lint-ignore no-explicit-any -- as it comes
function spanOf(span: any, scope: string): Span {
  const values = span.attributes.map((
    { key, value }: { key: string; value: object },
  ) => [key, Object.values(value)[0]]);
  const tookMs = Number(BigInt(span.endTimeUnixNano) - BigInt(span.startTimeUnixNano)) / 1e6;
  return { ...span, scope, attributes: Object.fromEntries(values), tookMs };
}

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const CALLER = "b7ad6b7169203331";
const WEBHOOK = "webhooks/123456789012345678/aVerySecretTokenOfAWebhook";

/** Runs a unit with these variables beside its settings, and asks it for this and that. */
async function run(more: Record<string, string>, settled: () => boolean) {
  let status = 0;
  const sim = createSimulator({ shards: 2, guilds: 4 });
  const discord = serveSimulator(sim);
  const folder = await Deno.makeTempDir();
  const unit = await startUnit({
    DISCORD_TOKEN: sim.settings.token,
    DISCORD_API_URL: discord.apiUrl,
    BOT_MODULE: "tests/support/traced_bot.ts",
    LISTEN_PORT: "0",
    STATE_DIR: folder,
    TRACE_EVENTS_PER_SECOND: "100",
    ...more,
  });
  try {
    await unit.ready();
    const api = `${await unit.url()}/api/v10`;
    const traceparent = `00-${TRACE}-${CALLER}-01`;
    const answer = await fetch(`${api}/users/@me?secret=inAQuery`, { headers: { traceparent } });
    await answer.text();
    status = answer.status;
    await (await fetch(`${api}/${WEBHOOK}`, { method: "POST", body: "{}" })).text();
    await (await fetch(`${await unit.url()}/metrics`)).text();
    const { hostname, port } = new URL(api);
    const conn = await Deno.connect({ hostname, port: Number(port) });
    // Without a host node:http answers by itself.
    await conn.write(new TextEncoder().encode(`GET /api/${WEBHOOK} HTTP/1.1\r\n\r\n`));
    await conn.read(new Uint8Array(100));
    conn.close();
    await until(settled, 20_000, () => "too little was told");
  } finally {
    await unit.end("SIGTERM");
    await discord.close();
    await Deno.remove(folder, { recursive: true });
  }
  return { unit, status };
}

Deno.test("a unit tells of REST requests by route, of events by type, and of no token, id or query", async () => {
  await using collector = openCollector();
  const { spans, metrics } = collector;
  const rest = () => spans.filter((span) => "http.route" in span.attributes);
  const events = () => spans.filter((span) => span.name.startsWith("deliver "));
  const { status, unit } = await run(
    {
      OTEL_DENO: "true",
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_BSP_SCHEDULE_DELAY: "200",
      OTEL_METRIC_EXPORT_INTERVAL: "500",
    },
    () => events().length > 0 && rest().length >= 3 && metrics.has("gatehouse_shards"),
  );
  const of = (name: string) => rest().find((span) => span.name === name);
  const asked = rest().find((span) => span.traceId === TRACE)!;
  assert.equal(asked.name, "GET /users/@me");
  assert.equal(asked.parentSpanId, CALLER, "it is below who asked");
  assert.equal(asked.attributes["http.response.status_code"], status);
  assert.ok(asked.tookMs > 0 && asked.tookMs < 10_000);
  assert.equal(of("POST /webhooks/:id/:token")!.attributes["http.route"], "/webhooks/:id/:token");
  const names = new Set(events().map(({ name }) => name));
  assert.ok(names.has("deliver GUILD_CREATE") || names.has("deliver READY"), [...names].join());
  const traces = unit.lines.filter(({ message }) => message === "traced")
    .map(({ fields }) => String(fields.traceparent).split("-")[1]);
  const shared = events().filter(({ traceId }) => traces.includes(traceId));
  assert.ok(shared.length > 0, "the bot knows the trace of what it got");
  for (const { tookMs } of events()) assert.ok(tookMs >= 0 && tookMs < 60_000);
  assert.ok(metrics.has("gatehouse_events_received_total") && metrics.has("gatehouse_ready"));
  assert.deepEqual(
    spans.filter(({ scope }) => scope !== "gatehouse"),
    [],
    "Deno's own are kept back",
  );
  assert.doesNotMatch(collector.all(), /aVerySecretToken|123456789012345678|inAQuery/);
});

Deno.test("a unit tells nobody anything where OpenTelemetry is off", async () => {
  await using collector = openCollector();
  const { unit } = await run({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url }, () => true);
  assert.equal(collector.all(), "");
  assert.equal(unit.errors(), "");
});

import assert from "node:assert/strict";
import { openTelemetry, type SpanRecord } from "../../../ports/telemetry/telemetry.ts";
import { providedTelemetry } from "../../support/provided_telemetry.ts";

const SPAN: SpanRecord = {
  name: "GET /users/@me",
  kind: "server",
  startedMs: 1_000,
  endedMs: 1_250,
  attributes: { "http.route": "/users/@me" },
};

Deno.test("openTelemetry() is nothing where Deno's is off, as it is in tests", () => {
  assert.equal(openTelemetry(), null);
});

Deno.test("openTelemetry() hides no other failure", () => {
  const { provided } = providedTelemetry();
  const getTracer = () => {
    throw new TypeError("no");
  };
  assert.throws(() => openTelemetry({ ...provided, tracerProvider: { getTracer } }), TypeError);
});

Deno.test("Telemetry.span() tells of what is over, in nobody's trace or in that of who caused it", () => {
  const { provided, spans } = providedTelemetry();
  const { span } = openTelemetry(provided)!;
  span(SPAN);
  const parent = { traceId: "a".repeat(32), spanId: "b".repeat(16) };
  span({ ...SPAN, parent: { ...parent, isSampled: true }, kind: "internal", error: "502" });
  span({ ...SPAN, parent: { ...parent, isSampled: false } });
  assert.equal(spans.length, 2, "what its caller does not record is not");
  const [first, second] = spans;
  assert.deepEqual(first!.options, {
    kind: 1,
    startTime: 1_000,
    attributes: SPAN.attributes,
    root: true,
  });
  assert.deepEqual([first!.endedMs, first!.parent, first!.status], [1_250, undefined, undefined]);
  assert.deepEqual(
    (second!.parent as { spanContext(): unknown }).spanContext(),
    { ...parent, traceFlags: 1, isRemote: true },
  );
  assert.deepEqual([second!.options.kind, second!.status], [0, { code: 2, message: "502" }]);
});

Deno.test("Telemetry.observe() asks for all metrics each time, until it is ended", () => {
  const { provided, collect } = providedTelemetry();
  const metrics = [
    { name: "x_total", type: "counter", help: "X." },
    { name: "y", type: "gauge", help: "Y." },
  ] as const;
  let value = 1;
  const end = openTelemetry(provided)!.observe(metrics, () => [
    [metrics[0], [{ value: value++, attributes: { a: 1 } }]] as const,
    [metrics[1], []] as const,
  ]);
  const counter = { type: "counter", name: "x_total" };
  assert.deepEqual(collect(), [[counter, 1, { a: 1 }]]);
  assert.deepEqual(collect(), [[counter, 2, { a: 1 }]]);
  end();
  assert.deepEqual(collect(), []);
});

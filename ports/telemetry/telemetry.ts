/**
 * OpenTelemetry as Deno has it built in: it is on where `OTEL_DENO` is set, and goes to where the other `OTEL_…`
 * variables say. See [Deno's OpenTelemetry](https://docs.deno.com/runtime/fundamentals/open_telemetry/).
 *
 * @module
 */

import type { TraceParent } from "./trace_context.ts";

/** What an attribute of a span, or a label of a metric, may be. */
export type Attributes = Readonly<Record<string, string | number | boolean>>;

/** Something that is over, and took a while. */
export interface SpanRecord {
  readonly name: string;
  /** `server`: somebody asked us. `internal`: we did it by ourselves. */
  readonly kind: "server" | "internal";
  /** By the computer's clock, ms since the Unix epoch: others who tell of the same trace go by theirs. */
  readonly startedMs: number;
  readonly endedMs: number;
  readonly attributes: Attributes;
  /** Who caused it; default: nobody. */
  readonly parent?: TraceParent | null;
  /** Why it failed; default: it did not. */
  readonly error?: string;
}

/** Tells of what is over. Never throws; whether it is kept the sampler decides (`OTEL_TRACES_SAMPLER`). */
export type TellSpan = (span: SpanRecord) => void;

/** A number of a metric, and what it is of. */
export interface Measured {
  readonly value: number;
  readonly attributes: Attributes;
}

/** A metric that is asked for when it is to be sent. */
export interface MeasuredMetric {
  readonly name: string;
  readonly type: "counter" | "gauge";
  readonly help: string;
}

/** OpenTelemetry, where it is on. */
export interface Telemetry {
  readonly span: TellSpan;
  /** Asks for all `metrics` each time that they are sent; gives what ends that. */
  observe<Metric extends MeasuredMetric>(
    metrics: readonly Metric[],
    measure: () => Iterable<readonly [Metric, readonly Measured[]]>,
  ): () => void;
}

/** What our spans and metrics are told under. */
const SCOPE = "gatehouse";
const KINDS = { internal: 0, server: 1 } as const;
const ERROR = 2;
/** Where OpenTelemetry's packages keep the span of a context. */
const SPAN_KEY = "OpenTelemetry Context Key SPAN";

/** OpenTelemetry; `null` where it is off: then Deno's throws, or records nothing. */
export function openTelemetry(provided: Provided = Deno.telemetry): Telemetry | null {
  try {
    const tracer = provided.tracerProvider.getTracer(SCOPE);
    const meter = provided.meterProvider.getMeter(SCOPE);
    // One that never ends is never sent: a question only. With OTEL_DENO_TRACING=false it records all the same.
    tracer.startSpan("");
    return { span: (span) => tell(tracer, span), observe: (...asked) => observe(meter, ...asked) };
  } catch (error) {
    if (error instanceof Error && /not initialized/.test(error.message)) return null;
    throw error;
  }
}

function tell(tracer: Tracer, span: SpanRecord): void {
  const { name, kind, startedMs, endedMs, attributes, parent = null, error } = span;
  if (parent?.isSampled === false) return;
  const options = { kind: KINDS[kind], startTime: startedMs, attributes };
  const made = parent === null
    ? tracer.startSpan(name, { ...options, root: true })
    : tracer.startSpan(name, options, contextOf(parent));
  if (error !== undefined) made.setStatus({ code: ERROR, message: error });
  made.end(endedMs);
}

function observe<Metric extends MeasuredMetric>(
  meter: Meter,
  metrics: readonly Metric[],
  measure: () => Iterable<readonly [Metric, readonly Measured[]]>,
): () => void {
  const instruments = new Map(metrics.map((metric) => [metric, instrumentOf(meter, metric)]));
  const all = [...instruments.values()];
  const callback = (result: ObservableResult) => {
    for (const [metric, samples] of measure()) {
      for (const { value, attributes } of samples) {
        result.observe(instruments.get(metric)!, value, attributes);
      }
    }
  };
  meter.addBatchObservableCallback(callback, all);
  return () => meter.removeBatchObservableCallback(callback, all);
}

function instrumentOf(meter: Meter, { name, type, help }: MeasuredMetric): object {
  const options = { description: help };
  return type === "counter"
    ? meter.createObservableCounter(name, options)
    : meter.createObservableGauge(name, options);
}

/** A context in which somebody else's span is. */
function contextOf({ traceId, spanId }: TraceParent): Context {
  const context = { traceId, spanId, traceFlags: 1, isRemote: true };
  const span = { spanContext: () => context };
  return { getValue: ({ description }) => description === SPAN_KEY ? span : undefined };
}

/** What is used of the interfaces that Deno gives no types for. */
export interface Provided {
  readonly tracerProvider: { getTracer(name: string): Tracer };
  readonly meterProvider: { getMeter(name: string): Meter };
}

interface Context {
  getValue(key: symbol): unknown;
}

interface Tracer {
  startSpan(name: string, options?: object, context?: Context): {
    setStatus(status: { code: number; message: string }): void;
    end(timeMs: number): void;
  };
}

interface ObservableResult {
  observe(instrument: object, value: number, attributes: Attributes): void;
}

interface Meter {
  createObservableCounter(name: string, options: object): object;
  createObservableGauge(name: string, options: object): object;
  addBatchObservableCallback(callback: (result: ObservableResult) => void, of: object[]): void;
  removeBatchObservableCallback(callback: (result: ObservableResult) => void, of: object[]): void;
}

/**
 * What Deno provides for OpenTelemetry, which keeps what it is told. Not a test.
 *
 * @module
 */

import type { Provided } from "../../ports/telemetry/telemetry.ts";

/** A span that has ended, as it was told. */
export interface ToldSpan {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly parent: unknown;
  status?: unknown;
  endedMs?: number;
}

/** It, what it was told, and what asks for its metrics. */
export function providedTelemetry() {
  const spans: ToldSpan[] = [];
  type Callback = Parameters<
    ReturnType<Provided["meterProvider"]["getMeter"]>["addBatchObservableCallback"]
  >[0];
  const callbacks = new Set<Callback>();
  const instrument = (type: string) => (name: string) => ({ type, name });
  const provided: Provided = {
    tracerProvider: {
      getTracer: () => ({
        startSpan(name, options = {}, context) {
          const span: ToldSpan = {
            name,
            options: { ...options },
            parent: context?.getValue(Symbol("OpenTelemetry Context Key SPAN")),
          };
          return {
            setStatus: (status) => void (span.status = status),
            end: (endedMs) => void spans.push(Object.assign(span, { endedMs })),
          };
        },
      }),
    },
    meterProvider: {
      getMeter: () => ({
        createObservableCounter: instrument("counter"),
        createObservableGauge: instrument("gauge"),
        addBatchObservableCallback: (callback) => void callbacks.add(callback),
        removeBatchObservableCallback: (callback) => void callbacks.delete(callback),
      }),
    },
  };
  return {
    provided,
    spans,
    /** What is observed now. */
    collect(): [instrument: object, value: number, attributes: unknown][] {
      const seen: [object, number, unknown][] = [];
      for (const callback of callbacks) callback({ observe: (...one) => void seen.push(one) });
      return seen;
    },
  };
}

/**
 * What OpenTelemetry is told of a request: its route, never its ids, its tokens or what is in it.
 *
 * @module
 */

import type { SpanRecord } from "../ports/telemetry/telemetry.ts";
import { readTraceParent } from "../ports/telemetry/trace_context.ts";
import type { Delivered } from "./delivery.ts";

/** A request that is over. */
export interface FinishedRequest {
  readonly delivered: Pick<Delivered, "result" | "scope" | "tries" | "queueMs" | "upstreamMs"> & {
    readonly parcel: Pick<Delivered["parcel"], "route" | "lane">;
  };
  /** Its `traceparent`. */
  readonly traceParent: string | null;
  /** How long it took, up to the head of its answer. */
  readonly tookMs: number;
  /** By the computer's clock, ms since the Unix epoch. */
  readonly endedMs: number;
}

/**
 * Its span, by the
 * [names of OpenTelemetry](https://opentelemetry.io/docs/specs/semconv/http/http-spans/).
 */
export function restSpan(
  { delivered, traceParent, tookMs, endedMs }: FinishedRequest,
): SpanRecord {
  const { parcel: { route, lane }, result, scope, tries, queueMs, upstreamMs } = delivered;
  const isAnswered = result instanceof Response;
  return {
    name: `${route.method} ${route.template}`,
    kind: "server",
    startedMs: endedMs - tookMs,
    endedMs,
    parent: readTraceParent(traceParent),
    attributes: {
      "http.request.method": route.method,
      "http.route": route.template,
      "http.response.status_code": result.status,
      "gatehouse.rest.answered_by": isAnswered ? "discord" : "proxy",
      "gatehouse.rest.lane": lane,
      "gatehouse.rest.tries": tries,
      "gatehouse.rest.queue_ms": queueMs,
      ...upstreamMs !== null && { "gatehouse.rest.upstream_ms": upstreamMs },
      ...scope !== "" && { "gatehouse.rest.scope": scope },
    },
    ...result.status >= 500 && { error: `${result.status}` },
  };
}

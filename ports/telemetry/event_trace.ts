/**
 * The trace of an event, which everybody who has it works out: so it takes no room beside the event, and a bot and its
 * unit tell of the same one without having spoken of it.
 *
 * @module
 */

import { createHash } from "node:crypto";
import type { TraceParent } from "./trace_context.ts";

/** An event, by what makes it one. */
export interface TracedEvent {
  /** Name of the numbering that cursors belong to. */
  readonly stream: string;
  readonly totalShards: number;
  readonly shardId: number;
  readonly cursor: number;
}

const TRACE_DIGITS = 32;
const SPAN_DIGITS = 16;

/** The trace that an event is in: of the SHA-256 of `stream/totalShards/shardId/cursor` the first bytes. */
export function eventTrace({ stream, totalShards, shardId, cursor }: TracedEvent): TraceParent {
  const hash = createHash("sha256").update(`${stream}/${totalShards}/${shardId}/${cursor}`)
    .digest("hex");
  return {
    traceId: hash.slice(0, TRACE_DIGITS),
    spanId: hash.slice(TRACE_DIGITS, TRACE_DIGITS + SPAN_DIGITS),
    isSampled: true,
  };
}

/**
 * The same as a `traceparent` header.
 *
 * @example
 * ```ts
 * import { eventTraceParent } from "./event_trace.ts";
 * const event = { stream: "b075df27899acf13", totalShards: 2, shardId: 1, cursor: 42 };
 * console.assert(eventTraceParent(event) === eventTraceParent({ ...event }));
 * ```
 */
export function eventTraceParent(event: TracedEvent): string {
  const { traceId, spanId } = eventTrace(event);
  return `00-${traceId}-${spanId}-01`;
}
